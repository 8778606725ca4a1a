# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replica and its worker, which is a small script; no Ray."""

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from era3d.outcome import FAILED, OK
from era3d.serve import child as child_module
from era3d.serve.cluster.replica import StageReplica

WORKER = """
import json, os, sys, time
from pathlib import Path
from era3d.files import write_object
from era3d.job import EventLog
state = Path(sys.argv[1])
def tell(name, last=None):
    write_object(state, {"process": os.getpid(), "state": name, "last": last})
tell("idle")
for line in sys.stdin:
    order = json.loads(line)
    if order["command"] == "cancel":
        tell("idle", {"id": name, "code": 143, "message": "terminated"})
        continue
    name, folder = order["id"], Path(order["job"])
    log = EventLog(folder / "events.jsonl")
    log.emit("skipped", stage="prepare")
    log.emit("started", stage="mesh")
    play = (folder / "play.txt").read_text()
    if play == "die":
        os.kill(os.getpid(), 9)
    if play == "wait":
        continue
    (folder / "preview.png").write_bytes(b"p")
    log.emit("preview", stage="mesh", preview="preview.png")
    (folder / "mesh.glb").write_text(f"{order['from']} {order['until']}")
    log.emit("done")
    tell("idle", {"id": name, "code": 0, "message": ""})
"""


@pytest.fixture
def replica(tmp_path, monkeypatch):
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(child_module, "_COMMAND", (sys.executable, str(tmp_path / "worker.py")))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return StageReplica("mesh")


async def told(replica, play, again=False):
    return [each async for each in replica.run({"play.txt": play.encode()}, again, 60.0)]


def test_events_of_its_stage_and_what_changed_are_told(replica, tmp_path):
    async def runs():
        found = [await told(replica, "work", again) for again in (False, True)]
        await replica.check()
        await replica.stop()
        return found

    for first, run in zip((b"None mesh", b"mesh mesh"), asyncio.run(runs()), strict=True):
        kinds = [event["kind"] for each in run for event in each.events]
        assert kinds == ["started", "preview"]
        assert any(each.files.get("preview.png") == b"p" for each in run[:-1])
        assert run[-1].files == {"mesh.glb": first, "preview.png": b"p"}
        assert run[-1].outcome.code == OK
    assert [path.name for path in tmp_path.iterdir()] == ["worker.py"]


def test_a_worker_that_dies_is_told_of_and_replaced(replica):
    async def runs():
        dead, fine = await told(replica, "die"), await told(replica, "work")
        await replica.stop()
        return dead[-1].outcome, fine[-1].outcome

    dead, fine = asyncio.run(runs())
    assert dead.code == FAILED
    assert "SIGKILL" in dead.message
    assert fine.code == OK


def test_where_nobody_listens_any_more_the_worker_is_stopped_and_free(replica):
    async def runs():
        run = asyncio.create_task(told(replica, "wait"))
        await asyncio.sleep(1.0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        fine = await told(replica, "work")
        await replica.stop()
        return fine[-1].outcome

    assert asyncio.run(runs()).code == OK


def test_what_a_killed_replica_left_is_cleared(replica, tmp_path):
    left = tmp_path / "era3d-replica-999999999-x"
    left.mkdir()
    StageReplica("mesh")
    assert not left.exists()
    assert Path(replica._folder).exists()
