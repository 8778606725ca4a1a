# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``transforms.json`` as nerfstudio and its kin read it: photographs of the result, with poses."""

from pathlib import Path
from typing import Any

import numpy as np

from era3d.cameras import describe_views
from era3d.exports.colmap import save_photograph
from era3d.exports.points import write_points
from era3d.exports.ring import photographs, points_of, ring_lenses
from era3d.files import write_object
from era3d.lens import Lens
from era3d.progress import Progress, ignore
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh


def export_transforms(
    mesh: TexturedMesh | ColoredMesh,
    folder: Path,
    progress: Progress = ignore,
    lenses: list[Lens] | None = None,
) -> None:
    """Write ``images``, ``masks``, ``points.ply`` and ``transforms.json`` into a folder.

    The six orthographic cameras stand apart in ``orthographic_frames``, where readers that know
    only perspective do not look.
    """
    points, lenses = points_of(mesh), lenses or ring_lenses()
    for photograph in photographs(mesh, points, lenses, progress):
        save_photograph(folder, photograph)
    colors = np.round(points.colors * 255).astype(np.uint8)
    write_points(folder / "points.ply", points.positions, colors)
    write_object(folder / "transforms.json", _describe(lenses))


def _describe(lenses: list[Lens]) -> dict[str, Any]:
    lens = lenses[0]
    intrinsics = {"fl_x": lens.fx, "fl_y": lens.fy, "cx": lens.cx, "cy": lens.cy}
    return {
        "camera_model": "PINHOLE",
        "w": lens.width,
        "h": lens.height,
        **intrinsics,
        "ply_file_path": "points.ply",
        "frames": [
            {
                "file_path": f"images/{each.name}",
                "mask_path": f"masks/{each.name}.png",
                "transform_matrix": each.matrix_world.tolist(),
            }
            for each in lenses
        ],
        "orthographic_frames": [
            {
                "name": view["name"],
                "ortho_scale": view["ortho_scale"],
                "transform_matrix": view["matrix_world"],
            }
            for view in describe_views()
        ],
    }
