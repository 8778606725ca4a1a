# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaussian splats: their files, their pictures, and how they are placed and fitted."""

from era3d.splats.cloud import Gaussians, harmonics_of
from era3d.splats.ply import read_splat_ply, write_splat_ply
from era3d.splats.spz import read_spz, write_spz

__all__ = [
    "Gaussians",
    "harmonics_of",
    "read_splat_ply",
    "read_spz",
    "write_splat_ply",
    "write_spz",
]
