# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carriers, servers and workers killed at random moments, with a quick worker and the real one."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.backend.serve.test_kills import SERVER, WORKER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
CARRIER = Path(__file__).parents[3] / "era3d_blender" / "carrier"
REQUEST = {"quality": "draft", "method": "hull", "cells": 64, "faces": 400, "texture_size": 64}
VIEWS_REQUEST = {"source": "views"} | REQUEST
PATIENCE = 600.0
REAL_SERVER = "import sys; from era3d.cli import main; sys.exit(main(['serve', *sys.argv[1:]]))"


class Studio:
    """A server on one port, started there again whenever it has been killed."""

    def __init__(self, folder: Path, real: bool) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "worker.py").write_text(WORKER)
        quick = [SERVER, str(folder / "worker.py")]
        self._command = [sys.executable, "-c", *([REAL_SERVER] if real else quick)]
        self.start()

    def start(self) -> None:
        options = ["--json", "--port", str(self.port), "--folder", str(self.folder / "jobs")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, *options], stdout=subprocess.PIPE, stderr=log
            )
        # A port that something left behind still held would be said here.
        assert self.process.stdout.readline(), (self.folder / "server.log").read_text()

    def worker(self) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children(recursive=True):
            return child
        return None

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Artist(threading.Thread):
    """Has one mesh after another made, of a picture or of views, by carriers that are killed."""

    def __init__(self, name: str, folder: Path, source: Path, port: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.source = folder / name, source
        self.folder.mkdir()
        self.state_file = self.folder / "carrier.json"
        self.environ = os.environ | {"ERA3D_SERVER": f"http://127.0.0.1:{port}", "ERA3D_TOKEN": ""}
        self.over, self.done, self.faults = threading.Event(), [], []
        self.job = self.folder / "job-0"
        self.carrier = self._carrier()

    def _carrier(self) -> subprocess.Popen:
        command = [sys.executable, "-I", str(CARRIER), "--state", str(self.state_file)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=self.environ)

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self._one_job()
        except Exception as error:
            self.faults.append(repr(error))

    def _one_job(self) -> None:
        self.job = self.folder / f"job-{len(self.done)}"
        self.job.mkdir()
        self.order = {"command": "run", "job": str(self.job)}
        if self.source.is_dir():
            shutil.copytree(self.source, self.job / "views")
            (self.job / "request.json").write_text(json.dumps(VIEWS_REQUEST))
        else:
            more = {"command": "generate", "picture": str(self.source), "request": REQUEST}
            self.order |= more
        end = None
        while self._errand() != 0:
            if self.over.is_set():  # nothing is killed any more
                end = end or time.monotonic() + PATIENCE
                assert time.monotonic() < end, (self.job / "events.jsonl").read_text()
        self.done.append(self.job)

    def _errand(self) -> int | None:
        """Give the order once; None if the carrier was killed."""
        if self.carrier.poll() is not None:
            self.carrier = self._carrier()
        name, carrier = os.urandom(8).hex(), self.carrier
        try:
            carrier.stdin.write(json.dumps(self.order | {"id": name}).encode())
            carrier.stdin.write(b"\n")
            carrier.stdin.flush()
        except OSError:
            return None
        while carrier.poll() is None:
            last = self._last()
            if last.get("id") == name:
                return last["code"]
            time.sleep(0.02)
        return None

    def _last(self) -> dict:
        try:
            return json.loads(self.state_file.read_text()).get("last") or {}
        except (OSError, ValueError):
            return {}


@pytest.mark.parametrize("real", [False, True], ids=["quick", "real"])
def test_whoever_is_killed_every_job_ends_and_nothing_is_half(tmp_path, views, real, capsys):
    luck, kills = random.Random(5), int(os.environ.get("ERA3D_KILLS", "30"))
    picture = tmp_path / "picture.png"
    Image.fromarray(
        np.pad(np.full((100, 80, 3), 90, np.uint8), ((60,), (70,), (0,)), constant_values=255)
    ).save(picture)
    studio = Studio(tmp_path, real)
    sources = {"one": picture, "two": views[0].parent, "three": views[0].parent}
    artists = [Artist(name, tmp_path, source, studio.port) for name, source in sources.items()]
    for artist in artists:
        artist.start()
    killed: Counter[str] = Counter()
    seen: dict[Path, int] = {}
    for number in range(kills):
        if real:
            await_work(studio.folder / "jobs", luck.choice(("started", "finished")))
        time.sleep(luck.uniform(0.0, 2.0))
        who, artist = luck.choice(("server", "worker", "carrier")), luck.choice(artists)
        job = artist.job if who == "carrier" else newest(studio.folder / "jobs")
        killed[f"{who} during {stage_of(job)}"] += 1
        kill(who, studio, artist)
        check_whole(tmp_path, seen)
        assert not [artist.faults for artist in artists if artist.faults]
        if number % 20 == 19:
            with capsys.disabled():
                print(f"\n{number + 1} kills, {sum(len(a.done) for a in artists)} jobs done")
    for artist in artists:
        artist.over.set()
    for artist in artists:
        artist.join(2 * PATIENCE)
        assert not artist.faults
        assert artist.done
    check_whole(tmp_path, seen)
    for artist in artists:
        for job in artist.done:
            check_complete(job, studio.folder / "jobs")
    sent = [path.parent for path in (tmp_path / "jobs").glob("*/request.json")]
    assert len(sent) == sum(len(artist.done) for artist in artists)
    studio.kill()
    for artist in artists:
        artist.carrier.kill()
        artist.carrier.wait()
    check_nothing_is_left(tmp_path, studio.port)
    with capsys.disabled():
        print(f"\n{kills} kills, {len(sent)} jobs:", dict(sorted(killed.items())))


def kill(who: str, studio: Studio, artist: Artist) -> None:
    if who == "server":
        studio.kill()
        studio.start()
    elif who == "carrier":
        artist.carrier.kill()
    elif (worker := studio.worker()) is not None:
        worker.send_signal(signal.SIGKILL)


def await_work(jobs: Path, kind: str) -> None:
    """Wait until a stage has started or finished: so kills meet work, and work gets done."""
    word = f'"kind": "{kind}"'

    def count() -> int:
        return sum(path.read_text().count(word) for path in jobs.glob("*/events.jsonl"))

    before, end = count(), time.monotonic() + PATIENCE
    while count() <= before:
        assert time.monotonic() < end, f"no stage has {kind}"
        time.sleep(0.05)


def newest(jobs: Path) -> Path:
    """The job that something happened in last."""
    paths = [*jobs.glob("*/events.jsonl")]
    return max(paths, key=lambda path: path.stat().st_mtime_ns).parent if paths else jobs


def stage_of(job: Path) -> str:
    """What a job's last event here is about."""
    events = events_of(job)
    if not events:
        return "its beginning"
    return events[-1].get("stage") or ("its end" if events[-1]["kind"] == "done" else "its work")


def check_whole(folder: Path, seen: dict[Path, int]) -> None:
    """Whatever stands under its final name can be read to its end, at any moment.

    What has not changed since it was ``seen`` is not read again.
    """
    names = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    for path in names:  # what vanishes meanwhile is passed over
        if "/." in str(path.relative_to(folder)) or path.name[0] == ".":
            continue
        try:
            changed = path.stat().st_mtime_ns
            if seen.get(path) == changed:
                continue
            if path.suffix == ".png":
                with Image.open(path) as picture:
                    picture.load()
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".glb":
                content = path.read_bytes()
                assert int.from_bytes(content[8:12], "little") == len(content), path
            elif path.suffix == ".bin":
                assert path.stat().st_size == 2000, path
            seen[path] = changed
        except FileNotFoundError:
            pass


def check_complete(job: Path, jobs: Path) -> None:
    """The job is here as it is there, and its events were told once."""
    twin = jobs / json.loads((job / ".remote.json").read_text())["id"]
    assert events_of(job) == events_of(twin)
    assert json.loads((job / "events.jsonl").read_text().splitlines()[-1])["kind"] == "done"
    made = [path for path in twin.rglob("*") if path.is_file() and "." not in path.name[0]]
    for path in made:
        if path.name not in ("events.jsonl", "log.txt"):
            assert (job / path.relative_to(twin)).read_bytes() == path.read_bytes()
    for folder in (job, twin):
        assert not list(folder.rglob(".tmp-*"))


def events_of(folder: Path) -> list[dict]:
    """The events in a folder; lines that a kill cut are none."""
    path, found = folder / "events.jsonl", []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def check_nothing_is_left(folder: Path, port: int) -> None:
    """No process that knows of the folder lives, and the port is free."""
    end = time.monotonic() + 30.0
    while left := [each for each in psutil.process_iter(["cmdline"]) if knows(each, folder)]:
        assert time.monotonic() < end, left
        time.sleep(0.2)
    with socket.create_server(("127.0.0.1", port)):
        pass


def knows(process: psutil.Process, folder: Path) -> bool:
    return any(str(folder) in part for part in process.info["cmdline"] or ())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
