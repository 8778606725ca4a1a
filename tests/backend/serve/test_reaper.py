# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old jobs go, by a clock that nobody can set."""

import asyncio
import time

from era3d.serve.reaper import reap
from era3d.serve.store import FINISHED, JobStore
from tests.backend.serve.test_store import made


def test_only_jobs_that_ended_long_ago_are_removed(tmp_path):
    store = JobStore(tmp_path)
    old, fresh, waiting = made(store, kept_seconds=90.0), made(store), made(store)
    old.state = fresh.state = FINISHED
    asyncio.run(reap(store, 100.0, 20.0))
    assert set(store.records) == {fresh.id, waiting.id}
    assert not (tmp_path / old.id).exists()
    assert not list(tmp_path.glob(".trash*"))
    again = JobStore(tmp_path)
    assert again.records[fresh.id].kept_seconds == 20.0
    assert again.records[waiting.id].kept_seconds == 0.0


def test_a_clock_that_jumps_costs_no_job(tmp_path, monkeypatch):
    store = JobStore(tmp_path)
    record = made(store)
    record.state = FINISHED
    ten_years = time.time() + 3.2e8
    monkeypatch.setattr(time, "time", lambda: ten_years)
    asyncio.run(reap(store, 100.0, 20.0))
    assert record.id in store.records
