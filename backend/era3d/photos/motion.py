# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras of several photographs by COLMAP's structure from motion, in the frame of the mesh.

It begins with drawings of the mesh from known places, which stay there: the photographs join them
one by one, by what they share with the drawings and with those that have joined before.
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
_ERRORS = 2  # of COLMAP's log; the rest is not for users

_SEEN_BY = 3  # pictures: two alone may put a point anywhere along a line
_NO_PLACE = (
    "No place about the mesh was found for any of these photographs: {}. Take photographs of the "
    "same object, evenly lit, about 20 degrees apart, or make the texture larger."
)


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
        Names of the photographs that share too little with the others and with the mesh.
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
        If pycolmap is not installed, there are too few photographs, one cannot be read, or none
        of them shares enough with the mesh; names them.
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
    model = _map(pycolmap, database, images, workspace / "sparse", lenses)
    progress(4, 4)
    return _found(model, [path.name for path in photos])


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


def _map(pycolmap: Any, database: Path, images: Path, folder: Path, lenses: list[Lens]) -> Any:
    """Return a model of the drawings, which stay where they are, and of the photographs that fit.

    None if the drawings have nothing in common to begin with.
    """
    start, found = folder / "drawings", folder / "all"
    for each in (start, found):
        each.mkdir(parents=True)
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = 0
    # An object before an empty ground shows fewer features than the scenes COLMAP is set up for.
    options.mapper.abs_pose_min_num_inliers = options.min_num_matches
    model = _place_drawings(pycolmap, database, lenses, options.min_num_matches)
    if not model.num_images():
        return None
    model = pycolmap.triangulate_points(model, database, images, start, options=options)
    if not model.num_points3D():
        return None
    model.write(start)
    options.fix_existing_frames, options.multiple_models = True, False
    options.constant_cameras = set(model.cameras)
    return pycolmap.incremental_mapping(database, images, found, options, start).get(0)


def _place_drawings(pycolmap: Any, database: Path, lenses: list[Lens], least: int) -> Any:
    """Return a model of the drawings alone, where they were made from.

    Those that share fewer than ``least`` features with any picture stay out: COLMAP's mapper knows
    nothing of them.
    """
    model = pycolmap.Reconstruction()
    with pycolmap.Database.open(database) as opened:
        shared = zip(*opened.read_two_view_geometry_num_inliers(), strict=True)
        pairs = [pycolmap.pair_id_to_image_pair(pair) for pair, count in shared if count >= least]
        known = {image for pair in pairs for image in pair}
        for lens in lenses:
            image = opened.read_image_with_name(f"{_DRAWINGS}/{lens.name}")
            if image.image_id not in known:
                continue
            if not model.cameras:
                model.add_camera_with_trivial_rig(opened.read_camera(image.camera_id))
            pose = pycolmap.Rigid3d(lens.world_to_camera[:3])
            model.add_image_with_trivial_frame(image, pose)
    return model


def _found(model: Any | None, names: list[str]) -> Reconstructed:
    found = {
        Path(image.name).name: _lens(model, image)
        for image in (model.images.values() if model is not None else ())
        if image.name.startswith(f"{_PHOTOS}/") and image.has_pose
    }
    if model is None or not found:
        raise InputError(_NO_PLACE.format(", ".join(names)))
    points = [each for each in model.points3D.values() if each.track.length() >= _SEEN_BY]
    return Reconstructed(
        tuple(found[name] for name in names if name in found),
        np.array([point.xyz for point in points], np.float32).reshape(-1, 3),
        np.array([point.color for point in points], np.uint8).reshape(-1, 3),
        tuple(name for name in names if name not in found),
    )


def _lens(model: Any, image: Any) -> Lens:
    """The camera of an image; its slight distortion is left out."""
    camera, matrix = model.cameras[image.camera_id], np.eye(4)
    matrix[:3] = image.cam_from_world().matrix()
    inner = camera.calibration_matrix()
    name, width, height = Path(image.name).name, camera.width, camera.height
    return Lens(name, matrix, inner[0, 0], inner[1, 1], inner[0, 2], inner[1, 2], width, height)
