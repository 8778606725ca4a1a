# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a picture as people have it to the subject that the model sees."""

from era3d.prepare.cutout import cut_by, cut_out
from era3d.prepare.frame import Crop, compose_on_white, frame_subject
from era3d.prepare.picture import read_picture
from era3d.prepare.warnings import warn_of_framing

__all__ = [
    "Crop",
    "compose_on_white",
    "cut_by",
    "cut_out",
    "frame_subject",
    "read_picture",
    "warn_of_framing",
]
