# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and workers killed at random moments: no job is lost, no event is, nothing is left."""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.backend.serve.test_service import Client

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
KILLS, CLIENTS = 60, 3
ENDED = ("finished", "failed", "cancelled")

# Like the real one to the server, but it loads nothing: writes some files, and tells of each.
WORKER = """
import json, os, sys, threading, time
from pathlib import Path
from era3d.files import clean_up, replacing, write_object
from era3d.job import EventLog
from era3d.lock import holding
state = Path(sys.argv[1])
def tell(name, last=None):
    write_object(state, {"process": os.getpid(), "state": name, "last": last})
def run(order):
    tell("running")
    folder = Path(order["job"])
    with holding(folder):
        clean_up(folder)
        log = EventLog(folder / "events.jsonl")
        for step in range(8):
            with replacing(folder / f"part_{step}.bin") as path:
                path.write_bytes(b"x" * 1000)
                time.sleep(0.03)
                path.write_bytes(b"x" * 2000)
            log.emit("progress", step=step + 1, of=8)
        log.emit("done")
        log.close()
    tell("idle", {"id": order["id"], "code": 0, "message": ""})
def listen():
    for line in sys.stdin:
        orders.append(json.loads(line))
    os._exit(0)
orders = []
tell("idle")
threading.Thread(target=listen).start()
while True:
    if orders and orders[0]["command"] == "run":
        run(orders.pop(0))
    time.sleep(0.005)
"""
SERVER = """
import sys
from era3d.cli import main
from era3d.serve import child
child._COMMAND = (sys.executable, sys.argv[1])
sys.exit(main(["serve", *sys.argv[2:]]))
"""


class Killed:
    """A server that is started again whenever it has been killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.random = folder, random.Random(3)
        (folder / "worker.py").write_text(WORKER)
        self.start()

    def start(self) -> None:
        options = [str(self.folder / "worker.py"), "--json", "--port", "0", "--workers", "2"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, *options, "--folder", str(self.folder / "jobs")],
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self.process.stdout.readline()
        assert line, (self.folder / "server.log").read_text()
        self.client = Client(json.loads(line))

    def workers(self) -> list[int]:
        found = []
        for path in (self.folder / "jobs" / ".workers").glob("*.json"):
            with contextlib.suppress(ValueError, OSError):
                found.append(json.loads(path.read_text())["process"])
        return found

    def kill(self) -> None:
        """Kill the server, or one of its workers."""
        workers = self.workers()
        if workers and self.random.random() < 0.5:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(workers), signal.SIGKILL)
        else:
            self.process.kill()
            self.process.communicate()
            self.start()


def test_no_kill_loses_a_job_or_an_event(tmp_path, views):
    killed, over = Killed(tmp_path), threading.Event()
    jobs, faults = [], []
    clients = [
        threading.Thread(
            target=keep_busy, args=(killed, views, over, jobs, faults, number), daemon=True
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        time.sleep(killed.random.uniform(0.05, 0.8))
        killed.kill()
    over.set()
    for client in clients:
        client.join(120.0)
    left = killed.workers()
    killed.process.kill()
    killed.process.communicate()
    assert not faults
    assert len(jobs) >= CLIENTS
    assert not list(tmp_path.rglob(".new-*"))
    for job in jobs:
        sizes = {path.stat().st_size for path in (tmp_path / "jobs" / job).glob("part_*")}
        assert sizes <= {2000}
    time.sleep(2.0)
    assert not [each for each in left if Path(f"/proc/{each}").exists()]


def keep_busy(killed, views, over, jobs, faults, number) -> None:
    """Send jobs and follow them, across all deaths."""
    count = 0
    while not over.is_set():
        count += 1
        key = f"{number}-{count}"
        try:
            job = patiently(lambda key=key: killed.client.submit(views, **{"Idempotency-Key": key}))
            jobs.append(job)
            events, state = follow(killed, job)
            path = killed.folder / "jobs" / job / "events.jsonl"
            written = [json.loads(line) for line in path.read_text().splitlines() if whole(line)]
            assert events == written, (events, written)
            assert state in ENDED
            assert written[-1]["kind"] == {"finished": "done"}.get(state, state)
        except Exception as error:
            faults.append(repr(error))
            return


def whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def follow(killed, job) -> tuple[list[dict], str]:
    """Read events to their end, resuming after each cut."""
    events, place = [], ""
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for at, event in killed.client.follow(job, since=place):
                if "state" in event:
                    return events, event["state"]
                place = at
                events.append(event)
        time.sleep(0.05)


def patiently(ask):
    """Ask until a server is there to answer."""
    while True:
        try:
            return ask()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
