# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Spaces there are, where they are, and who is told the token."""

import pytest

from era3d.errors import InputError
from era3d.job import Request
from era3d.sources.address import Space, locate, parse_source, token_for


@pytest.mark.parametrize(
    "text", ["pengHTYX/Era3D_MV_demo", "https://me.example/era3d/", "http://127.0.0.1:7860"]
)
def test_names_and_addresses_are_understood(text):
    assert parse_source(f"space:{text}") == Space(text)
    assert Request(views_from=f"space:{text}").views_from == f"space:{text}"


@pytest.mark.parametrize(
    "source",
    [
        "pengHTYX/Era3D_MV_demo",
        "space:",
        "space:name",
        "space:../../etc",
        "space:a/b/c",
        "space:https://user:secret@me.example",
        "space:file:///etc/passwd",
        "space:a/b\nc",
        "disk:a/b",
    ],
)
def test_anything_else_is_refused_with_the_way_to_write_it(source):
    with pytest.raises(InputError, match="space:OWNER/NAME"):
        Request(views_from=source)


def test_no_text_is_refused():
    with pytest.raises(InputError, match="views_from"):
        Request(views_from=7)


def test_only_spaces_of_the_hub_are_told_the_token(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert token_for(Space("a/b")) == "hf_secret"
    assert token_for(Space("https://me.example")) is None


@pytest.fixture
def hub(monkeypatch, httpserver_of):
    """A hub on loopback; tells what it was asked."""
    answers = {}
    server = httpserver_of(answers)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.answers = answers
    return server


def known(hub, stage="RUNNING", host="https://a-b.hf.space"):
    about = {"id": "a/b", "private": False, "host": host, "tags": [], "siblings": []}
    hub.answers["/api/spaces/a/b"] = about
    hub.answers["/api/spaces/a/b/runtime"] = {"stage": stage, "hardware": {}, "gcTimeout": None}


@pytest.mark.parametrize("stage", ["RUNNING", "SLEEPING", "BUILDING", "APP_STARTING"])
def test_the_hub_says_where_a_space_is(hub, stage):
    known(hub, stage)
    assert locate(Space("a/b")) == "https://a-b.hf.space"
    asked = [headers for path, headers in hub.asked if path.startswith("/api/spaces/")]
    assert [each["authorization"] for each in asked] == ["Bearer hf_secret"] * 2


@pytest.mark.parametrize(
    ("stage", "words"),
    [("PAUSED", "paused: its owner"), ("RUNTIME_ERROR", "crashed"), ("BUILD_ERROR", "built")],
)
def test_a_space_that_will_not_run_is_told_of(hub, stage, words):
    known(hub, stage)
    with pytest.raises(InputError, match=words):
        locate(Space("a/b"))


def test_a_space_that_is_private_or_not_there(hub):
    with pytest.raises(InputError, match=r"no Space a/b, or it is private: then set HF_TOKEN"):
        locate(Space("a/b"))


def test_a_hub_that_cannot_be_reached(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(InputError, match="cannot be asked for a/b"):
        locate(Space("a/b"))
