# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server in the test's own process, with jobs that run as the test says; and a real one."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from era3d.job import Job
from era3d.outcome import FAILED, OK, TERMINATED, Outcome
from era3d.serve import listen as listen_module
from era3d.serve.app import create_app
from era3d.serve.listen import Address, configuration, listen
from era3d.serve.settings import Limits, ServerSettings
from era3d.views import save_views
from tests.backend.sphere import sphere_views

SECONDS = 120.0
LIMITS = Limits(free_bytes=0)
REQUEST = {"source": "views", "cells": 64, "faces": 400, "texture_size": 128}


class Puppet:
    """Runs jobs in no time, or when the test lets it."""

    def __init__(self) -> None:
        self.go, self.cancelled = threading.Event(), False
        self.go.set()
        self.ran: list[tuple[str, str | None]] = []
        self.lasts: list[str | None] = []
        self.fails_with, self.fails_code = "", FAILED

    async def run(self, job: Path, first: str | None, last: str | None, seconds: float) -> Outcome:
        self.cancelled = False
        self.lasts.append(last)
        self.ran.append((job.name, first))
        log = Job(job).events()
        log.emit("started", stage="mesh")
        while not self.go.is_set() and not self.cancelled:
            await asyncio.sleep(0.005)
        if self.cancelled:
            return Outcome(TERMINATED, "terminated")
        if self.fails_with:
            return Outcome(self.fails_code, self.fails_with.format(job=job))
        (job / "mesh.glb").write_bytes(bytes(range(256)) * 40)
        log.emit("done", seconds=0.1)
        log.close()
        return Outcome(OK)

    def cancel(self) -> None:
        self.cancelled = True

    async def stop(self) -> None:
        pass


class Server:
    """Settings, an app, its puppet and a client; as a context the app is up."""

    def __init__(self, folder: Path, puppets: int = 1, held: bool = False, **settings) -> None:
        limits = replace(LIMITS, **settings.pop("limits", {}))
        self.settings = ServerSettings(folder, limits=limits, heartbeat=0.2, **settings)
        self.puppets = [Puppet() for _ in range(puppets)]
        self.puppet = self.puppets[0]
        if held:
            for puppet in self.puppets:
                puppet.go.clear()
        self.app = create_app(self.settings, self.puppets)
        self.client = TestClient(self.app, base_url="http://127.0.0.1:8501")

    def __enter__(self) -> "Server":
        self.client.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self.client.__exit__(*error)

    @property
    def service(self):
        return self.app.state.service

    def submit(self, views, request=REQUEST, headers=None, **fields):
        files = {path.name: (path.name, path.read_bytes()) for path in views}
        form = {"request": json.dumps(request), **fields}
        return self.client.post("/v1/jobs", data=form, files=files, headers=headers)

    def state(self, job: str) -> dict:
        return self.client.get(f"/v1/jobs/{job}").json()

    def until(self, job: str, *states: str) -> dict:
        end = time.monotonic() + SECONDS
        while (state := self.state(job))["state"] not in states:
            assert time.monotonic() < end, state
            time.sleep(0.01)
        return state


@pytest.fixture(scope="session")
def views(tmp_path_factory):
    """Twelve files."""
    return save_views(sphere_views(), tmp_path_factory.mktemp("views"))


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "jobs") as server:
        yield server


@contextlib.contextmanager
def started(folder: Path, *options: str, **environment: str):
    """A real server in a process of its own: its first line, which says where, and the process."""
    command = [sys.executable, "-m", "era3d", "serve", "--port", "0", "--json"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / "jobs"), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | environment,
        )
        try:
            line = process.stdout.readline()
            assert line, (folder / "server.log").read_text()
            yield json.loads(line), process
        finally:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def listening(made: Server, **options):
    """Let a server with puppets listen, in a thread; gives its port."""
    address = Address(port=0, **options)
    with listen(address) as listener:
        config = configuration(made.app, address, made.settings.limits)
        server = listen_module.Server(config, address, as_json=True)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10.0)
        assert not thread.is_alive()
