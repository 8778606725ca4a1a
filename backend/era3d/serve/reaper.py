# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes jobs that ended long ago."""

import asyncio
import shutil
import time

from era3d.serve.store import ACTIVE, JobStore

_EVERY = 600.0


async def reap_for_ever(store: JobStore, keep_hours: float) -> None:
    """Look now and then for jobs that have been kept long enough."""
    last = time.monotonic()
    while True:
        await asyncio.sleep(_EVERY)
        now = time.monotonic()
        await reap(store, keep_hours * 3600.0, now - last)
        last = now


async def reap(store: JobStore, keep_seconds: float, passed: float) -> None:
    """Let time pass for all jobs that have ended, and remove those that have been kept enough.

    The time is that of a clock which only runs: the system's may be set, and must cost no job.
    """
    for record in list(store.records.values()):
        if record.state in ACTIVE:
            continue
        record.kept_seconds += passed
        if record.kept_seconds > keep_seconds:
            await asyncio.to_thread(shutil.rmtree, store.remove(record), True)
        else:
            store.save(record)
