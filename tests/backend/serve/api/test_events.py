# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events over HTTP: streams that resume, pages that follow each other, an end that is said."""

import json

import pytest


def messages(text: str) -> list[dict]:
    """Read a stream as a browser does."""
    found = []
    for block in text.split("\n\n"):
        entries = [line.partition(": ")[::2] for line in block.split("\n") if line[:1] not in ":"]
        if entries:
            found.append(dict(entries))
    return found


@pytest.fixture
def job(server, views):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    return job


def test_a_stream_tells_all_and_ends(server, job):
    answer = server.client.get(f"/v1/jobs/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *told, end = messages(answer.text)
    assert [json.loads(each["data"])["kind"] for each in told] == ["started", "done"]
    assert end["event"] == "end"
    assert json.loads(end["data"]) == {"state": "finished", "message": "", "code": 0}
    assert "id" not in end


def test_a_stream_goes_on_after_any_event(server, job):
    *told, end = messages(server.client.get(f"/v1/jobs/{job}/events").text)
    for index, each in enumerate(told):
        headers = {"Last-Event-ID": each["id"]}
        answer = server.client.get(f"/v1/jobs/{job}/events", headers=headers)
        assert messages(answer.text) == [*told[index + 1 :], end]


@pytest.mark.parametrize("place", ["7", "-1", "x", "1e3", "99999999", "9" * 400])
def test_a_place_that_was_never_told_is_refused(server, job, place):
    url = f"/v1/jobs/{job}/events"
    assert server.client.get(url, headers={"Last-Event-ID": place}).status_code == 422
    assert server.client.get(url, params={"since": place}).status_code == 422


def test_pages_follow_each_other(server, views):
    server.puppet.go.clear()
    job = server.submit(views).json()["id"]
    server.until(job, "running")
    first = server.client.get(f"/v1/jobs/{job}/events?since=0").json()
    server.puppet.go.set()
    server.until(job, "finished")
    second = server.client.get(f"/v1/jobs/{job}/events?since={first['next']}").json()
    kinds = [each["kind"] for each in first["events"] + second["events"]]
    assert kinds == ["started", "done"]
    assert second["state"] == "finished"
    third = server.client.get(f"/v1/jobs/{job}/events?since={second['next']}").json()
    assert (third["events"], third["next"]) == ([], second["next"])


def test_a_second_run_goes_on_in_the_same_stream(server, job):
    *told, _ = messages(server.client.get(f"/v1/jobs/{job}/events").text)
    server.client.post(f"/v1/jobs/{job}/run", json={})
    server.until(job, "finished")
    headers = {"Last-Event-ID": told[-1]["id"]}
    *more, end = messages(server.client.get(f"/v1/jobs/{job}/events", headers=headers).text)
    assert [json.loads(each["data"])["kind"] for each in more] == ["started", "done"]
    assert end["event"] == "end"
