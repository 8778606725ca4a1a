# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder to data-blocks. Loaded when first needed: registering stays quick without it."""
