# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage around the model: previews, what job.json tells, memory that is not there."""

import json

import pytest
from PIL import Image, ImageDraw

from era3d.diffusion.pipeline import Era3DPipeline
from era3d.errors import InputError
from era3d.job import Job, Request
from era3d.stages.prepare import PREPARE
from era3d.stages.stage import Report
from era3d.stages.views import VIEWS
from tests.backend.diffusion.test_placement import Scarce


def make_job(folder, **settings) -> Job:
    picture = Image.new("RGBA", (90, 60))
    ImageDraw.Draw(picture).ellipse((20, 10, 70, 50), fill=(200, 60, 40, 255))
    job = Job.create(folder, Request(device="cpu", **settings))
    picture.save(job.path("input.png"))
    job.record("prepare", PREPARE.work(job, Report(job.events(), "prepare")), {})
    return job


def work(job):
    """Run the stage; return what it tells, and its events."""
    details = VIEWS.work(job, Report(job.events(), "views"))
    lines = job.path("events.jsonl").read_text().splitlines()
    return details, [json.loads(line) for line in lines]


def test_previews_come_while_it_runs(tmp_path):
    job = make_job(tmp_path / "job", steps=7)
    details, events = work(job)
    kinds = [event["kind"] for event in events]
    assert kinds == ["preview", *["progress"] * 5, "preview", *["progress"] * 2]
    assert {e["preview"] for e in events if e["kind"] == "preview"} == {"preview.png"}
    assert Image.open(job.path("preview.png")).size == (768, 256)
    sampling = {"steps": 7, "guidance": 1.0, "eta": 0.0, "solver": "ddim", "guided": (0.0, 1.0)}
    assert details["sampling"] == sampling
    assert details["memory"] == {"device": "cpu", "level": "resident", "dtype": "float32"}
    assert set(details["pose"]) >= {"elevation_degrees", "elevation_spread", "focal_mm"}
    reference = json.loads(job.path("cameras.json").read_text())["reference"]
    assert (reference["type"], reference["resolution"]) == ("PERSP", [90, 60])


def test_too_little_memory_is_told_before_the_model_is_loaded(tmp_path, monkeypatch):
    import era3d.diffusion.checkpoint as checkpoint

    monkeypatch.setattr(checkpoint, "load_pipeline", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(InputError, match="--vram-limit"):
        work(make_job(tmp_path / "job", vram_limit=0.3))


def test_memory_is_given_back_whatever_happens(tmp_path, monkeypatch):
    released, place = [], Era3DPipeline.place

    def placed(self, plan):
        Scarce(place(self, plan), 1, error=RuntimeError("the driver stopped"))
        monkeypatch.setattr(self, "release", lambda: released.append(self))
        return self

    monkeypatch.setattr(Era3DPipeline, "place", placed)
    with pytest.raises(RuntimeError, match="driver"):
        work(make_job(tmp_path / "job"))
    assert len(released) == 1


def test_the_device_and_its_memory_do_not_change_what_is_made():
    plain = VIEWS.settings(Request())
    assert VIEWS.settings(Request(device="cpu", vram_limit=3.0)) == plain
    assert VIEWS.settings(Request(quality="draft")) != plain
