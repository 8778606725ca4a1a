# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs over HTTP: taken in, queued, run in order, run again, cancelled, deleted."""

import io
import json
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from tests.backend.serve.conftest import REQUEST, Server
from tests.backend.test_lock import HOLD


def picture(mode="RGB", size=(64, 48), kind="PNG") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 90).save(file, kind)
    return file.getvalue()


def post(server, request, **files):
    form = {"request": json.dumps(request)}
    return server.client.post("/v1/jobs", data=form, files=files)


def test_a_job_of_views_runs_and_its_files_are_those_that_were_sent(server, views):
    answer = server.submit(views)
    assert answer.status_code == 202
    job = answer.json()["id"]
    state = server.until(job, "finished")
    assert state["request"]["cells"] == 64
    assert (state["message"], state["ahead"]) == ("", None)
    folder = server.settings.folder / job
    for path in views:
        assert (folder / "views" / path.name).read_bytes() == path.read_bytes()
    assert (folder / "cameras.json").exists()
    assert not list(folder.rglob(".tmp-*"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_as_a_png(server, kind):
    sent = picture(kind=kind)
    answer = post(server, {}, picture=("../../evil.png", sent))
    assert answer.status_code == 202
    kept = (server.settings.folder / answer.json()["id"] / "input.png").read_bytes()
    assert Image.open(io.BytesIO(kept)).format == "PNG"
    assert kind != "PNG" or kept == sent


def test_other_names_and_missing_alpha_are_brought_into_our_form(server, tmp_path, views):
    files = {}
    for path in views:
        kind, view = path.stem.split("_", 1)
        named = f"rgb_000_{view}.png" if kind == "color" else f"normals_000_{view}.png"
        Image.open(path).convert("RGB").save(tmp_path / named)
        files[named] = (tmp_path / named).read_bytes()
    answer = post(server, REQUEST, **files)
    assert answer.status_code == 202, answer.text
    folder = server.settings.folder / answer.json()["id"] / "views"
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in views)
    assert Image.open(folder / "normal_front.png").mode == "RGBA"


def test_where_the_server_decides_the_request_does_not(tmp_path, views):
    with Server(tmp_path, device="cpu", vram_limit=2.0) as server:
        asked = REQUEST | {"device": "cuda:7", "vram_limit": 900.0}
        state = server.state(server.submit(views, asked).json()["id"])
    assert (state["request"]["device"], state["request"]["vram_limit"]) == ("cpu", 2.0)


@pytest.mark.parametrize(
    ("request_text", "status", "words"),
    [
        ("{", 422, "no JSON"),
        ("[]", 422, "no JSON object"),
        ("[" * 5000, 422, "no JSON"),
        ('{"seed": NaN}', 422, "no JSON"),
        ('{"method": "\\ud800"}', 422, "no JSON"),
        ('{"model": "/etc"}', 422, "choose mini, 6view, ortho"),
        ('{"model": "../mini"}', 422, "no such model"),
        ('{"model": ["mini"]}', 422, "no such model"),
        ('{"method": "../../x"}', 422, "method"),
        ('{"cells": 100000}', 422, "64 to 384"),
        ('{"cells": 1e400}', 422, "no JSON"),
        ('{"guidance": "much"}', 422, "wrong type"),
        ('{"out": "/tmp"}', 422, "does not know: out"),
        ('{"schema_version": 99}', 409, "update the server"),
        ('{"source": "views"}', 422, "normal_front.png is missing"),
        ("{}", 422, "picture is missing"),
        ('{"x": "' + "y" * 70_000 + '"}', 400, "exceeded"),
    ],
)
def test_a_bad_request_is_refused_in_words_and_leaves_nothing(server, request_text, status, words):
    answer = server.client.post("/v1/jobs", files={"request": (None, request_text)})
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    assert not [path for path in server.settings.folder.iterdir() if path.name[0] != "."]
    assert not list(server.settings.folder.glob(".new-*"))


@pytest.mark.parametrize("name", ["../color_front.png", "/etc/passwd", "colour_front.png", "x\n"])
def test_parts_with_other_names_are_refused(server, name):
    answer = post(server, REQUEST, **{name: picture()})
    assert answer.status_code == 422
    assert "No part may be called" in answer.json()["error"]


def test_broken_and_oversized_pictures_are_refused(tmp_path):
    with Server(tmp_path, limits={"megapixels": 0.01}) as server:
        for content, status in ((b"GIF89a", 422), (picture()[:-30], 422), (b"", 422)):
            answer = post(server, {}, picture=content)
            assert (answer.status_code, str(tmp_path) in answer.text) == (status, False)
        assert post(server, {}, picture=picture(size=(200, 200))).status_code == 413


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


@pytest.mark.parametrize(
    ("kind", "head"), [(b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0"), (b"iCCP", b"x\0\0")]
)
def test_a_bomb_beside_the_pixels_is_not_unpacked(server, kind, head):
    """50 MB in some kilobytes."""
    whole = picture()
    packed = zlib.compress(bytes(50 * 2**20), 9)
    bomb = whole[:33] + chunk(kind, head + packed) + whole[33:]
    answer = post(server, {}, picture=bomb)
    assert answer.status_code == 422
    assert "The picture is damaged" in answer.json()["error"]


def test_a_bomb_is_refused_by_its_header(server):
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + struct.pack(">I4s", 0, b"IDAT")
    assert post(server, {}, picture=bomb).status_code == 413
    assert server.client.get("/v1/health").status_code == 200


def test_oversized_and_unequal_views_are_refused(server, views, tmp_path):
    files = {path.name: path.read_bytes() for path in views}
    files["color_front.png"] = picture("RGBA", (4000, 4000))
    assert post(server, REQUEST, **files).status_code == 413
    files["color_front.png"] = picture("RGBA", (32, 32))
    answer = post(server, REQUEST, **files)
    assert answer.status_code == 422
    assert str(tmp_path) not in answer.text


def test_jobs_run_in_the_order_in_which_they_came(server, views):
    server.puppet.go.clear()
    jobs = [server.submit(views).json()["id"] for _ in range(4)]
    server.until(jobs[0], "running")
    assert [server.state(job)["ahead"] for job in jobs] == [None, 0, 1, 2]
    server.puppet.go.set()
    server.until(jobs[-1], "finished")
    assert [job for job, _ in server.puppet.ran] == jobs


def test_a_full_queue_says_when_to_come_back(tmp_path, views):
    limits = {"queue_length": 1, "jobs_per_token": 3}
    with Server(tmp_path, limits=limits) as server:
        server.puppet.go.clear()
        first = server.submit(views).json()["id"]
        server.until(first, "running")
        second = server.submit(views).json()["id"]
        refused = server.submit(views)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        server.puppet.go.set()
        server.until(second, "finished")
        assert server.submit(views).status_code == 202


def test_one_token_cannot_take_all_places(tmp_path, views):
    with Server(tmp_path, limits={"jobs_per_token": 2}) as server:
        server.puppet.go.clear()
        assert [server.submit(views).status_code for _ in range(3)] == [202, 202, 429]
        server.puppet.go.set()


def test_a_full_disk_is_said(tmp_path, views):
    with Server(tmp_path, limits={"free_bytes": 2**62}) as server:
        assert server.submit(views).status_code == 507


def test_a_request_that_is_sent_again_makes_one_job(server, views):
    first, second, other = (
        server.submit(views, headers={"Idempotency-Key": key}).json()["id"] for key in "aab"
    )
    assert first == second != other


def test_a_failed_job_says_why_without_the_servers_paths(server, views):
    server.puppet.fails_with = "Traceback\n  File '/srv/x.py'\nInputError: {job}/input.png is bad"
    job = server.submit(views).json()["id"]
    assert server.until(job, "failed")["message"] == "InputError: input.png is bad"
    page = server.client.get(f"/v1/jobs/{job}/events?since=0").json()
    last = page["events"][-1]
    assert (last["kind"], last["message"]) == ("failed", "InputError: input.png is bad")
    assert (page["code"], page["message"]) == (1, "InputError: input.png is bad")


def test_a_running_and_a_waiting_job_can_be_cancelled(server, views):
    server.puppet.go.clear()
    running, waiting = (server.submit(views).json()["id"] for _ in range(2))
    server.until(running, "running")
    for job in (waiting, running):
        assert server.client.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
        events = server.client.get(f"/v1/jobs/{job}/events?since=0").json()["events"]
        assert events[-1]["kind"] == "cancelled"
    assert [job for job, _ in server.puppet.ran] == [running]
    assert server.client.post(f"/v1/jobs/{running}/cancel").json()["state"] == "cancelled"


@pytest.mark.parametrize("state", ["running", "finished"])
def test_a_deleted_job_leaves_nothing(server, views, state):
    if state == "running":
        server.puppet.go.clear()
    job = server.submit(views).json()["id"]
    server.until(job, state)
    assert server.client.delete(f"/v1/jobs/{job}").status_code == 204
    assert server.client.get(f"/v1/jobs/{job}").status_code == 404
    assert server.client.delete(f"/v1/jobs/{job}").status_code == 404
    assert not [path for path in server.settings.folder.iterdir() if job in path.name]


def test_a_job_runs_again_from_a_stage_and_with_other_settings(server, views):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    run = {"from": "texture", "request": REQUEST | {"texture_size": 256}}
    answer = server.client.post(f"/v1/jobs/{job}/run", json=run)
    assert answer.status_code == 202
    assert answer.json()["request"]["texture_size"] == 256
    server.until(job, "finished")
    assert server.puppet.ran == [(job, None), (job, "texture")]


def test_a_run_ends_after_the_stage_that_was_asked_for(server, views):
    job = server.submit(views, until="mesh").json()["id"]
    assert server.until(job, "finished")["last"] == "mesh"
    server.client.post(f"/v1/jobs/{job}/run", json={"until": "texture"})
    assert server.until(job, "finished")["last"] == "texture"
    server.client.post(f"/v1/jobs/{job}/run", json={})
    assert server.until(job, "finished")["last"] is None
    assert server.puppet.lasts == ["mesh", "texture", None]
    for until in ("views", "../x", ""):
        assert server.submit(views, until=until).status_code == 422


@pytest.mark.parametrize(
    "run",
    [
        {"from": "prepare"},
        {"until": "views"},
        {"from": "texture", "until": "mesh"},
        {"from": "../x"},
        {"form": "mesh"},
        {"request": {"model": "/"}},
        [],
        3,
    ],
)
def test_a_run_that_cannot_be_is_refused_and_changes_nothing(server, views, run):
    job = server.submit(views).json()["id"]
    before = server.until(job, "finished")
    answer = server.client.post(f"/v1/jobs/{job}/run", json=run)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert server.state(job) == before


def test_a_busy_job_is_not_run_twice(server, views):
    server.puppet.go.clear()
    job = server.submit(views).json()["id"]
    assert server.client.post(f"/v1/jobs/{job}/run", json={}).status_code == 409
    server.puppet.go.set()


def test_a_job_that_a_killed_servers_worker_still_holds_can_be_run_in_a_moment(server, views):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    folder = server.settings.folder / job
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as orphan:
        assert orphan.stdout.readline() == b"held\n"
        answer = server.client.post(f"/v1/jobs/{job}/run", json={})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        orphan.stdin.close()
    assert server.client.post(f"/v1/jobs/{job}/run", json={}).status_code == 202


def test_jobs_survive_a_restart_and_go_on_in_their_order(tmp_path, views):
    with Server(tmp_path) as server:
        done = server.submit(views).json()["id"]
        server.until(done, "finished")
        server.puppet.go.clear()
        left = [server.submit(views).json()["id"] for _ in range(3)]
        server.until(left[0], "running")
    with Server(tmp_path) as server:
        assert server.state(done)["state"] == "finished"
        server.until(left[-1], "finished")
        assert [job for job, _ in server.puppet.ran] == left


def test_a_job_that_takes_the_server_down_each_time_is_given_up(tmp_path, views):
    job = None
    for _ in range(3):
        with Server(tmp_path, held=True) as server:
            job = job or server.submit(views).json()["id"]
            server.until(job, "running")
            record = tmp_path / job / ".server.json"
            content = record.read_text()
        record.write_text(content)  # as a server that was killed leaves it
    with Server(tmp_path) as server:
        assert "went down" in server.until(job, "failed")["message"]


def test_a_server_that_is_restarted_in_order_gives_no_job_up(tmp_path, views):
    job = None
    for _ in range(4):
        with Server(tmp_path, held=True) as server:
            job = job or server.submit(views).json()["id"]
            server.until(job, "running")
    with Server(tmp_path) as server:
        server.until(job, "finished")


def test_two_workers_run_two_jobs_at_a_time(tmp_path, views):
    with Server(tmp_path, puppets=2, held=True) as server:
        jobs = [server.submit(views).json()["id"] for _ in range(3)]
        for job in jobs[:2]:
            server.until(job, "running")
        told = server.client.get("/v1/health").json()
        assert (told["running"], told["queued"]) == (2, 1)
        for puppet in server.puppets:
            puppet.go.set()
        server.until(jobs[2], "finished")
