# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The photo's camera, refined until the mesh lies over the photo; kept only if it fits better."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from era3d.drawing import Drawing, draw
from era3d.exports.extras import need
from era3d.lens import Lens
from era3d.photos.matching import Matches, match
from era3d.photos.outline import align, depth_inside
from era3d.progress import Progress, ignore
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

LARGEST = 768
"""Pixels of the photo's longer side that features are sought in."""
_ROUNDS = 3
_FOCALS = (1.0, 0.7, 1.4)  # times the estimate: where the search begins
_LEAST_MATCHES = 12
_NEAR = 4.0  # pixels: matches that agree
_FAR = 12.0  # pixels: what is farther off is no match of either camera
_BETTER = 0.9  # of the error before
_OUTLINE_SLACK = 0.01


@dataclass(frozen=True)
class Refined:
    """What came of it.

    Attributes
    ----------
    lens : Lens
        The better one of both cameras.
    accepted : bool
        Whether that is the new one.
    matches : int
        How many points agree on the new one.
    before, after : float
        Mean distance in pixels of the photo between points of the mesh and where it shows them,
        for the camera as it was and the new one; NaN where there are too few.
    """

    lens: Lens
    accepted: bool
    matches: int
    before: float
    after: float


def refine_camera(
    mesh: TexturedMesh | ColoredMesh,
    photo: NDArray[np.uint8],
    start: Lens,
    progress: Progress = ignore,
) -> Refined:
    """Refine pose and focal length of a photo's camera by the features that photo and mesh share.

    The new camera's axis goes through the centre of the photo, as that of an uncropped photo does.

    Parameters
    ----------
    mesh : TexturedMesh or ColoredMesh
    photo : (height, width, 4) uint8
        With the cut-out as alpha.
    start : Lens
        The camera as it was estimated.
    progress : Progress

    Raises
    ------
    InputError
        If pycolmap is not installed.
    """
    pycolmap = need("pycolmap", "colmap", "Refining a camera")
    scale = min(1.0, LARGEST / max(start.width, start.height))
    size = max(1, round(start.width * scale)), max(1, round(start.height * scale))
    photo = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
    first = start.resized(*size)
    drawing = draw(mesh, first, samples=1)
    matches = known = match(photo, drawing)
    lens, agreed = first, 0
    for step in range(_ROUNDS):
        found = _solve(pycolmap, matches, lens, _FOCALS if step == 0 else _FOCALS[:1])
        if found is None:
            break
        lens, agreed = found
        drawn = draw(mesh, lens, samples=1)
        matches = match(photo, drawn)
        known = known.joined(matches)
        progress(step + 1, _ROUNDS)
    if not agreed:
        return Refined(start, False, 0, float("nan"), float("nan"))
    lens, drawn = _aligned(mesh, photo, lens, drawn, known)
    before, after = _errors(known, first, lens)
    outline = _outline(photo, drawn) - _outline(photo, drawing)
    accepted = after < _BETTER * before and outline > -_OUTLINE_SLACK
    chosen = lens.resized(start.width, start.height) if accepted else start
    return Refined(chosen, accepted, agreed, before / scale, after / scale)


def _solve(
    pycolmap: Any, matches: Matches, lens: Lens, focals: tuple[float, ...]
) -> tuple[Lens, int] | None:
    """Return the camera that most matches agree on, of several focal lengths to begin with."""
    if len(matches.pixel) < _LEAST_MATCHES:
        return None
    ransac = pycolmap.AbsolutePoseEstimationOptions()
    ransac.ransac.max_error = _NEAR
    ransac.ransac.random_seed = 0
    least_squares = pycolmap.AbsolutePoseRefinementOptions()
    least_squares.refine_focal_length = True
    best: tuple[Lens, int] | None = None
    for factor in focals:
        centre = lens.width / 2, lens.height / 2
        camera = pycolmap.Camera(
            model="SIMPLE_PINHOLE",
            width=lens.width,
            height=lens.height,
            params=[factor * lens.fx, *centre],
        )
        answer = pycolmap.estimate_and_refine_absolute_pose(
            matches.pixel, matches.point, camera, ransac, least_squares
        )
        if answer is None or answer["num_inliers"] < _LEAST_MATCHES:
            continue
        matrix = np.eye(4)
        matrix[:3] = answer["cam_from_world"].matrix()
        focal = float(camera.params[0])
        if not 0.1 < focal / lens.width < 20 or (best and answer["num_inliers"] <= best[1]):
            continue
        fitted = replace(
            lens, world_to_camera=matrix, fx=focal, fy=focal, cx=centre[0], cy=centre[1]
        )
        best = fitted, int(answer["num_inliers"])
    return best


def _aligned(
    mesh: TexturedMesh | ColoredMesh,
    photo: NDArray[np.uint8],
    lens: Lens,
    drawn: Drawing,
    matches: Matches,
) -> tuple[Lens, Drawing]:
    """Return the camera, or one that fits the photo's outline better, and its drawing."""
    depth = depth_inside(photo)
    if depth is None:
        return lens, drawn
    for _ in range(_ROUNDS):
        off = np.linalg.norm(lens.project(matches.point)[0] - matches.pixel, axis=1)
        near = Matches(matches.pixel[off < _NEAR], matches.point[off < _NEAR])
        moved = align(lens, near, drawn, depth)
        drawn_moved = draw(mesh, moved, samples=1)
        if _outline(photo, drawn_moved) <= _outline(photo, drawn):
            break
        lens, drawn = moved, drawn_moved
    return lens, drawn


def _errors(matches: Matches, *lenses: Lens) -> tuple[float, ...]:
    """Mean error of each camera over the matches that any of them can explain."""
    off = np.stack(
        [np.linalg.norm(each.project(matches.point)[0] - matches.pixel, axis=1) for each in lenses]
    )
    off = off[:, off.min(axis=0) < _FAR].clip(max=2 * _FAR)
    return tuple(float(each) for each in off.mean(axis=1))


def _outline(photo: NDArray[np.uint8], drawing: Drawing) -> float:
    """How far the outlines of photo and mesh are the same: the shared part over both together."""
    mine, yours = photo[..., 3] > 127, drawing.picture[..., 3] > 127
    return float((mine & yours).sum() / max((mine | yours).sum(), 1))
