# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A COLMAP model of photographs of the result: exact poses, masks, points of the surface.

COLMAP knows no orthographic camera: the photographs are perspective ones, the six views stay out.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from era3d.exports.extras import need
from era3d.exports.ring import Photograph, photographs, points_of, ring_lenses
from era3d.lens import Lens
from era3d.progress import Progress, ignore
from era3d.splats.surface import SurfacePoints
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh


def export_colmap(
    mesh: TexturedMesh | ColoredMesh,
    folder: Path,
    progress: Progress = ignore,
    lenses: list[Lens] | None = None,
) -> None:
    """Write ``images``, ``masks`` and the binary model ``sparse/0`` into a folder.

    Raises
    ------
    InputError
        If pycolmap is not installed.
    """
    pycolmap = need("pycolmap", "colmap", "A COLMAP model")
    points, taken = points_of(mesh), []
    for photograph in photographs(mesh, points, lenses or ring_lenses(), progress):
        save_photograph(folder, photograph)
        taken.append(photograph)
    model = folder / "sparse" / "0"
    model.mkdir(parents=True, exist_ok=True)
    _reconstruction(pycolmap, taken, points).write(model)


def save_photograph(folder: Path, photograph: Photograph) -> None:
    """Write a picture on white as ``images/NAME``, and its mask as ``masks/NAME.png``."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    picture = photograph.picture.astype(np.float32)
    alpha = picture[..., 3:] / 255
    on_white = np.round(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    name = photograph.lens.name
    Image.fromarray(on_white).save(folder / "images" / name)
    Image.fromarray(photograph.picture[..., 3]).save(folder / "masks" / f"{name}.png")


def _reconstruction(pycolmap: Any, taken: list[Photograph], points: SurfacePoints) -> Any:
    model = pycolmap.Reconstruction()
    lens = taken[0].lens
    camera = pycolmap.Camera(
        model="PINHOLE",
        width=lens.width,
        height=lens.height,
        params=[lens.fx, lens.fy, lens.cx, lens.cy],
        camera_id=1,
    )
    model.add_camera_with_trivial_rig(camera)
    tracks: list[list[tuple[int, int]]] = [[] for _ in points.positions]
    for number, photograph in enumerate(taken, start=1):
        image = pycolmap.Image(
            name=photograph.lens.name, keypoints=photograph.pixel, camera_id=1, image_id=number
        )
        pose = pycolmap.Rigid3d(photograph.lens.world_to_camera[:3])
        model.add_image_with_trivial_frame(image, pose)
        for place, index in enumerate(photograph.seen):
            tracks[index].append((number, place))
    colors = np.round(points.colors * 255).astype(np.uint8)
    for position, color, track in zip(points.positions, colors, tracks, strict=True):
        if len(track) > 1:
            elements = [pycolmap.TrackElement(*element) for element in track]
            model.add_point3D(position.astype(np.float64), pycolmap.Track(elements), color)
    model.update_point_3d_errors()
    return model
