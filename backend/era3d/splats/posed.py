# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs with known cameras, of COLMAP or of a transforms.json, and splats fitted to them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from scipy.spatial import cKDTree

from era3d.errors import InputError
from era3d.exports.extras import need
from era3d.files import read_object
from era3d.lens import Lens, world_to_opencv
from era3d.progress import Progress, ignore
from era3d.splats.cloud import Gaussians, harmonics_of
from era3d.splats.fit import FitSettings, fit
from era3d.splats.targets import Target

_PINHOLES = ("PINHOLE", "SIMPLE_PINHOLE")
_UNDISTORT = "undistort the photographs first (colmap image_undistorter)"
_OPACITY = 0.5


class PosedScene(NamedTuple):
    """Photographs to fit to, and points to begin with.

    Attributes
    ----------
    targets : list of Target
    points : (n, 3) float64
    colors : (n, 3) float64
        sRGB, 0..1.
    """

    targets: list[Target]
    points: NDArray[np.float64]
    colors: NDArray[np.float64]


def read_posed(images: Path, cameras: Path, size: int) -> PosedScene:
    """Read photographs, their cameras, and points of what they show.

    Parameters
    ----------
    images : path
        Folder of the photographs. Their alpha, or a picture ``NAME.png`` in the folder ``masks``
        beside it, tells the object from what is behind.
    cameras : path
        Folder with a COLMAP model (here or in ``sparse/0``), or a ``transforms.json``.
    size : int
        Pixels of the longer side that the photographs are reduced to.

    Raises
    ------
    InputError
        If there is no model, a photograph is missing, or a camera is of a kind that is not known
        here; names it.
    """
    if cameras.is_file():
        lenses, points, colors = _read_transforms(cameras)
    else:
        lenses, points, colors = _read_colmap(cameras)
    if not lenses:
        raise InputError(f"{cameras} holds no cameras.")
    if len(points) < 4:
        raise InputError(f"{cameras} holds no points to begin with; export the sparse points too.")
    if not np.isfinite(points).all():
        raise InputError(f"{cameras} holds points whose place is no number; export them again.")
    for lens in lenses:
        if not min(lens.fx, lens.fy, lens.width, lens.height) > 0:
            raise InputError(f"{cameras}: {lens.name} has a focal length or size of nothing.")
    targets = [_target(images, lens, size) for lens in lenses]
    return PosedScene(targets, points, colors)


def fit_posed(
    scene: PosedScene,
    count: int,
    steps: int,
    seed: int = 0,
    progress: Progress = ignore,
    device: str = "cpu",
) -> Gaussians:
    """Fit Gaussians that begin at the points of a scene, with nothing else to hold them."""
    start = _start(scene, count, np.random.default_rng(seed))
    settings = FitSettings(steps=steps, seed=seed, prior=0.0)
    return fit(start, scene.targets, settings, progress, torch.device(device))


def _start(scene: PosedScene, count: int, rng: np.random.Generator) -> Gaussians:
    """Round Gaussians at points, or between points and their neighbours where more are wanted."""
    chosen = rng.permutation(len(scene.points))[:count]
    tree = cKDTree(scene.points)
    parent = rng.integers(len(scene.points), size=max(0, count - len(chosen)))
    _, near = tree.query(scene.points[parent], min(4, len(scene.points)))
    other = near[np.arange(len(parent)), rng.integers(1, near.shape[1], size=len(parent))]
    share = rng.random((len(parent), 1))
    between = scene.points[parent] * share + scene.points[other] * (1 - share)
    means = np.concatenate([scene.points[chosen], between])
    colors = scene.colors[parent] * share + scene.colors[other] * (1 - share)
    colors = np.concatenate([scene.colors[chosen], colors])
    apart, _ = cKDTree(means).query(means, min(4, len(means)))
    scale = np.log(np.maximum(apart[:, 1:].mean(axis=1), 1e-7))
    return Gaussians(
        means.astype(np.float32),
        np.tile(np.array([[1, 0, 0, 0]], np.float32), (len(means), 1)),
        np.repeat(scale[:, None], 3, axis=1).astype(np.float32),
        np.full(len(means), np.log(_OPACITY / (1 - _OPACITY)), np.float32),
        harmonics_of(colors),
    )


def _read_transforms(path: Path) -> tuple[list[Lens], NDArray[np.float64], NDArray[np.float64]]:
    told = read_object(path)
    frames = told.get("frames")
    if not isinstance(frames, list) or not frames:
        raise InputError(f"{path} has no frames.")
    try:
        lenses = [_lens_of_frame(path, told | frame) for frame in frames]
    except (KeyError, TypeError, ValueError, np.linalg.LinAlgError) as error:
        raise InputError(f"{path} has a frame that cannot be used: {error!r}.") from None
    cloud = told.get("ply_file_path")
    if not cloud:
        return lenses, np.zeros((0, 3)), np.zeros((0, 3))
    return lenses, *_read_points(path.parent / str(cloud))


def _lens_of_frame(path: Path, frame: Mapping[str, Any]) -> Lens:
    if any(frame.get(name) for name in ("k1", "k2", "k3", "k4", "p1", "p2")):
        raise InputError(f"{path}: {frame['file_path']} is distorted; {_UNDISTORT}.")
    width, height = int(frame["w"]), int(frame["h"])
    fx = float(frame["fl_x"]) if "fl_x" in frame else _focal(frame["camera_angle_x"], width)
    pose = np.array(frame["transform_matrix"], float)
    _check_pose(path, frame["file_path"], pose)
    centre = float(frame.get("cx", width / 2)), float(frame.get("cy", height / 2))
    name = Path(str(frame["file_path"])).name
    fy = float(frame.get("fl_y", fx))
    return Lens(name, world_to_opencv(pose), fx, fy, *centre, width, height)


def _check_pose(path: Path, name: str, matrix: NDArray[np.float64]) -> None:
    known = matrix.shape == (4, 4) and np.isfinite(matrix).all()
    turn = matrix[:3, :3] if known else np.zeros((3, 3))
    if not (np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0):
        raise InputError(f"{path}: the pose of {name} is no rotation and place.")


def _focal(angle: float, width: int) -> float:
    return float(width / 2 / np.tan(float(angle) / 2))


def _read_colmap(folder: Path) -> tuple[list[Lens], NDArray[np.float64], NDArray[np.float64]]:
    pycolmap = need("pycolmap", "colmap", "A COLMAP model")
    places = [place for place in (folder, folder / "sparse" / "0", folder / "0") if _model(place)]
    if not places:
        raise InputError(f"{folder} holds no COLMAP model (cameras, images and points3D).")
    try:
        model = pycolmap.Reconstruction(places[0])
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{places[0]} cannot be read as a COLMAP model: {error}.") from None
    lenses = list(_lenses_of_model(places[0], model))
    points = list(model.points3D.values())
    colors = np.array([point.color for point in points], float).reshape(-1, 3) / 255
    return lenses, np.array([point.xyz for point in points]).reshape(-1, 3), colors


def _model(folder: Path) -> bool:
    return any(
        all((folder / f"{name}.{ending}").is_file() for name in ("cameras", "images", "points3D"))
        for ending in ("bin", "txt")
    )


def _lenses_of_model(folder: Path, model: Any) -> Iterator[Lens]:
    for image in sorted(model.images.values(), key=lambda image: image.name):
        camera = model.cameras[image.camera_id]
        if camera.model_name not in _PINHOLES:
            raise InputError(
                f"{folder}: {image.name} has a camera {camera.model_name}; {_UNDISTORT}."
            )
        matrix, pose = np.eye(4), image.cam_from_world()
        matrix[:3] = pose.matrix()
        # The matrix of a quaternion of length zero is the identity.
        matrix[:3, :3] *= pose.rotation.norm()
        _check_pose(folder, image.name, matrix)
        inner = camera.calibration_matrix()
        focal, centre = (inner[0, 0], inner[1, 1]), (inner[0, 2], inner[1, 2])
        yield Lens(image.name, matrix, *focal, *centre, camera.width, camera.height)


def _read_points(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from plyfile import PlyData, PlyParseError

    try:
        rows = PlyData.read(str(path))["vertex"].data
        points = np.stack([rows[name] for name in "xyz"], 1).astype(float)
        names = [name for name in ("red", "green", "blue") if name in rows.dtype.names]
        colors = np.stack([rows[name] for name in names], 1) / 255 if len(names) == 3 else None
    except (OSError, KeyError, ValueError, PlyParseError) as error:
        raise InputError(f"{path} cannot be read as points: {error}.") from None
    return points, np.full_like(points, 0.5) if colors is None else colors


def _target(folder: Path, lens: Lens, size: int) -> Target:
    path = folder / lens.name
    try:
        with Image.open(path) as opened:
            cut_out = "A" in opened.getbands()
            picture = np.asarray(opened.convert("RGBA"), np.float32) / 255
    except FileNotFoundError:
        raise InputError(f"{path} is missing; its camera is in the model.") from None
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    height, width = picture.shape[:2]
    mask = folder.parent / "masks" / f"{lens.name}.png"
    alpha = picture[..., 3] if cut_out else None
    if alpha is None and mask.is_file():
        with Image.open(mask) as opened:
            alpha = np.asarray(opened.convert("L").resize((width, height)), np.float32) / 255
    color = picture[..., :3] if alpha is None else picture[..., :3] * alpha[..., None]
    parts = torch.tensor(color), None if alpha is None else torch.tensor(alpha)
    target = Target(lens.resized(width, height), *parts)
    return target.resized(min(1.0, size / max(width, height)))
