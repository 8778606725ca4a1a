# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages on replicas that finish, fail, die and are cancelled; the replicas are played."""

import asyncio
import json

import pytest

from era3d.job import Job, Request
from era3d.outcome import FAILED, OK, TERMINATED, Outcome
from era3d.serve.cluster.executor import ClusterExecutor, ReplicaDied
from era3d.serve.cluster.replica import Told
from era3d.stages.files import NORMAL_FILES


@pytest.fixture
def job(tmp_path):
    made = Job.create(tmp_path / "job", Request(source="views")).folder
    (made / "views").mkdir()
    for name in NORMAL_FILES:
        (made / name).write_bytes(b"n")
    return made


class Played:
    """A deployment that does what a list says, once a start."""

    def __init__(self, stage, *acts):
        self.stage, self.acts, self.started, self.cancelled = stage, list(acts), [], False

    def __call__(self, files, again, seconds):
        self.started.append((sorted(files), again))
        self.act = self.acts.pop(0)
        return self

    def cancel(self):
        self.cancelled = True

    async def __aiter__(self):
        yield Told([{"kind": "started", "stage": self.stage}], {"preview.png": b"p"})
        if self.act == "die":
            raise ReplicaDied
        if self.act == "leave":
            return
        while self.act == "wait":
            await asyncio.sleep(0.01)
            if self.cancelled:
                raise asyncio.CancelledError
        if self.act == "fail":
            yield Told([{"kind": "failed", "stage": self.stage}], outcome=Outcome(FAILED, "no"))
        else:
            files = {f"{self.stage}.out": b"made"}
            yield Told([{"kind": "finished", "stage": self.stage}], files, Outcome(OK))


def run(job, *played, first=None, last=None, during=None):
    executor = ClusterExecutor({each.stage: each for each in played})

    async def both():
        task = asyncio.create_task(executor.run(job, first, last, 60.0))
        if during is not None:
            await asyncio.sleep(0.2)
            during(executor, task)
        return await task

    return asyncio.run(both())


def events(job):
    told = [json.loads(line) for line in (job / "events.jsonl").read_text().splitlines()]
    return [(each["kind"], each.get("stage")) for each in told]


def test_stages_run_in_turn_and_what_they_make_comes_home(job):
    mesh, texture = Played("mesh", "work"), Played("texture", "work")
    assert run(job, mesh, texture).code == OK
    assert (job / "mesh.out").read_bytes() == b"made"
    assert "mesh.out" in texture.started[0][0]
    told = [("started", "mesh"), ("finished", "mesh"), ("started", "texture")]
    assert events(job) == [*told, ("finished", "texture"), ("done", None)]


def test_from_and_until_are_obeyed(job):
    mesh, texture = Played("mesh", "work"), Played("texture")
    assert run(job, mesh, texture, first="mesh", last="mesh").code == OK
    assert mesh.started[0][1]
    assert not texture.started


@pytest.mark.parametrize("death", ["die", "leave"])
def test_where_a_replica_dies_another_begins_anew(job, death):
    mesh, texture = Played("mesh", death, death, "work"), Played("texture", "work")
    assert run(job, mesh, texture).code == OK
    assert [kind for kind, _ in events(job)].count("warning") == 2
    assert len(mesh.started) == 3


def test_what_kills_each_replica_is_given_up(job):
    outcome = run(job, Played("mesh", "die", "die", "die", "work"))
    assert outcome.code == FAILED
    assert "again and again" in outcome.message


def test_a_failure_ends_the_job_with_its_reason(job):
    texture = Played("texture")
    outcome = run(job, Played("mesh", "fail"), texture)
    assert outcome == Outcome(FAILED, "no")
    assert not texture.started


def test_a_cancelled_stage_ends_the_job(job):
    mesh = Played("mesh", "wait")
    outcome = run(job, mesh, during=lambda executor, task: executor.cancel())
    assert outcome.code == TERMINATED
    assert mesh.cancelled


def test_a_server_that_goes_down_lets_the_stage_go(job):
    mesh = Played("mesh", "wait")
    with pytest.raises(asyncio.CancelledError):
        run(job, mesh, during=lambda executor, task: task.cancel())
    assert mesh.cancelled


def test_a_missing_file_is_said(job):
    (job / NORMAL_FILES[0]).unlink()
    outcome = run(job, Played("mesh", "work"), first="prepare")
    assert outcome.code != OK
    assert "no stage prepare" in outcome.message
