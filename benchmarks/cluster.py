# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with and without Ray: how soon it is there, what it holds, how much it gets done."""

import argparse
import http.client
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.machine import machine
from benchmarks.server import multipart
from era3d.views import save_views
from tests.backend.sphere import sphere_views

MODES = {
    "1 worker": [],
    "1 worker, the page": ["--web"],
    "2 workers": ["--workers", "2"],
    "Ray, 1 replica a stage": ["--ray", *(f"--replicas={name}=1" for name in ("mesh", "texture"))],
    "Ray, 2 replicas a stage": ["--ray", *(f"--replicas={name}=2" for name in ("mesh", "texture"))],
}
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "armchair.png"


@dataclass
class Figures:
    """What came of one mode."""

    start_seconds: float = 0.0
    idle_mb: float = 0.0
    warm_mb: float = 0.0
    processes: int = 0
    jobs_a_minute: float = 0.0
    server_seconds: float = 0.0
    killed: str = "none"
    states: list[str] = field(default_factory=list)


def ask(port: int, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    """Return what a server answers."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=600.0)
    kind = {"Content-Type": "multipart/form-data; boundary=b"} if body else {}
    client.request(method, f"/v1/{path}", body, kind)
    told: dict[str, Any] = json.loads(client.getresponse().read())
    return told


def family(server: int) -> list[psutil.Process]:
    """A server's process and all below it."""
    parent = psutil.Process(server)
    return [parent, *parent.children(recursive=True)]


def memory_mb(server: int) -> float:
    """Memory of a server and all below it, what they share counted once (Linux)."""
    return sum(each.memory_full_info().pss for each in family(server)) / 1e6


def kill_one(server: int) -> str:
    """Kill a replica or a worker that is at work; returns which."""
    found = [each for each in family(server) if "mesh" in " ".join(each.cmdline()[:1])]
    found = found or [each for each in family(server) if "worker" in each.cmdline()]
    if not found:
        return "none"
    chosen = random.Random(1).choice(found)
    name = chosen.cmdline()[0].partition(":")[2] or "worker"
    chosen.send_signal(signal.SIGKILL)
    return name.strip(":") or "worker"


def try_out(options: list[str], body: bytes, count: int, kill: bool) -> Figures:
    """Start a server, let it do jobs, and end it."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "era3d", "serve", "--json", "--port", "0"]
        began = time.monotonic()
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(
                [*command, "--folder", f"{folder}/jobs", *options],
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            assert server.stdout is not None
            port = json.loads(server.stdout.readline())["port"]
            figures.start_seconds = time.monotonic() - began
            figures.idle_mb = memory_mb(server.pid)
            # Everybody's first job starts a worker; replicas have one each.
            until(port, [ask(port, "POST", "jobs", body)["id"] for _ in range(2)])
            figures.warm_mb, figures.processes = memory_mb(server.pid), len(family(server.pid))
            busy, began = psutil.Process(server.pid).cpu_times(), time.monotonic()
            jobs = [ask(port, "POST", "jobs", body)["id"] for _ in range(count)]
            if kill:
                time.sleep(3.0)
                figures.killed = kill_one(server.pid)
            figures.states = until(port, jobs)
            figures.jobs_a_minute = 60.0 * count / (time.monotonic() - began)
            now = psutil.Process(server.pid).cpu_times()
            figures.server_seconds = (now.user + now.system - busy.user - busy.system) / count
        finally:
            server.terminate()
            server.wait()
    return figures


def until(port: int, jobs: list[str]) -> list[str]:
    """Wait for the end of jobs; returns their states."""
    states = []
    for job in jobs:
        while (state := ask(port, "GET", f"jobs/{job}")["state"]) in ("queued", "running"):
            time.sleep(0.2)
        states.append(state)
    return states


def mini_job() -> bytes:
    """Return the body that asks for a job of era3d-mini."""
    request = {"quality": "draft", "cells": 64, "faces": 400, "texture_size": 64}
    parts = [(b'name="request"', json.dumps(request).encode())]
    parts += [(b'name="picture"; filename="p"', EXAMPLE.read_bytes())]
    head = b"--b\r\nContent-Disposition: form-data; "
    return b"".join(head + a + b"\r\n\r\n" + b + b"\r\n" for a, b in parts) + b"--b--\r\n"


def main() -> None:
    """Try all modes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--mode", action="append", choices=list(MODES))
    parser.add_argument("--mini", action="store_true", help="pictures, not given views")
    parser.add_argument("--kill", action="store_true", help="kill one that computes meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        save_views(sphere_views(), Path(folder) / "views")
        body = mini_job() if options.mini else multipart(Path(folder) / "views")
    print(machine())
    print(
        "| mode | start s | idle MB | warm MB | processes | jobs/min | server s | killed | ended |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for mode in options.mode or MODES:
        more = MODES[mode]
        if options.mini and "--ray" in more:
            more = [*more, f"--replicas=views={more[-1][-1]}"]
        seen = try_out(more, body, options.jobs, options.kill)
        print(
            f"| {mode} | {seen.start_seconds:.1f} | {seen.idle_mb:.0f} | {seen.warm_mb:.0f} | "
            f"{seen.processes} | {seen.jobs_a_minute:.1f} | {seen.server_seconds:.2f} | "
            f"{seen.killed} | {seen.states.count('finished')} of {len(seen.states)} finished |",
            flush=True,
        )


if __name__ == "__main__":
    main()
