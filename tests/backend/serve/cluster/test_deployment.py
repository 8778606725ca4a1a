# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ray itself: replicas side by side, one killed, nothing lost, nothing open, nothing left."""

import importlib.util
import json
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.backend.serve.conftest import REQUEST, started
from tests.backend.serve.test_service import Client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray, the extra `ray`, is not installed"
    ),
]
JOBS, PATIENCE = 6, 600.0
QUICK = REQUEST | {"method": "hull", "texture_size": 64}


def processes(server: int) -> list[psutil.Process]:
    parent = psutil.Process(server)
    return [parent, *parent.children(recursive=True)]


def replicas(server: int, stage: str) -> list[psutil.Process]:
    name = f"ray::ServeReplica:era3d-{stage}"
    return [each for each in processes(server) if "".join(each.cmdline()[:1]).startswith(name)]


def listening(server: int) -> set[str]:
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for each in processes(server)
        for connection in each.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }


def kinds_of(folder: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in (folder / "events.jsonl").open()]


def wait_for(client: Client, job: str) -> None:
    end = time.monotonic() + PATIENCE
    while (told := json.loads(client.ask("GET", f"jobs/{job}").read()))["state"] != "finished":
        assert told["state"] in ("queued", "running"), told
        assert time.monotonic() < end, told
        time.sleep(0.2)


def test_two_replicas_share_the_jobs_and_one_that_dies_loses_none(tmp_path, views):
    luck, options = random.Random(1), ("--ray", "--replicas", "mesh=2", "--replicas", "texture=2")
    with started(tmp_path, *options) as (told, server):
        client = Client(told)
        assert listening(server.pid) == {"127.0.0.1"}
        assert len(replicas(server.pid, "mesh")) == 2
        jobs = [client.submit(views, QUICK | {"seed": number}) for number in range(JOBS)]
        for job in jobs[:2]:
            wait_for(client, job)
        luck.choice(replicas(server.pid, "mesh")).send_signal(signal.SIGKILL)
        for job in jobs:
            wait_for(client, job)
            folder = tmp_path / "jobs" / job
            assert kinds_of(folder)[-1] == "done"
            assert kinds_of(folder).count("done") == 1
            assert (folder / "mesh.glb").read_bytes()[:4] == b"glTF"
            assert not list(folder.rglob(".tmp-*"))
        cancelled = client.submit(views, REQUEST | {"cells": 200})
        *_, first = zip(range(1), client.follow(cancelled), strict=False)
        assert first[1][1]["kind"] == "started"
        answer = client.ask("POST", f"jobs/{cancelled}/cancel")
        assert json.loads(answer.read())["state"] == "cancelled"
        wait_for(client, client.submit(views, QUICK))
        left = processes(server.pid)
        server.terminate()
        assert server.wait(60.0) == 0
    end = time.monotonic() + 20.0
    while alive := [each for each in left if each.is_running() and each.status() != "zombie"]:
        assert time.monotonic() < end, alive
        time.sleep(0.2)


def test_a_cluster_that_is_not_there_is_said(tmp_path):
    with (
        pytest.raises(AssertionError, match="no cluster of Ray at 127"),
        started(tmp_path, "--ray", "127.0.0.1:9"),
    ):
        pass
