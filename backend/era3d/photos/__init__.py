# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the cameras of photographs stood, told by the mesh that was made of one of them."""
