# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to run jobs for somebody else; none of them knows what a stage does."""
