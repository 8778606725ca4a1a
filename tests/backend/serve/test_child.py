# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker process that obeys, dies, hangs or will not listen; played by a small script."""

import asyncio
import json
import sys

import pytest

from era3d.lock import holding
from era3d.outcome import FAILED, OK, TERMINATED
from era3d.serve import child as child_module
from era3d.serve.child import Child

# What it does stands in the job's file `play`.
WORKER = """
import json, os, pathlib, sys, time
state = pathlib.Path(sys.argv[1])
def tell(name, **last):
    new = state.with_suffix(".new")
    new.write_text(json.dumps({"process": os.getpid(), "state": name, "last": last or None}))
    new.replace(state)
tell("idle")
for line in sys.stdin:
    order = json.loads(line)
    if order["command"] == "cancel":
        tell("idle", **ended, code=143, message="terminated")
        continue
    ended = {"id": order["id"]}
    play = (pathlib.Path(order["job"]) / "play").read_text()
    tell("running")
    if play == "die":
        os.kill(os.getpid(), 9)
    elif play == "leave":
        sys.exit(3)
    elif play == "hang":
        time.sleep(100)
    elif play == "work":
        tell("idle", **ended, code=0, message="")
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    monkeypatch.setattr(child_module, "_COMMAND", (sys.executable, str(script)))
    return Child(tmp_path / "workers", "one")


def job(tmp_path, play):
    folder = tmp_path / play
    folder.mkdir()
    (folder / "play").write_text(play)
    return folder


def run(child, *jobs, seconds=60.0, during=None):
    """Run jobs one after another, and end the worker."""

    async def all_of_them():
        outcomes = []
        for each in jobs:
            task = asyncio.create_task(child.run(each, None, None, seconds))
            if during is not None:
                await asyncio.sleep(0.3)
                during()
            outcomes.append(await task)
        await child.stop()
        return outcomes

    return asyncio.run(all_of_them())


def test_a_job_is_run_twice_and_its_first_end_is_not_taken_for_the_second(child, tmp_path):
    work = job(tmp_path, "work")
    assert [each.code for each in run(child, work, work)] == [OK, OK]


@pytest.mark.parametrize(("play", "words"), [("die", "SIGKILL"), ("leave", "code 3")])
def test_after_a_death_there_is_a_new_worker(child, tmp_path, play, words):
    dead, fine = run(child, job(tmp_path, play), job(tmp_path, "work"))
    assert dead.code == FAILED
    assert words in dead.message
    assert "run the job again" in dead.message
    assert fine.code == OK


def test_a_run_without_end_is_ended(child, tmp_path):
    hung, fine = run(child, job(tmp_path, "hang"), job(tmp_path, "work"), seconds=0.5)
    assert (hung.code, fine.code) == (FAILED, OK)
    assert "too long" in hung.message


def test_a_job_that_listens_is_cancelled_and_the_worker_stays(child, tmp_path):
    [outcome] = run(child, job(tmp_path, "wait"), during=child.cancel)
    assert outcome.code == TERMINATED
    assert outcome.message == "terminated"


def test_a_job_that_does_not_listen_is_ended_with_its_worker(child, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "_CANCEL_SECONDS", 0.3)
    [outcome] = run(child, job(tmp_path, "hang"), during=child.cancel)
    assert outcome.code == TERMINATED
    assert "did not stop" in outcome.message


def test_a_worker_that_cannot_start_is_said(child, tmp_path, monkeypatch):
    monkeypatch.setattr(child_module, "_COMMAND", (sys.executable, "-c", "raise SystemExit(7)"))
    [outcome] = run(child, job(tmp_path, "work"))
    assert outcome.code == FAILED
    assert "code 7" in outcome.message


def test_a_job_that_another_process_still_holds_is_waited_for(child, tmp_path):
    work = job(tmp_path, "work")
    hold = "import sys, time; from era3d.lock import holding; from pathlib import Path\n"
    hold += "with holding(Path(sys.argv[1])):\n print('held', flush=True); time.sleep(0.7)"

    async def both():
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", hold, str(work)), stdout=asyncio.subprocess.PIPE
        )
        await other.stdout.readline()
        with pytest.raises(Exception, match="in use"), holding(work):
            pass
        outcome = await child.run(work, None, None, 60.0)
        await child.stop()
        await other.wait()
        return outcome

    assert asyncio.run(both()).code == OK


def test_a_worker_is_told_its_orders_in_lines(child, tmp_path):
    work = job(tmp_path, "work")
    run(child, work)
    state = json.loads((tmp_path / "workers" / "one.json").read_text())
    assert state["last"]["code"] == 0


def test_what_a_killed_worker_left_half_is_removed(child, tmp_path):
    half, others = (tmp_path / f"workers/.tmp-7-{name}.json" for name in ("one", "two"))
    half.touch()
    others.touch()
    (outcome,) = run(child, job(tmp_path, "work"))
    assert outcome.code == OK
    assert (half.exists(), others.exists()) == (False, True)
