# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses there are, and whose browser it is."""

import pytest
from starlette.datastructures import Headers

pytest.importorskip("fastapi", reason="the extra serve")
from era3d.web.door import is_known, token_of


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/login",
        "/config",
        "/theme.css",
        "/assets/index-1.js",
        "/static/img/logo.svg",
        "/v1/jobs",
        "/web/jobs/a/folder.zip",
        "/gradio_api/upload",
        "/gradio_api/run/predict",
        "/gradio_api/file=/tmp/x.png",
        "/gradio_api/heartbeat/abc",
    ],
)
def test_what_the_page_needs_is_there(path):
    assert is_known(path)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=https://internal.example/",
        "/gradio_api/file=/http://internal.example/",
        "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/proxy=https://internal.example/",
        "/gradio_api/queue/join",
        "/gradio_api/call/predict",
        "/gradio_api/info",
        "/gradio_api/run-history/connect",
        "/gradio_api/vibe-edit/",
        "/gradio_api/deep_link",
        "/gradio_api/dev/reload",
        "/monitoring",
        "/manifest.json",
        "/openapi.json",
    ],
)
def test_what_else_gradio_can_do_is_not(path):
    assert not is_known(path)


def test_a_cookie_is_worth_a_token_to_our_own_page_alone():
    cookie = {"cookie": "a=b; era3d-token=secret", "host": "me.example:8501"}
    assert token_of(Headers(cookie)) == "secret"
    assert token_of(Headers(cookie | {"origin": "https://me.example:8501"})) == "secret"
    assert token_of(Headers(cookie | {"origin": "https://evil.example"})) == ""
    assert token_of(Headers(cookie | {"origin": "null"})) == ""
    assert token_of(Headers({"cookie": "a=b"})) == ""


def test_a_header_goes_before_a_cookie():
    both = {"authorization": "Bearer one", "cookie": "era3d-token=two"}
    assert token_of(Headers(both)) == "one"
