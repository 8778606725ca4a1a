# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that cannot be right are found, named, and left out: better five views than a wrong one."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from era3d.cameras import VIEWS
from era3d.errors import InputError, ViewWarning
from era3d.mesh.grid import Grid
from era3d.mesh.hull import hull_volume
from era3d.mesh.observations import FEWEST_VIEWS, Observations, observe, shows_object
from era3d.views import Views

_SIZE = 64
_MOST_WRONG = 3
# Share of a view's normals that face its camera.
_LEAST_FACING = 0.75
# Of the pixels near the outline: how far inside it they are, pixels.
_RIM = (-3.0, -0.5)
_LEAST_RIM_EVIDENCE, _WRONG_WAY = 0.05, -0.3
# Shares of a silhouette that the hull of the other views does not cover.
_LEAST_GAIN, _MUCH_BETTER = 0.06, 0.4
# In pixels: outlines of sound views differ as well.
_SLACK = 1.0
# Axes of the picture that are turned over, and how to call that.
_FLIPS = {(2,): "mirrored left to right", (1,): "upside down", (1, 2): "turned by 180 degrees"}


def weights_of_sound_views(views: Views, weights: Sequence[float]) -> tuple[float, ...]:
    """Weights of the views, with 0 for those that are empty or that cannot be right.

    Three things tell: normals that face away from the view's camera; normals at the outline that
    point inwards, because the picture is turned or mirrored under them; and a silhouette that the
    other views' hull covers only if it is turned or mirrored.

    Warns
    -----
    ViewWarning
        For each of these views, and for those whose object touches the border.

    Raises
    ------
    InputError
        If so many are wrong that nobody knows which are right, or fewer than `FEWEST_VIEWS` remain.
    """
    kept = [w if shows_object(views, k) else 0.0 for k, w in enumerate(weights)]
    for name in _changed(weights, kept):
        _warn(f"The view {name} shows no object; the mesh is made without it.")
    obs = observe(views, kept, _SIZE)
    for name in obs.names:
        if _touches_border(views, VIEWS.index(name)):
            _warn(f"The object touches the border of the view {name}; it is closed there.")
    wrong = _wrong_views(obs)
    if len(wrong) >= _MOST_WRONG or len(obs.names) - len(wrong) < FEWEST_VIEWS:
        faults = "; ".join(f"{name} {fault}" for name, fault in wrong.items())
        raise InputError(
            f"These views cannot be right: {faults}. All normal maps must be in the front "
            "camera's frame: x right, y up, z towards the viewer of the front view."
        )
    for name, fault in wrong.items():
        _warn(f"The view {name} {fault}; the mesh is made without it.")
    return tuple(0.0 if name in wrong else w for name, w in zip(VIEWS, kept, strict=True))


def _changed(before: Sequence[float], after: Sequence[float]) -> list[str]:
    """Names of the views whose weight changed."""
    return [name for name, one, other in zip(VIEWS, before, after, strict=True) if one != other]


def _warn(message: str) -> None:
    warnings.warn(message, ViewWarning, stacklevel=4)


def _touches_border(views: Views, index: int) -> bool:
    inside = views.normal[index, ..., 3] >= 128
    return bool(inside[[0, -1]].any() or inside[:, [0, -1]].any())


def _wrong_views(obs: Observations) -> dict[str, str]:
    """Names of views that cannot be right, and what is wrong with them."""
    wrong = {}
    for view, name in enumerate(obs.names):
        fault = _fault_of_normals(obs, view)
        if fault:
            wrong[name] = fault
    sound = [view for view, name in enumerate(obs.names) if name not in wrong]
    if len(sound) > FEWEST_VIEWS:
        wrong |= _fault_of_silhouettes(_only(obs, sound))
    return wrong


def _fault_of_normals(obs: Observations, view: int) -> str | None:
    """What a view's own normals tell: they face its camera, and at its outline, outwards."""
    normal, alpha = obs.normal[view, :3], obs.normal[view, 3]
    right, up, back = torch.einsum("ak,krc->arc", obs.axes[view], normal)
    if float((back[alpha > 0.5] > 0.0).float().mean()) < _LEAST_FACING:
        return "has normals that point away from its camera"
    size = alpha.shape[-1]
    distance = obs.distance[view] * size
    rim = (distance > _RIM[0]) & (distance < _RIM[1])
    down, across = torch.gradient(distance)
    upside_down = _disagree(-down[rim], up[rim]) and _rows_fit_better_flipped(obs, view)
    mirrored = _disagree(across[rim], right[rim])
    turned = tuple(axis for axis, wrong in ((1, upside_down), (2, mirrored)) if wrong)
    return f"is {_FLIPS[turned]} under its normals" if turned else None


def _disagree(outward: Tensor, normal: Tensor) -> bool:
    """Whether normals at an outline point inwards along an axis, on both sides of the object.

    On one side they may: a roof ends at its eaves with normals that point up.
    """
    agreement = outward * normal
    size = float(agreement.abs().mean()) if len(agreement) else 0.0
    sides = [agreement[outward > 0.0].sum(), agreement[outward < 0.0].sum()]
    wrong = all(float(side) < _WRONG_WAY * size * len(agreement) / 2.0 for side in sides)
    return wrong and size > _LEAST_RIM_EVIDENCE


def _rows_fit_better_flipped(obs: Observations, view: int) -> bool:
    """Whether rows of a view look up and down as the other views' rows do if it is turned over."""
    rows = obs.normal[:, 2].sum(-1)
    own, others = rows[view], rows.sum(0) - rows[view]
    return float(own @ others) < float(own.flip(0) @ others)


def _fault_of_silhouettes(obs: Observations) -> dict[str, str]:
    """The view, if any, that fits the hull of the others much better when turned or mirrored."""
    best, found = _LEAST_GAIN, {}
    for view, name in enumerate(obs.names):
        cover = _hull_of_others(obs, view)
        inside = (obs.distance[view] < 0.0)[None]
        here = _uncovered(inside, cover)
        for axes, words in _FLIPS.items():
            there = _uncovered(inside.flip(axes), cover)
            if here - there > best and there < _MUCH_BETTER * here:
                best, found = here - there, {name: f"is {words}, as the other views' outlines tell"}
    return found


def _uncovered(inside: Tensor, cover: Tensor) -> float:
    """Share of a silhouette (1, S, S) that a cover (S, S) does not explain."""
    return float((inside[0] & ~cover).sum() / inside.sum())


def _hull_of_others(obs: Observations, view: int) -> Tensor:
    """Where (S, S) the visual hull of the other views lies in a view, a pixel wider."""
    size = obs.distance.shape[-1]
    pitch = 1.0 / size
    grid = Grid(torch.full((3,), pitch / 2 - 0.5), pitch, (size,) * 3)
    others = _only(obs, [k for k in range(len(obs.axes)) if k != view])
    inside = (hull_volume(grid, others) < _SLACK).nonzero()
    points = grid.positions(inside)
    column = ((points @ obs.axes[view, 0] + 0.5) * size).long().clamp(0, size - 1)
    cover = torch.zeros(size, size, dtype=torch.bool)
    cover[size - 1 - inside[:, 2], column] = True
    return cover


def _only(obs: Observations, views: list[int]) -> Observations:
    """Some of the views."""
    return replace(
        obs,
        names=tuple(obs.names[k] for k in views),
        axes=obs.axes[views],
        distance=obs.distance[views],
        normal=obs.normal[views],
        trust=obs.trust[views],
        tolerance=obs.tolerance[views],
    )
