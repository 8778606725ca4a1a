# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes in, with how much; what is said to the others; what the log tells."""

import logging

import pytest

from era3d.serve.gate import is_loopback
from era3d.serve.tokens import Owners, hash_of
from tests.backend.serve.conftest import Server

MINE, YOURS = "m" * 40, "y" * 40


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def guarded(tmp_path):
    with Server(tmp_path, tokens=Owners(frozenset({hash_of(MINE), hash_of(YOURS)}))) as server:
        yield server


@pytest.mark.parametrize(
    "headers",
    [
        *({}, bearer("wrong"), bearer(""), bearer(hash_of(MINE)), {"Cookie": f"token={MINE}"}),
        *({"Authorization": value} for value in (MINE, f"Basic {MINE}", b"Bearer \xff")),
    ],
)
def test_without_the_right_token_everything_is_refused(guarded, headers):
    nothing = "0" * 32
    for method, path in (
        *(("POST", "jobs"), ("GET", f"jobs/{nothing}"), ("GET", "metrics"), ("GET", "nothing")),
        *(("PUT", f"jobs/{nothing}/files/input.png"), ("GET", f"jobs?token={MINE}")),
    ):
        answer = guarded.client.request(method, f"/v1/{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_each_token_sees_its_own_jobs(guarded, views):
    job = guarded.submit(views, headers=bearer(MINE)).json()["id"]
    for path in ("", "/events", "/files", "/files/request.json"):
        url = f"/v1/jobs/{job}{path}"
        assert guarded.client.get(url, headers=bearer(MINE)).status_code == 200
        assert guarded.client.get(url, headers=bearer(YOURS)).status_code == 404
    assert guarded.client.delete(f"/v1/jobs/{job}", headers=bearer(YOURS)).status_code == 404


def test_web_pages_of_others_are_refused_where_no_token_is_asked_for(server):
    for headers in (
        {"Host": "evil.example"},
        {"Host": ""},
        {"Host": "127.0.0.1.evil.example:8501"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
    ):
        assert server.client.get("/v1/health", headers=headers).status_code == 403
    for headers in (
        {"Host": "localhost:8501"},
        {"Host": "[::1]:8501"},
        {"Origin": "http://127.0.0.1:8501"},
    ):
        assert server.client.get("/v1/health", headers=headers).status_code == 200


@pytest.mark.parametrize(("spoken", "update"), [("2", "server"), ("0", "client"), ("x", "client")])
def test_another_protocol_is_refused_with_what_to_do(server, spoken, update):
    answer = server.client.get("/v1/health", headers={"Era3D-Protocol": spoken})
    assert answer.status_code == 409
    assert f"update the {update}" in answer.json()["error"]
    assert answer.headers["era3d-protocol"] == "1"
    assert server.client.get("/v1/health", headers={"Era3D-Protocol": "1"}).status_code == 200


def test_a_body_that_is_too_large_is_refused_announced_or_not(tmp_path):
    with Server(tmp_path, limits={"upload_bytes": 2**20}) as server:
        announced = server.client.post("/v1/jobs", content=b"x" * (2**20 + 1))
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        chunks = (b"x" * 2**16 for _ in range(20))
        streamed = server.client.post("/v1/jobs", content=chunks, headers=kind)
        for answer in (announced, streamed):
            assert answer.status_code == 413
            assert "1 MB" in answer.json()["error"]


def test_what_is_not_there_and_what_cannot_be_done_is_said_in_json(server):
    assert server.client.get("/nothing").json() == {"error": "Not Found"}
    assert server.client.put("/v1/jobs").json() == {"error": "Method Not Allowed"}


def test_the_log_tells_what_happened_but_no_secrets(guarded, views, caplog):
    caplog.set_level(logging.INFO)
    job = guarded.submit(views, headers=bearer(MINE)).json()["id"]
    guarded.client.get(f"/v1/jobs/{job}?token={MINE}", headers=bearer(MINE))
    guarded.client.get("/v1/x%0aforged%1b", headers=bearer(YOURS))
    text = "\n".join(record.getMessage() for record in caplog.records if "era3d" in record.name)
    assert f"GET /v1/jobs/{job[:6]}… 200" in text
    assert "/v1/x\\nforged\\x1b" in text
    for secret in (MINE, YOURS, job, hash_of(MINE)):
        assert secret not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_is_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "", "localhost.x", "127.0.0.1.x"])
def test_anything_else_is_not(host):
    assert not is_loopback(host)
