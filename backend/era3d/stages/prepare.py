# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first stage: cut the subject out of the picture and frame it as the model expects."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from era3d.files import replacing
from era3d.job import Job, Request
from era3d.stages.stage import Report, Stage

if TYPE_CHECKING:
    from PIL.Image import Image

_PICTURE, _MASK, _ALPHA, _SUBJECT = "input.png", "mask.png", "alpha.png", "subject.png"


def _settings(request: Request) -> dict[str, Any]:
    return {"crop_size": request.crop_size}


def _work(job: Job, report: Report) -> dict[str, Any]:
    from era3d.prepare import cut_by, cut_out, frame_subject, read_picture, warn_of_framing

    picture, mask = read_picture(job.path(_PICTURE)), job.path(_MASK)
    if mask.is_file():
        cut, how = cut_by(picture, read_picture(mask)), "mask"
    else:
        cut, how = cut_out(picture)
    subject, crop = frame_subject(cut, job.request.crop_size)
    warn_of_framing(picture, crop)
    _save(job, _ALPHA, cut.getchannel("A"))
    _save(job, _SUBJECT, subject)
    return {"cut_out": how, "crop": asdict(crop)}


def _save(job: Job, name: str, picture: "Image") -> None:
    with replacing(job.path(name)) as path:
        picture.save(path)


PREPARE = Stage(
    "prepare", (_PICTURE,), lambda _: (_ALPHA, _SUBJECT), _settings, _work, optional=(_MASK,)
)
