# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first stage: cut the subject out of the picture and frame it as the model expects."""

from dataclasses import asdict
from typing import Any

from era3d.files import replacing
from era3d.job import Job
from era3d.stages.stage import Report, Stage


def _work(job: Job, report: Report) -> dict[str, Any]:
    from era3d.prepare import cut_out, frame_subject, read_picture

    cut, how = cut_out(read_picture(job.path("input.png")))
    subject, crop = frame_subject(cut)
    with replacing(job.path("subject.png")) as path:
        subject.save(path)
    return {"cut_out": how, "crop": asdict(crop)}


PREPARE = Stage("prepare", ("input.png",), lambda _: ("subject.png",), lambda _: {}, _work)
