# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which jobs a browser knows: it keeps their names itself, which nobody can guess."""

import re
from typing import Any

_ID = re.compile(r"[0-9a-f]{32}")
_MOST_JOBS = 30

Memory = dict[str, Any]
"""``open``: the job that is shown, or empty; ``jobs``: pairs of id and name, the newest first."""

EMPTY: Memory = {"open": "", "jobs": []}


def checked(given: Any) -> Memory:
    """Return what a browser brought, as far as it can be that."""
    if not isinstance(given, dict) or not isinstance(given.get("jobs"), list):
        return dict(EMPTY)
    jobs = [
        [job, str(name)[:80]]
        for job, name in (each for each in given["jobs"] if _is_pair(each))
        if _ID.fullmatch(job)
    ]
    opened = given.get("open")
    known = any(job == opened for job, _ in jobs)
    return {"open": opened if known else "", "jobs": jobs[:_MOST_JOBS]}


def with_job(memory: Memory, job: str, name: str) -> Memory:
    """Return the memory with a new job, opened."""
    return checked({"open": job, "jobs": [[job, name], *memory["jobs"]]})


def opened(memory: Memory, job: str) -> Memory:
    """Return the memory with another of its jobs opened."""
    return checked(memory | {"open": job})


def without(memory: Memory, job: str) -> Memory:
    """Return the memory without a job; the next one is opened."""
    jobs = [each for each in memory["jobs"] if each[0] != job]
    return checked({"open": jobs[0][0] if jobs else "", "jobs": jobs})


def name_of(memory: Memory, job: str) -> str:
    """Return what a job is called."""
    return next((name for each, name in memory["jobs"] if each == job), "")


def _is_pair(each: Any) -> bool:
    return isinstance(each, list | tuple) and len(each) == 2 and isinstance(each[0], str)
