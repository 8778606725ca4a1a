# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``transforms.json`` as nerfstudio and its kin read it: photographs of the result, with poses."""

from pathlib import Path
from typing import Any

import numpy as np

from era3d.cameras import describe_views
from era3d.exports.colmap import save_photograph
from era3d.exports.ring import photographs, points_of, ring_lenses
from era3d.files import write_object
from era3d.lens import Lens
from era3d.progress import Progress, ignore
from era3d.splats.surface import SurfacePoints
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

_POINT = [(name, "<f4") for name in "xyz"] + [(name, "u1") for name in ("red", "green", "blue")]


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
    _write_points(folder / "points.ply", points)
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


def _write_points(path: Path, points: SurfacePoints) -> None:
    from plyfile import PlyData, PlyElement

    rows = np.empty(len(points.positions), _POINT)
    colors = np.round(points.colors * 255).astype(np.uint8)
    for axis, (position, color) in enumerate(zip("xyz", ("red", "green", "blue"), strict=True)):
        rows[position], rows[color] = points.positions[:, axis], colors[:, axis]
    PlyData([PlyElement.describe(rows, "vertex")]).write(str(path))
