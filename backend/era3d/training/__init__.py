# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training of era3d-mini: a corpus of meshes, its renders, the loop, and the measurements."""
