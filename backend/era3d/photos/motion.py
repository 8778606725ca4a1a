# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of several photographs by COLMAP's structure from motion, in the frame of the mesh.

Drawings of the mesh from known places are reconstructed along with the photographs; what they share
carries the whole model into the mesh's frame.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.drawing import draw
from era3d.errors import InputError
from era3d.exports.extras import need
from era3d.exports.ring import ring_lenses
from era3d.lens import Lens
from era3d.progress import Progress, ignore
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

SIZE = 640
A_RING = 8
_PHOTOS, _DRAWINGS = "photos", "drawings"
_LEAST_DRAWINGS = 3
_ERRORS = 2  # of COLMAP's log; the rest is not for users
_APART = 0.05  # units: how far drawings may end up from where they were made


@dataclass(frozen=True)
class Reconstructed:
    """What structure from motion found, in the world frame.

    Attributes
    ----------
    lenses : tuple of Lens
        Of the photographs that found their place.
    points : (n, 3) float32
    colors : (n, 3) uint8
    left_out : tuple of str
        Names of the photographs that share too little with the others.
    """

    lenses: tuple[Lens, ...]
    points: NDArray[np.float32]
    colors: NDArray[np.uint8]
    left_out: tuple[str, ...]


def reconstruct(
    mesh: TexturedMesh | ColoredMesh,
    photos: Sequence[Path],
    workspace: Path,
    progress: Progress = ignore,
    lenses: list[Lens] | None = None,
) -> Reconstructed:
    """Find the cameras of photographs of the object that a mesh shows.

    Parameters
    ----------
    mesh : TexturedMesh or ColoredMesh
    photos : sequence of path
        At least two, with names of their own.
    workspace : path
        An empty folder for pictures, features and the model.
    progress : Progress
        Called after drawing, features, matching and mapping.
    lenses : list of Lens, optional
        Where drawings are made from; by default three rings about the object.

    Raises
    ------
    InputError
        If pycolmap is not installed, there are too few photographs, one cannot be read, or they
        share too little with each other or with the mesh; names them.
    """
    pycolmap = need("pycolmap", "colmap", "Structure from motion")
    pycolmap.logging.minloglevel = _ERRORS
    if len(photos) < 2:
        raise InputError("Structure from motion needs at least two photographs.")
    lenses = lenses or ring_lenses(SIZE, A_RING)
    images, database = workspace / "images", workspace / "database.db"
    sizes = _copy_photos(photos, images / _PHOTOS)
    _draw_all(mesh, lenses, images / _DRAWINGS)
    progress(1, 4)
    _find_features(pycolmap, database, images, lenses, sizes)
    progress(2, 4)
    pycolmap.match_exhaustive(database)
    progress(3, 4)
    model = _map(pycolmap, database, images, workspace / "sparse")
    progress(4, 4)
    names = [path.name for path in photos]
    if model is None:
        raise InputError(_too_little(names))
    return _in_world(pycolmap, model, lenses, names)


def _copy_photos(photos: Sequence[Path], folder: Path) -> set[tuple[int, int]]:
    """Copy the files as they are, for COLMAP reads their EXIF; return their sizes."""
    folder.mkdir(parents=True)
    sizes = set()
    for path in photos:
        try:
            with Image.open(path) as picture:
                sizes.add(picture.size)
        except OSError as error:
            raise InputError(f"{path} cannot be read as a picture: {error}.") from None
        shutil.copyfile(path, folder / path.name)
    return sizes


def _draw_all(mesh: TexturedMesh | ColoredMesh, lenses: list[Lens], folder: Path) -> None:
    folder.mkdir(parents=True)
    for lens in lenses:
        picture = draw(mesh, lens).picture.astype(np.float32)
        alpha = picture[..., 3:] / 255
        on_grey = np.round(picture[..., :3] * alpha + 128 * (1 - alpha)).astype(np.uint8)
        Image.fromarray(on_grey).save(folder / lens.name)


def _find_features(
    pycolmap: Any,
    database: Path,
    images: Path,
    lenses: list[Lens],
    sizes: set[tuple[int, int]],
) -> None:
    lens = lenses[0]
    known = pycolmap.ImageReaderOptions()
    known.camera_model = "PINHOLE"
    known.camera_params = f"{lens.fx},{lens.fy},{lens.cx},{lens.cy}"
    pycolmap.extract_features(
        database,
        images,
        [f"{_DRAWINGS}/{each.name}" for each in lenses],
        pycolmap.CameraMode.SINGLE,
        known,
    )
    one = pycolmap.CameraMode.SINGLE if len(sizes) == 1 else pycolmap.CameraMode.AUTO
    names = sorted(f"{_PHOTOS}/{path.name}" for path in (images / _PHOTOS).iterdir())
    pycolmap.extract_features(database, images, names, one)


def _map(pycolmap: Any, database: Path, images: Path, folder: Path) -> Any | None:
    """Return the largest model, if there is any; the drawings' camera stays as it is known."""
    folder.mkdir(parents=True)
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = 0
    options.min_model_size = 3
    # An object before an empty ground shows fewer features than the scenes COLMAP is set up for.
    options.mapper.init_min_num_inliers = 40
    options.mapper.abs_pose_min_num_inliers = 15
    with pycolmap.Database.open(database) as opened:
        drawings = {
            image.camera_id
            for image in opened.read_all_images()
            if image.name.startswith(_DRAWINGS)
        }
    options.constant_cameras = drawings
    models = pycolmap.incremental_mapping(database, images, folder, options)
    return max(models.values(), key=lambda model: model.num_reg_images(), default=None)


def _in_world(pycolmap: Any, model: Any, lenses: list[Lens], names: list[str]) -> Reconstructed:
    places = {f"{_DRAWINGS}/{lens.name}": lens.position for lens in lenses}
    shared = [image.name for image in model.images.values() if image.name in places]
    ransac = pycolmap.RANSACOptions()
    ransac.max_error = _APART
    to_world = None
    if len(shared) >= _LEAST_DRAWINGS:
        to_world = pycolmap.align_reconstruction_to_locations(
            model, shared, np.array([places[name] for name in shared]), _LEAST_DRAWINGS, ransac
        )
    if to_world is None:
        raise InputError(
            "The photographs share too few features with the mesh to be placed about it; take "
            "photographs of the same object, evenly lit, or make the texture larger."
        )
    model.transform(to_world)
    found = {
        Path(image.name).name: _lens(model, image)
        for image in model.images.values()
        if image.name.startswith(f"{_PHOTOS}/")
    }
    left_out = tuple(name for name in names if name not in found)
    if not found:
        raise InputError(_too_little(left_out))
    points = list(model.points3D.values())
    return Reconstructed(
        tuple(found[name] for name in names if name in found),
        np.array([point.xyz for point in points], np.float32),
        np.array([point.color for point in points], np.uint8),
        left_out,
    )


def _lens(model: Any, image: Any) -> Lens:
    """The camera of an image; its slight distortion is left out."""
    camera, matrix = model.cameras[image.camera_id], np.eye(4)
    matrix[:3] = image.cam_from_world().matrix()
    inner = camera.calibration_matrix()
    name, width, height = Path(image.name).name, camera.width, camera.height
    return Lens(name, matrix, inner[0, 0], inner[1, 1], inner[0, 2], inner[1, 2], width, height)


def _too_little(names: Sequence[str]) -> str:
    return (
        f"These photographs share too little with the others: {', '.join(names)}. Take more of "
        "them, about 20 degrees apart, so that each shows much of what the next one shows."
    )
