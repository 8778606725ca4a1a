# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PLY files of 3D Gaussian Splatting: one vertex a Gaussian, a float a parameter."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from plyfile import PlyData, PlyElement, PlyParseError

from era3d.errors import InputError
from era3d.splats.cloud import HIGHEST_DEGREE, Gaussians

_MEANS = ("x", "y", "z")
_NORMALS = ("nx", "ny", "nz")  # written as 0, as everybody does; never read
_DC = ("f_dc_0", "f_dc_1", "f_dc_2")
_SCALES = ("scale_0", "scale_1", "scale_2")
_ROTATIONS = ("rot_0", "rot_1", "rot_2", "rot_3")
_REQUIRED = (*_MEANS, *_DC, "opacity", *_SCALES, *_ROTATIONS)
_REST_COUNTS = {3 * ((degree + 1) ** 2 - 1): degree for degree in range(HIGHEST_DEGREE + 1)}
_COMMENT = "Blender's frame: right-handed, Z up, front towards -Y"


def write_splat_ply(path: str | Path, gaussians: Gaussians) -> None:
    """Write Gaussians as binary little-endian PLY, as the viewers of 3DGS read it."""
    rest = gaussians.harmonics.shape[1] * 3 - 3
    names = (*_MEANS, *_NORMALS, *_DC, *_rest_names(rest), "opacity", *_SCALES, *_ROTATIONS)
    columns = np.concatenate(
        [
            gaussians.means,
            np.zeros_like(gaussians.means),
            gaussians.harmonics[:, 0],
            # One colour channel after the other.
            gaussians.harmonics[:, 1:].swapaxes(1, 2).reshape(len(gaussians), rest),
            gaussians.logits[:, None],
            gaussians.log_scales,
            gaussians.rotations,
        ],
        axis=1,
    ).astype("<f4")
    rows = columns.view([(name, "<f4") for name in names])[:, 0]
    element = PlyElement.describe(rows, "vertex")
    PlyData([element], byte_order="<", comments=[_COMMENT]).write(str(path))


def read_splat_ply(path: str | Path) -> Gaussians:
    """Read Gaussians from a 3DGS PLY, binary or text, of degree 0 to 3.

    Raises
    ------
    InputError
        If the file is none: a mesh, a plain point cloud, one with parameters missing or with
        numbers that are not finite; says which.
    """
    try:
        elements = {element.name: element for element in PlyData.read(str(path), mmap="r")}
        rows = elements["vertex"].data if "vertex" in elements else None
    except (OSError, PlyParseError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as PLY: {error}.") from None
    if rows is None or not len(rows):
        raise InputError(f"{path} has no vertices, so it holds no Gaussians.")
    _check_names(path, rows.dtype.names or (), "face" in elements)
    rest = _rest_names(sum(name.startswith("f_rest_") for name in rows.dtype.names or ()))
    higher = _columns(rows, rest).reshape(len(rows), 3, -1).swapaxes(1, 2)
    gaussians = Gaussians(
        _columns(rows, _MEANS),
        _columns(rows, _ROTATIONS),
        _columns(rows, _SCALES),
        _columns(rows, ("opacity",))[:, 0],
        np.concatenate([_columns(rows, _DC)[:, None], higher], axis=1),
    )
    _check_numbers(path, gaussians)
    return gaussians


def _rest_names(count: int) -> tuple[str, ...]:
    return tuple(f"f_rest_{index}" for index in range(count))


def _columns(rows: NDArray[np.void], names: tuple[str, ...]) -> NDArray[np.float32]:
    columns = np.empty((len(rows), len(names)), np.float32)
    for index, name in enumerate(names):
        columns[:, index] = rows[name]
    return columns


def _check_names(path: str | Path, names: tuple[str, ...], has_faces: bool) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    if len(missing) == len(_REQUIRED) - len(_MEANS) and not set(_MEANS) & set(missing):
        kind = "a mesh" if has_faces else "a cloud of plain points"
        raise InputError(f"{path} is {kind}, not Gaussian splats; import it as PLY instead.")
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}; it is no PLY of Gaussian splats.")
    rest = sum(name.startswith("f_rest_") for name in names)
    if rest not in _REST_COUNTS or not set(_rest_names(rest)) <= set(names):
        raise InputError(
            f"{path} has {rest} values f_rest; 0, 9, 24 or 45 make up degree 0, 1, 2 or 3."
        )


def _check_numbers(path: str | Path, gaussians: Gaussians) -> None:
    parts = {
        "positions": gaussians.means,
        "scales": gaussians.log_scales,
        "rotations": gaussians.rotations,
        "opacities": gaussians.logits[:, None],
        "colours": gaussians.harmonics.reshape(len(gaussians), -1),
    }
    for name, values in parts.items():
        # An infinite logit is an opacity of just 0 or 1.
        wrong = np.isnan(values) if name == "opacities" else ~np.isfinite(values)
        bad = int(wrong.any(axis=1).sum())
        if bad:
            message = f"{path}: {bad:,} of {len(values):,} Gaussians have {name} that are no number"
            raise InputError(f"{message}; export the file again.")
    if not gaussians.rotations.any(axis=1).all():
        raise InputError(f"{path} has rotations of length zero; export the file again.")
