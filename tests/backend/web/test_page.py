# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on a server's app: who may see it, and what Gradio must not give away."""

import io
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the extra web")
from era3d.serve.tokens import Owners, hash_of
from era3d.web.mount import add_page
from tests.backend.serve.conftest import Server
from tests.backend.serve.conftest import views as views  # a fixture

TOKEN, OTHER = "x" * 30, "y" * 30
GRADIO = "/gradio_api"


def made(folder, **settings):
    server = Server(folder, **settings)
    add_page(server.app, server.settings)
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with made(tmp_path_factory.mktemp("open") / "jobs") as server:
        yield server


@pytest.fixture
def guarded(tmp_path):
    tokens = Owners(frozenset({hash_of(TOKEN), hash_of(OTHER)}))
    with made(tmp_path / "jobs", tokens=tokens) as server:
        server.client.follow_redirects = False
        yield server


def picture():
    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[16:48, 16:48] = 200, 40, 40
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def upload(server, content, **more):
    return server.client.post(f"{GRADIO}/upload", files={"files": ("a.png", content)}, **more)


def call(server, name, data, **more):
    """Do what the browser does when a control is used."""
    functions = server.client.get("/config").json()["dependencies"]
    index = next(each["id"] for each in functions if each["api_name"] == name)
    body = {"data": data, "fn_index": index, "session_hash": "test"}
    return server.client.post(f"{GRADIO}/run/predict", json=body, **more)


def a_file(path):
    return {"path": str(path), "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}


def test_the_page_is_there_and_may_load_nothing_from_elsewhere(server):
    answer = server.client.get("/")
    assert answer.status_code == 200
    policy = dict(
        each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'self'"
    assert all("http" not in allowed and "*" not in allowed for allowed in policy.values())
    theme = server.client.get("/theme.css").text
    assert "http" not in theme.replace("http://www.w3.org", "")


def test_nobody_is_told_that_it_runs(server):
    config = server.client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert not config.get("is_space")


def test_what_a_browser_uploads_is_shown_cut_out(server):
    path = upload(server, picture()).json()[0]
    answer = call(server, "preview", [a_file(path), 420])
    assert answer.status_code == 200
    assert "data:image/png;base64," in answer.text
    assert "plain background" in answer.text


def test_a_file_that_was_not_uploaded_is_not_read(server, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    for path in (secret, f"{server.settings.folder}/.page/../../../{secret}", "/etc/passwd"):
        answer = call(server, "preview", [a_file(path), 420])
        assert answer.status_code == 500
        assert "data:image" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "//etc/passwd",
        "../../etc/passwd",
        "{folder}/{job}/input.png",
        "{folder}/{job}/request.json",
        "{folder}/.page/../{job}/request.json",
        "{folder}/.page/%2e%2e/{job}/request.json",
        "{folder}/.page/..%2f{job}%2frequest.json",
        "{folder}/.workers/worker-0.log",
        "C:\\\\Windows\\\\win.ini",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
    ],
)
def test_no_file_but_an_upload_is_served(server, views, path):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    asked = path.format(folder=server.settings.folder, job=job)
    answer = server.client.get(f"{GRADIO}/file={asked}")
    assert answer.status_code in (403, 404), asked
    assert "root:" not in answer.text
    assert "schema_version" not in answer.text


def test_an_upload_is_bounded(tmp_path):
    with made(tmp_path / "jobs", limits={"upload_bytes": 2**16}) as server:
        assert upload(server, bytes(2**17)).status_code == 413
        assert upload(server, picture()).status_code == 200


def test_a_picture_with_too_many_pixels_is_not_decoded(tmp_path):
    with made(tmp_path / "jobs", limits={"megapixels": 0.001}) as server:
        path = upload(server, picture()).json()[0]
        assert "scale it to 0.001 megapixels" in call(server, "preview", [a_file(path), 420]).text


def test_nothing_is_taken_in_on_a_full_disk(tmp_path):
    with made(tmp_path / "jobs", limits={"free_bytes": 2**62}) as server:
        answer = upload(server, picture())
        assert answer.status_code == 507
        assert "disk is nearly full" in answer.json()["error"]


def test_what_was_uploaded_before_is_gone_after_a_start(tmp_path):
    with made(tmp_path / "jobs") as server:
        path = upload(server, picture()).json()[0]
        time.sleep(0.1)
    with made(tmp_path / "jobs") as server:
        assert server.client.get(f"{GRADIO}/file={path}").status_code == 403


def test_without_a_token_there_is_only_the_way_in(guarded):
    answer = guarded.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "token" in guarded.client.get("/login").text
    for path in ("/config", "/theme.css", f"{GRADIO}/file=/etc/passwd", "/assets/a.js"):
        assert guarded.client.get(path).status_code == 401, path
    assert upload(guarded, picture()).status_code == 401
    assert guarded.client.post("/login", data={"token": "z" * 30}).status_code == 401


def test_a_token_lets_a_browser_in_to_page_and_interface(guarded):
    answer = guarded.client.post("/login", data={"token": f" {TOKEN} "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert guarded.client.get("/").status_code == 200
    assert guarded.client.get("/v1/metrics").status_code == 200
    evil = {"origin": "https://evil.example"}
    assert guarded.client.get("/v1/metrics", headers=evil).status_code == 401
    assert guarded.client.post("/logout").status_code == 303
    assert guarded.client.get("/v1/metrics").status_code == 401


def test_one_sees_no_job_of_another(guarded, views):
    bearer = {"authorization": f"Bearer {TOKEN}"}
    job = guarded.submit(views, headers=bearer).json()["id"]
    known = {"open": job, "jobs": [[job, "theirs"]]}
    guarded.client.post("/login", data={"token": OTHER})
    answer = call(guarded, "come_back", [known, None])
    assert "no longer on the server" in answer.text
    guarded.client.post("/login", data={"token": TOKEN})
    assert "no longer on the server" not in call(guarded, "come_back", [known, None]).text


def test_a_page_elsewhere_cannot_use_an_open_server(server):
    answer = upload(server, picture(), headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_no_token_is_logged(guarded, caplog):
    caplog.set_level("INFO")
    guarded.client.post("/login", data={"token": TOKEN})
    guarded.client.get("/")
    assert "/login" in caplog.text
    assert TOKEN not in caplog.text
