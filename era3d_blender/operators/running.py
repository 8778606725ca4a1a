# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What generate and rebuild share: one job object, waited for or followed by the timer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from .. import jobs
from ..client.environment import BackendMissingError
from ..client.supervisor import CANCELLED, FINISHED, Supervisor


def follow(
    operator: bpy.types.Operator,
    job: Supervisor,
    root: bpy.types.Object | None = None,
    then: Callable[[Path], None] | None = None,
    owned: bool = False,
) -> set[str]:
    """Queue a job as `jobs.start` does and return at once; the timer sees to the rest."""
    try:
        jobs.start(job, root, then, owned)
    except BackendMissingError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    jobs.redraw()
    return {"FINISHED"}


def wait(operator: bpy.types.Operator, job: Supervisor) -> bool:
    """Run a job to its end and tell whether it went well; the operator reports why not."""
    jobs.adopt(job)
    try:
        state = job.run()
    except BackendMissingError as error:
        jobs.dismiss()
        operator.report({"ERROR"}, str(error))
        return False
    if state == FINISHED:
        return True
    operator.report({"ERROR"}, "Cancelled" if state == CANCELLED else job.message)
    return False
