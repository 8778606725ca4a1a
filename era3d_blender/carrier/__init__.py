# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The carrier: a worker that lets a server do the work; run as a folder, standard library only."""
