# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer: run as a folder by a Python of its own; Blender reads only `plan`."""
