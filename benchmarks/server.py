# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clients at one server: errors, order, events, memory, and how soon it answers meanwhile."""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from era3d.provenance import versions
from era3d.views import save_views
from tests.backend.sphere import sphere_views

REQUEST = {"source": "views", "method": "hull", "cells": 64, "faces": 400, "texture_size": 64}
HEALTH_EVERY = 0.1


@dataclass
class Seen:
    """What all clients saw.

    Attributes
    ----------
    answers : Counter
        Statuses of HTTP.
    errors : list of str
        Everything that should not have been.
    begun : list of (float, float)
        When each job was taken in and when it began, by the server's clock.
    """

    answers: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    begun: list[tuple[float, float]] = field(default_factory=list)
    events: int = 0
    resumed: int = 0


class Client(threading.Thread):
    """Sends jobs one after another, follows each with a stream that breaks, and deletes it."""

    def __init__(self, port: int, body: bytes, end: float, seen: Seen, seed: int) -> None:
        super().__init__()
        self.port, self.body, self.end, self.seen = port, body, end, seen
        self.random = random.Random(seed)

    def run(self) -> None:
        """Work until the time is over."""
        while time.monotonic() < self.end:
            try:
                self._one_job()
            except Exception as error:
                self.seen.errors.append(repr(error))

    def _ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60.0)
        client.request(method, f"/v1/jobs{path}", body, headers)
        answer = client.getresponse()
        self.seen.answers[answer.status] += 1
        return answer

    def _one_job(self) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = self._ask("POST", "", self.body, **kind)
        told = json.loads(answer.read())
        if answer.status == 429:
            time.sleep(self.random.uniform(0.5, 1.0) * int(answer.headers["Retry-After"]))
            return
        if answer.status != 202:
            raise RuntimeError(told)
        job = told["id"]
        events, end = self._follow(job)
        page = json.loads(self._ask("GET", f"/{job}/events?since=0").read())
        if events != page["events"]:
            raise RuntimeError(f"{len(events)} events of {len(page['events'])}")
        if end["state"] != "finished":
            raise RuntimeError(end)
        state = json.loads(self._ask("GET", f"/{job}").read())
        self.seen.events += len(events)
        self.seen.begun.append((state["created"], events[0]["time"]))
        self._ask("DELETE", f"/{job}").read()

    def _follow(self, job: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Read a stream to its end, breaking off now and then to resume it."""
        events: list[dict[str, Any]] = []
        place = ""
        while True:
            answer = self._ask("GET", f"/{job}/events", **{"Last-Event-ID": place})
            for line in answer:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                if key == "id":
                    place = value
                elif key == "event":
                    return events, json.loads(answer.readline().decode().partition(": ")[2])
                elif key == "data":
                    events.append(json.loads(value))
                    if self.random.random() < 0.1:
                        answer.close()
                        self.seen.resumed += 1
                        break


def watch_health(port: int, end: float, results: Any) -> None:
    """Time calls of a process of its own, which no other client's work holds up."""
    seconds = []
    while time.monotonic() < end:
        began = time.monotonic()
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60.0)
        client.request("GET", "/v1/health")
        client.getresponse().read()
        seconds.append(time.monotonic() - began)
        time.sleep(HEALTH_EVERY)
    results.put(seconds)


def memory_mb(process: int) -> float:
    """Memory that a process holds now (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def multipart(views: Path) -> bytes:
    """Return the body that asks for a job of a folder of views."""
    parts = [(b'name="request"', json.dumps(REQUEST).encode())]
    for path in sorted(views.iterdir()):
        name = f'name="{path.name}"; filename="{path.name}"'
        parts.append((name.encode(), path.read_bytes()))
    head = b"--b\r\nContent-Disposition: form-data; "
    return b"".join(head + a + b"\r\n\r\n" + b + b"\r\n" for a, b in parts) + b"--b--\r\n"


def late(begun: list[tuple[float, float]], workers: int) -> int:
    """Count jobs that began after more later ones than there are workers to pick them."""
    in_order = sorted(begun)
    starts = np.array([start for _, start in in_order])
    return int(
        sum((starts[index:] < start - 0.1).sum() > workers for index, start in enumerate(starts))
    )


def main() -> None:
    """Start a server, let the clients at it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_views(sphere_views(), folder / "views")
        command = [sys.executable, "-m", "era3d", "serve", "--json", "--port", "0"]
        command += ["--folder", str(folder / "jobs"), "--workers", str(options.workers)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
            try:
                assert server.stdout is not None
                port = json.loads(server.stdout.readline())["port"]
                report(*attack(port, server.pid, multipart(folder / "views"), options), options)
            finally:
                server.terminate()
                server.wait()


def attack(
    port: int, process: int, body: bytes, options: argparse.Namespace
) -> tuple[Seen, list[float], list[float]]:
    """Return what was seen, seconds of health calls and megabytes of the server over time."""
    seen, end = Seen(), time.monotonic() + options.seconds
    results: Any = multiprocessing.get_context("spawn").Queue()
    watcher = multiprocessing.get_context("spawn").Process(
        target=watch_health, args=(port, end, results)
    )
    watcher.start()
    clients = [Client(port, body, end, seen, seed) for seed in range(options.clients)]
    for client in clients:
        client.start()
    memory = []
    while time.monotonic() < end:
        memory.append(memory_mb(process))
        time.sleep(1.0)
    seconds = results.get()
    for client in clients:
        client.join()
    return seen, seconds, memory


def report(
    seen: Seen, health: list[float], memory: list[float], options: argparse.Namespace
) -> None:
    """Print a table for RESULTS.md."""
    half = len(memory) // 2
    middle, last = np.median(memory[half : half + 5]), np.median(memory[-5:])
    p50, p99 = np.percentile(health, [50, 99]) * 1e3
    rows = {
        "clients, seconds, workers": (options.clients, options.seconds, options.workers),
        "jobs done": len(seen.begun),
        "answers": ", ".join(f"{status}: {n}" for status, n in sorted(seen.answers.items())),
        "errors": len(seen.errors),
        "events, streams resumed": (seen.events, seen.resumed),
        "jobs out of order": late(seen.begun, options.workers),
        "health p50, p99, most": f"{p50:.1f}, {p99:.1f}, {max(health) * 1e3:.1f} ms",
        "memory half-way, at the end": f"{middle:.1f}, {last:.1f} MB ({last / middle - 1:+.1%})",
        "load of the machine": os.getloadavg()[1],
        "versions": versions(),
    }
    for key, value in rows.items():
        print(f"{key}: {value}")
    for error in seen.errors[:10]:
        print("error:", error[:300])


if __name__ == "__main__":
    main()
