# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs carried to a server and home: the server is real, only what computes is quick."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import glyph
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the server's packages are not installed")
import uvicorn
from PIL import Image

from era3d.serve.app import create_app
from era3d.serve.listen import Address, listen
from era3d.serve.settings import ServerSettings
from era3d.serve.tokens import Owners, new_token
from era3d_blender.client.environment import (
    Generation,
    generate_order,
    rebuild_order,
    remote_worker,
)
from era3d_blender.client.supervisor import Supervisor
from era3d_blender.client.worker import Worker, WorkerRun
from tests.backend.serve.conftest import LIMITS, Puppet, Server, listening

CARRIER = Path(__file__).parents[3] / "era3d_blender" / "carrier"
SMALL = Path(__file__).parents[2] / "data" / "job_small"


class Studio:
    """A server on a port of its own."""

    def __init__(self, folder: Path, **settings) -> None:
        self.puppet, self.folder = Puppet(), folder
        settings = {"limits": LIMITS} | settings
        app = create_app(ServerSettings(folder, **settings), [self.puppet])
        self._socket = listen(Address(port=0))
        self.port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def stop(self) -> None:
        self.puppet.go.set()
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()


@pytest.fixture
def studio(tmp_path):
    studio = Studio(tmp_path / "studio")
    yield studio
    studio.stop()


@pytest.fixture
def carrier(tmp_path):
    """Start carriers to an address; they are ended with the test."""
    workers = []

    def start(port: int, token: str = "") -> Worker:
        way = remote_worker(f"http://127.0.0.1:{port}", token)
        folder = tmp_path / f"carrier-{len(workers)}"
        folder.mkdir()
        workers.append(Worker(way.command, folder, way.environ))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "letter.png"
    path.write_bytes(glyph.png(glyph.view(0)[0]))
    return path


def job_of(worker: Worker, folder: Path, order: dict) -> Supervisor:
    folder.mkdir(exist_ok=True)
    return Supervisor(
        worker.command,
        folder,
        os.environ,
        launch=lambda job: WorkerRun(worker, order, job.log, job.grace),
    )


def generation(worker: Worker, folder: Path, picture: Path, model: str = "mini") -> Supervisor:
    return job_of(worker, folder, generate_order(Generation(picture, {"model": model}), folder))


def kinds(folder: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in (folder / "events.jsonl").open()]


def until(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_picture_goes_there_and_a_mesh_comes_back(studio, carrier, picture, tmp_path):
    job = generation(carrier(studio.port), tmp_path / "job", picture)
    assert job.run() == "finished", job.details()
    assert (tmp_path / "job/mesh.glb").read_bytes() == bytes(range(256)) * 40
    assert (tmp_path / "job/request.json").is_file()
    assert kinds(tmp_path / "job") == ["started", "done"]
    assert not list((tmp_path / "job").rglob(".tmp-*"))


def test_cancelled_here_it_ends_there(studio, carrier, picture, tmp_path):
    studio.puppet.go.clear()
    job = generation(carrier(studio.port), tmp_path / "job", picture)
    job.start()
    until(lambda: job.poll() is not None and job.stages["mesh"].state == "running")
    job.cancel()
    until(lambda: job.poll() is not None and not job.active)
    assert (job.state, job.exit_code) == ("cancelled", 143)
    assert studio.puppet.cancelled


def test_what_fails_there_is_told_here(studio, carrier, picture, tmp_path):
    studio.puppet.fails_with = "The moon is in the wrong quarter."
    job = generation(carrier(studio.port), tmp_path / "job", picture)
    assert job.run() == "failed"
    assert job.message == "The moon is in the wrong quarter."
    assert job.exit_code == 1
    studio.puppet.fails_code = 2  # as a worker says of a picture that cannot be used
    again = generation(carrier(studio.port), tmp_path / "again", picture)
    assert (again.run(), again.exit_code) == ("failed", 2)


def test_the_log_says_what_was_asked_of_whom(studio, carrier, picture, tmp_path):
    generation(carrier(studio.port, "a-token"), tmp_path / "job", picture).run()
    order, taken, ended = (tmp_path / "job/log.txt").read_text().splitlines()
    assert str(picture) in order
    assert f"http://127.0.0.1:{studio.port} has it as job" in taken
    assert ended.endswith("finished")
    assert "a-token" not in order + taken


def test_a_refusal_is_told_in_the_servers_words(studio, carrier, picture, tmp_path):
    job = generation(carrier(studio.port), tmp_path / "job", picture, "/etc/passwd")
    assert job.run() == "failed"
    assert "no such model" in job.message


def test_the_token_opens_and_is_written_nowhere(carrier, picture, tmp_path):
    token = new_token(tmp_path / "tokens.txt")
    studio = Studio(tmp_path / "studio", tokens=Owners(frozenset(), tmp_path / "tokens.txt"))
    try:
        wrong = generation(carrier(studio.port, "wrong"), tmp_path / "wrong", picture)
        assert wrong.run() == "failed"
        assert "asks for a token" in wrong.message
        right = generation(carrier(studio.port, token), tmp_path / "right", picture)
        assert right.run() == "finished", right.details()
    finally:
        studio.stop()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
    assert token not in right.details()


def test_a_killed_carrier_finds_its_job_again(studio, carrier, picture, tmp_path):
    studio.puppet.go.clear()
    first = carrier(studio.port)
    job = generation(first, tmp_path / "job", picture)
    job.start()
    until(lambda: job.poll() is not None and job.stages["mesh"].state == "running")
    first.kill()
    until(lambda: job.poll() is not None and not job.active)
    again = generation(carrier(studio.port), tmp_path / "job", picture)
    again.start()
    threading.Timer(1.0, studio.puppet.go.set).start()
    until(lambda: again.poll() is not None and not again.active)
    assert again.state == "finished"
    assert len(studio.puppet.ran) == 1
    assert kinds(tmp_path / "job") == ["started", "done"]


def test_a_painted_view_is_sent_before_the_rebuild(studio, carrier, tmp_path):
    folder = shutil.copytree(SMALL, tmp_path / "job")
    worker = carrier(studio.port)
    for round_ in range(2):  # at first the server does not know the job
        pixels = glyph.png(glyph.view(round_)[0])
        (folder / "views/color_back.png").write_bytes(pixels)
        order = rebuild_order(folder, "texture")
        assert job_of(worker, folder, order).run() == "finished"
    (there,) = [path for path in studio.folder.iterdir() if (path / "views").is_dir()]
    ours = (folder / "views/color_back.png").read_bytes()
    assert (there / "views/color_back.png").read_bytes() == ours
    # A job that it does not know has no mesh there yet.
    assert [first for _, first in studio.puppet.ran] == ["mesh", "texture"]


class CuttingProxy:
    """Passes a connection on, and cuts some of them after some bytes: by default every other."""

    def __init__(self, port: int, most: int, every: int = 2) -> None:
        self._to, self._most, self._every, self.cuts = port, most, every, 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        number = -1
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            number += 1
            most = self._most if number % self._every < 1 else 10**9
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(one, other, most), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, most: int) -> None:
        try:
            while data := one.recv(min(4096, most)):
                other.sendall(data)
                most -= len(data)
                if most <= 0:
                    self.cuts += 1
                    break
        except OSError:
            pass
        for side in (one, other):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("most", [300, 2000, 6000])
def test_a_line_that_is_cut_costs_nothing_but_time(studio, carrier, picture, tmp_path, most):
    proxy = CuttingProxy(studio.port, most)
    job = generation(carrier(proxy.port), tmp_path / "job", picture)
    assert job.run() == "finished", job.details()
    proxy.close()
    assert proxy.cuts
    assert len(studio.puppet.ran) == 1
    assert kinds(tmp_path / "job") == ["started", "done"]
    assert (tmp_path / "job/mesh.glb").read_bytes() == bytes(range(256)) * 40


def test_where_every_line_is_cut_a_file_comes_in_parts(studio, carrier, picture, tmp_path):
    proxy = CuttingProxy(studio.port, 6000, every=1)
    job = generation(carrier(proxy.port), tmp_path / "job", picture)
    assert job.run() == "finished", job.details()
    proxy.close()
    content = (tmp_path / "job/mesh.glb").read_bytes()
    assert content == bytes(range(256)) * 40
    assert len(content) > 6000


class Rude(threading.Thread):
    """Something that is no server of ours: gives the answers that it was told, one a connection."""

    def __init__(self, *answers: bytes) -> None:
        super().__init__(daemon=True)
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.start()

    def run(self) -> None:
        for answer in self._answers:
            client, _ = self._socket.accept()
            with client:
                client.recv(2**16)
                client.sendall(answer)
                client.shutdown(socket.SHUT_WR)
                while client.recv(2**16):
                    pass
        self._socket.close()


HTML = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html>Sign in"


@pytest.mark.parametrize("later", [b"Wed, 21 Oct 2026 07:28:00 GMT", b"-3", b"nan", b"1e999"])
def test_a_proxy_that_says_strange_things_about_later_is_asked_again(modules, later):
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: " + later + b"\r\n\r\n"
    good = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": 12}'
    rude, pauses = Rude(busy, good), []
    server = modules[1].Server(f"http://127.0.0.1:{rude.port}", "", pauses.append)
    assert server.get("/v1/health") == {"a": 12}
    assert all(0.0 <= each <= 60.0 for each in pauses)


def test_what_answers_in_another_language_is_no_server_of_ours(carrier, picture, tmp_path):
    job = generation(carrier(Rude(HTML).port), tmp_path / "job", picture)
    assert job.run() == "failed"
    assert "is it a server of Era3D?" in job.message


def test_what_was_fetched_whole_before_a_kill_is_not_asked_for_past_its_end(
    studio, carrier, picture, tmp_path
):
    worker, folder = carrier(studio.port), tmp_path / "job"
    assert generation(worker, folder, picture).run() == "finished"
    mesh = folder / "mesh.glb"
    content = mesh.read_bytes()
    for left in (content, content[:99], content + b"more", b"x" * len(content)):
        mesh.rename(folder / ".tmp-carried-mesh.glb").write_bytes(left)
        assert job_of(worker, folder, rebuild_order(folder)).run() == "finished"
        assert mesh.read_bytes() == content


def test_an_order_that_a_killed_blender_left_half_ends_the_carrier(carrier, studio):
    worker = carrier(studio.port)
    worker._process.stdin.write(b'{"command": "ru')
    worker.close()
    until(lambda: worker.poll() is not None, 10.0)


def test_where_nothing_can_be_written_the_carrier_lives_on_to_say_so(
    studio, carrier, picture, tmp_path
):
    """As on a full disk: not even the failure can be told among the events."""
    worker, folder = carrier(studio.port), tmp_path / "job"
    (folder / "events.jsonl").mkdir(parents=True)
    job = generation(worker, folder, picture)
    assert job.run() == "failed"
    assert job.exit_code == 1
    assert worker.poll() is None
    (folder / "events.jsonl").rmdir()
    assert generation(worker, folder, picture).run() == "finished"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
def test_a_certificate_of_ones_own_making_is_refused_at_once_with_a_way_out(
    carrier, picture, tmp_path
):
    pem = self_signed(tmp_path)
    made = Server(tmp_path / "studio")
    with listening(made, certificate=pem, key=pem) as port:
        way = remote_worker(f"https://localhost:{port}", "")
        worker = Worker(way.command, tmp_path, way.environ)
        job = generation(worker, tmp_path / "job", picture)
        began = time.monotonic()
        assert job.run() == "failed"
        assert time.monotonic() - began < 10.0
        assert "SSL_CERT_FILE" in job.message
        worker.kill()
        trusting = Worker(way.command, tmp_path, {**way.environ, "SSL_CERT_FILE": str(pem)})
        again = generation(trusting, tmp_path / "job", picture)
        assert again.run() == "finished", again.details()
        trusting.kill()


def self_signed(folder: Path) -> Path:
    """A certificate for this computer and its key, in one file."""
    pem = folder / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out", folder / "own.crt"]
    subprocess.run([*command, *more], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (folder / "own.crt").read_text())
    return pem


def test_an_address_that_never_answered_is_not_waited_for_as_one_that_did(modules, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(modules[1].time, "monotonic", lambda: now[0])

    def pause(seconds: float) -> None:
        now[0] += seconds

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = modules[1].Server(f"http://127.0.0.1:{port}", "", pause)
    with pytest.raises(modules[1].UnreachableError, match="cannot be reached"):
        server.get("/v1/health")
    assert now[0] < 60.0


@pytest.fixture
def modules(monkeypatch):
    """The carrier's modules, imported as its own process does."""
    monkeypatch.syspath_prepend(str(CARRIER))
    names = ("mirror", "server", "errand")
    for name in names:
        sys.modules.pop(name, None)
    import mirror
    import server

    yield mirror, server
    for name in names:
        sys.modules.pop(name, None)


def test_what_ran_here_stays_in_the_record_when_the_rest_ran_there(modules, tmp_path):
    path, arrived = tmp_path / "job.json", tmp_path / ".tmp-carried-job.json"
    path.write_text(json.dumps({"stages": {"views": {"model": "mini"}, "mesh": {"seconds": 1}}}))
    arrived.write_text(json.dumps({"stages": {"mesh": {"seconds": 9}}, "versions": {"era3d": "1"}}))
    modules[0]._merge_records(arrived, path)
    record = json.loads(path.read_text())
    assert record["stages"] == {"views": {"model": "mini"}, "mesh": {"seconds": 9}}
    assert record["versions"] == {"era3d": "1"}
    path.write_text("half a rec")
    arrived.write_text('{"stages": {}}')
    modules[0]._merge_records(arrived, path)
    assert path.read_text() == '{"stages": {}}'
    assert [each.name for each in tmp_path.iterdir()] == ["job.json"]


EVIL = ["../a.png", "/etc/passwd", "views/../../a", ".hidden", "views/.a", "a//b", "a\\b", "", None]
EVIL += ["views/sub/a.png", "C:a.png", "events.jsonl", "log.txt", "a.png\n", "a b.png", 7]


@pytest.mark.parametrize("name", EVIL)
def test_a_server_writes_nothing_else(modules, name):
    assert not modules[0].may_be_written(name)


@pytest.mark.parametrize("name", ["mesh.glb", "views/color_front_right.png", "job.json"])
def test_a_server_may_write_a_jobs_files(modules, name):
    assert modules[0].may_be_written(name)


@pytest.mark.parametrize("url", ["", "studio:8501", "ftp://studio", "http://"])
def test_what_is_no_address_is_refused(modules, url):
    with pytest.raises(modules[1].RefusedError, match="no address"):
        modules[1].Server(url, "")


def test_a_token_does_not_travel_in_the_open(modules):
    with pytest.raises(modules[1].RefusedError, match="https"):
        modules[1].Server("http://studio.example:8501", "secret")
    modules[1].Server("http://127.0.0.1:8501", "secret")
    modules[1].Server("https://studio.example:8501", "secret")


def order_to_its_end(worker: Worker, folder: Path, order: dict) -> Supervisor:
    job = job_of(worker, folder, order)
    assert job.run() == "finished", job.details()
    return job


def folders(studio: Studio) -> list[Path]:
    return [path for path in studio.folder.iterdir() if (path / "request.json").is_file()]


def test_stages_settings_and_a_mask_go_along(studio, carrier, picture, tmp_path):
    worker, folder = carrier(studio.port), tmp_path / "job"
    folder.mkdir()
    (folder / "mask.png").write_bytes(picture.read_bytes())
    order = generate_order(Generation(picture, {"seed": 7}, until="prepare"), folder)
    order_to_its_end(worker, folder, order)
    (there,) = folders(studio)
    assert (there / "mask.png").read_bytes() == picture.read_bytes()
    assert studio.puppet.lasts == ["prepare"]
    (folder / "mask.png").unlink()
    order_to_its_end(worker, folder, rebuild_order(folder, request={"seed": 8}, until="views"))
    assert not (there / "mask.png").exists()
    assert json.loads((folder / "request.json").read_text())["seed"] == 8
    assert studio.puppet.lasts == ["prepare", "views"]


def test_a_job_from_elsewhere_keeps_its_picture_there(studio, carrier, picture, tmp_path):
    folder = shutil.copytree(SMALL, tmp_path / "job")
    shutil.copy(picture, folder / "input.png")
    source = json.loads((folder / "request.json").read_text()).get("source", "picture")
    worker = carrier(studio.port)
    order_to_its_end(worker, folder, rebuild_order(folder))
    assert json.loads((folder / "request.json").read_text()).get("source") == source
    (there,) = folders(studio)
    assert (there / "input.png").read_bytes() == picture.read_bytes()
    assert studio.puppet.ran == [(there.name, "mesh")]


def test_a_carrier_killed_between_two_breaths_tells_no_event_twice(
    studio, carrier, picture, tmp_path
):
    """What it had told, but not yet written down as told, is found in the events' file."""
    folder = tmp_path / "job"
    assert generation(carrier(studio.port), folder, picture).run() == "finished"
    twin = json.loads((folder / ".remote.json").read_text())
    (folder / ".remote.json").write_text(json.dumps(twin | {"since": 0, "length": 0}))
    assert generation(carrier(studio.port), folder, picture).run() == "finished"
    assert kinds(folder) == ["started", "done"] * 2


def test_what_was_sent_before_the_carrier_learned_its_id_is_not_sent_twice(
    studio, carrier, picture, tmp_path
):
    folder = tmp_path / "job"
    assert generation(carrier(studio.port), folder, picture).run() == "finished"
    twin = json.loads((folder / ".remote.json").read_text())
    twin |= {"id": "", "picture": "", "since": 0, "length": 0}
    (folder / ".remote.json").write_text(json.dumps(twin))
    (folder / "events.jsonl").unlink()
    assert generation(carrier(studio.port), folder, picture).run() == "finished"
    assert len(folders(studio)) == 1
    assert kinds(folder) == ["started", "done"]


def test_a_server_of_another_version_is_told_of_with_what_to_do(
    studio, carrier, picture, tmp_path, monkeypatch
):
    monkeypatch.setattr("era3d.serve.gate.PROTOCOL", 2)
    job = generation(carrier(studio.port), tmp_path / "job", picture)
    assert job.run() == "failed"
    assert "speaks protocol 2" in job.message
    assert "update the client" in job.message


def test_a_full_disk_there_is_told_here(carrier, picture, tmp_path):
    limits = replace(LIMITS, free_bytes=2**60)
    studio = Studio(tmp_path / "studio", limits=limits)
    try:
        job = generation(carrier(studio.port), tmp_path / "job", picture)
        assert job.run() == "failed"
        assert "disk is nearly full" in job.message
    finally:
        studio.stop()


def test_a_full_disk_here_leaves_no_half_of_a_file(studio, modules, tmp_path, monkeypatch):
    mirror, _ = modules

    class Full:
        def get(self, path):
            return {"files": [{"path": "mesh.glb", "sha256": "0" * 64}]}

        def fetch(self, path, into):
            into.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "mesh.glb").write_bytes(b"before")
    with pytest.raises(OSError, match="No space"):
        mirror.fetch_changes(Full(), "1", tmp_path)
    assert (tmp_path / "mesh.glb").read_bytes() == b"before"


@pytest.mark.slow
def test_twenty_megabytes_go_there_and_back_within_a_second(carrier, tmp_path, capsys):
    """Beyond the computing, which takes no time here; the best of three, since others compute."""
    studio = Studio(tmp_path / "studio")
    noise = np.random.default_rng(0).integers(0, 256, (1870, 1870, 3), np.uint8)
    picture = tmp_path / "noise.png"
    Image.fromarray(noise).save(picture, compress_level=1)
    content = noise.tobytes()[: 10 * 2**20]
    made, seconds = studio.puppet.run, []

    async def large(job: Path, *rest):
        outcome = await made(job, *rest)
        (job / "mesh.glb").write_bytes(content)
        return outcome

    studio.puppet.run = large
    try:
        worker = carrier(studio.port)
        for number in range(3):
            began = time.monotonic()
            job = generation(worker, tmp_path / f"job-{number}", picture)
            assert job.run() == "finished", job.details()
            seconds.append(time.monotonic() - began)
            assert (tmp_path / f"job-{number}/mesh.glb").read_bytes() == content
    finally:
        studio.stop()
    size = (picture.stat().st_size + len(content)) / 1e6
    with capsys.disabled():
        print(f"\n{size:.1f} MB there and back:", [f"{each:.2f} s" for each in seconds])
    assert size > 20
    assert min(seconds) < 1.0
