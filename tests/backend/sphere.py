# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six exact views of a sphere, as small as wanted."""

import numpy as np

from era3d.cameras import VIEWS, camera_axes, normals_to_maps
from era3d.views import Views

RADIUS = 0.35


def sphere_views(size: int = 64, radius: float = RADIUS) -> Views:
    """Views of a sphere about the origin, each side in a colour of its own."""
    centre = (np.arange(size) + 0.5) / size - 0.5
    across, up = np.meshgrid(centre, -centre)
    toward = np.sqrt(np.maximum(radius**2 - across**2 - up**2, 0))
    edge = (radius - np.hypot(across, up)) * size + 0.5
    alpha = np.round(edge.clip(0, 1) * 255).astype(np.uint8)
    color = np.zeros((6, size, size, 4), np.uint8)
    normal = np.zeros_like(color)
    for index, view in enumerate(VIEWS):
        in_camera = (
            np.stack([across, up, toward], -1) / np.hypot(np.hypot(across, up), toward)[..., None]
        )
        maps = normals_to_maps(in_camera @ camera_axes(view))
        normal[index] = np.dstack([np.round((maps + 1) * 127.5).astype(np.uint8), alpha])
        color[index, ..., :3] = 40 + 35 * index, 200 - 30 * index, 120
        color[index, ..., 3] = alpha
    return Views(color, normal)
