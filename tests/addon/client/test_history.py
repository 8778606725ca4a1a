# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history makes of job folders, whole and otherwise."""

from __future__ import annotations

import fcntl
import json
import os
import shutil

import glyph
import pytest

from era3d_blender.client import history


def write(folder, *events, stages=("prepare", "views", "mesh", "texture"), **request):
    """Make the folder of a job that got so far."""
    if not folder.exists():
        glyph.write_job(folder)
    (folder / "request.json").write_text(json.dumps({"schema_version": 1, **request}))
    told = {name: {"seconds": 1.5} for name in stages}
    (folder / "job.json").write_text(json.dumps({"stages": told}))
    lines = [json.dumps({"kind": kind, "message": kind}) for kind in events]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize(
    ("events", "stages", "state"),
    [
        (["started", "finished", "done"], ("views", "mesh", "texture"), "finished"),
        (["started", "cancelled"], ("views",), "cancelled"),
        (["started", "failed"], ("views",), "failed"),
        (["started", "progress"], (), "interrupted"),
        (["done"], ("prepare", "views"), "views"),
    ],
)
def test_states(tmp_path, events, stages, state):
    record = history.read(write(tmp_path / "job", *events, stages=stages))
    assert record.state == state
    assert set(record.seconds) == set(stages)


def test_a_job_that_a_process_holds_runs(tmp_path):
    job = write(tmp_path / "job", "started")
    with (job / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert history.read(job).state == "running"
    assert history.read(job).state == "interrupted"


def test_the_newest_comes_first_and_other_folders_do_not_count(tmp_path):
    for number, name in enumerate(["old", "new", "猫 'quoted'"]):
        job = write(tmp_path / name, "done")
        for file in ("request.json", "events.jsonl", "job.json"):
            os.utime(job / file, (1000 + number, 1000 + number))
    (tmp_path / "holiday").mkdir()
    (tmp_path / "file.txt").touch()
    assert [record.folder.name for record in history.scan(tmp_path)] == [
        "猫 'quoted'",
        "new",
        "old",
    ]
    assert list(history.scan(tmp_path / "moved away")) == []


def test_a_half_deleted_job_is_told_as_what_is_left_of_it(tmp_path):
    job = write(tmp_path / "job", "done")
    assert history.read(job).state == "finished"
    (job / "mesh.glb").unlink()
    assert history.read(job).state == "views"  # the mesh can be made again
    shutil.rmtree(job / "views")
    assert history.read(job).state == "broken"
    (job / "job.json").write_text("{")
    (job / "events.jsonl").write_bytes(b"\xff" * 20_000)
    (job / "request.json").write_text("[1]")
    record = history.read(job)
    assert (record.state, record.request) == ("broken", {})


def test_what_a_stage_usually_takes_is_that_of_the_same_request(tmp_path):
    same = {"model": "mini", "quality": "draft", "device": "auto", "cells": 96}
    records = [history.read(write(tmp_path / "one", "done", **same))]
    assert history.usual_seconds(records, same)["views"] == 1.5
    other = history.usual_seconds(records, {**same, "quality": "reference"})
    assert "views" not in other
    assert other["mesh"] == 1.5
