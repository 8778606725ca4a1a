# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job folder: what is written, what is refused, what survives."""

import json
from dataclasses import asdict

import pytest

from era3d.errors import InputError
from era3d.files import clean_up, replacing, scratch_folder
from era3d.job import Job, Request, hash_inputs


def test_a_request_survives_the_folder(tmp_path):
    request = Request(source="views", model="ortho", seed=7, steps=12, guidance=2.5, faces=900)
    Job.create(tmp_path / "job", request)
    assert Job(tmp_path / "job").request == request


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"steps": 0}, "steps is 0"),
        ({"faces": True}, "faces is True"),
        ({"guidance": float("nan")}, "guidance is nan"),
        ({"texture_size": 9}, "texture_size is 9"),
        ({"source": "mesh"}, "source is mesh"),
    ],
)
def test_settings_out_of_range_are_named(values, words):
    with pytest.raises(InputError, match=words):
        Request(**values)


@pytest.mark.parametrize("name", ["request.json", "job.json"])
def test_a_job_of_a_newer_version_is_refused_and_kept(tmp_path, name):
    job = Job.create(tmp_path, Request())
    newer = asdict(Request()) | {"schema_version": 99, "stages": {}}
    text = json.dumps(newer)
    job.path(name).write_text(text)
    with pytest.raises(InputError, match="newer version"):
        Job(tmp_path)
    with pytest.raises(InputError, match="newer version"):
        Job.create(tmp_path, Request(seed=5))
    assert job.path(name).read_text() == text


BROKEN = ["", "[1]", "{", '{"seed": "one"}', '{"sed": 1}', '{"quality": "best"}']
BROKEN += ['{"vram_limit": NaN}', '{"vram_limit": "8"}', '{"symmetric": "yes"}', '{"cells": 63}']
BROKEN += ['{"view_weights": 1}', '{"view_weights": [1, 1]}', '{"view_weights": [1,1,1,1,1,2]}']


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_request_is_said(tmp_path, content):
    (tmp_path / "request.json").write_text(content)
    with pytest.raises(InputError):
        Job(tmp_path)


def test_other_peoples_folders_are_left_alone(tmp_path):
    with pytest.raises(InputError, match="not a job folder"):
        Job(tmp_path)
    (tmp_path / "holiday.jpg").write_text("sea")
    with pytest.raises(InputError, match="not empty"):
        Job.create(tmp_path, Request())
    with pytest.raises(InputError, match="is a file"):
        Job.create(tmp_path / "holiday.jpg", Request())
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("name", ["log.txt", "picture.png", "mask.png"])
def test_what_was_put_there_for_us_is_no_obstacle(tmp_path, name):
    (tmp_path / name).touch()
    assert Job.create(tmp_path, Request()).request == Request()


def test_a_file_takes_its_place_whole_or_not_at_all(tmp_path):
    path = tmp_path / "mesh.glb"
    path.write_text("old")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    with replacing(path) as temporary:
        assert temporary.suffix == ".glb"
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    with scratch_folder(tmp_path) as folder:
        (folder / "x.png").touch()
    (tmp_path / ".tmp-1").mkdir()
    (tmp_path / ".tmp-1/y.png").touch()
    (tmp_path / ".tmp-1-job.json").touch()
    (tmp_path / "keep.png").touch()
    clean_up(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["keep.png"]


def test_the_hash_tells_contents_and_settings_apart(tmp_path):
    one, two = tmp_path / "a.png", tmp_path / "b.png"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    first = hash_inputs({"seed": 1}, [one, two])
    assert first == hash_inputs({"seed": 1}, [two, one])
    assert first != hash_inputs({"seed": 2}, [one, two])
    one.write_bytes(b"2")
    two.write_bytes(b"1")
    assert first != hash_inputs({"seed": 1}, [one, two])


def test_an_event_after_a_cut_line_starts_a_line_of_its_own(tmp_path):
    job = Job.create(tmp_path, Request())
    job.path("events.jsonl").write_text('{"kind": "started"}\n{"kind": "prog')
    log = job.events()
    log.emit("done", seconds=1.0, message=None)
    log.emit("done", message="größer")
    log.close()
    lines = job.path("events.jsonl").read_text("utf-8").splitlines()
    assert lines[1] == '{"kind": "prog'
    last = [json.loads(line) for line in lines[2:]]
    assert [event["kind"] for event in last] == ["done", "done"]
    assert "message" not in last[0]
    assert last[1]["message"] == "größer"
