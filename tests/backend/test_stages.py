# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain: what runs, what is skipped, what an edit makes run again."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.job import Job, Request
from era3d.prepare import read_picture
from era3d.stages import STAGES, run, store_picture, store_views, write_cameras
from tests.backend.sphere import sphere_views

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = {"cells": 64, "faces": 400, "texture_size": 128}


def views_job(folder: Path, **settings) -> Job:
    job = Job.create(folder, Request(source="views", **SMALL, **settings))
    store_views(job, sphere_views())
    write_cameras(job, None)
    return job


def run_and_list(job: Job, **settings) -> list[tuple[str, str]]:
    """Run a job; what became of each stage."""
    log, events = job.events(), []
    log.listeners.append(events.append)
    run(job, log=log, **settings)
    kinds = ("skipped", "finished")
    return [(e["stage"], e["kind"]) for e in events if e["kind"] in kinds]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    job = views_job(tmp_path_factory.mktemp("jobs") / "sphere")
    run(job)
    return job


@pytest.fixture
def job(finished, tmp_path):
    """A copy of a finished job, to be edited."""
    import shutil

    shutil.copytree(finished.folder, tmp_path / "job")
    return Job(tmp_path / "job")


def test_given_views_become_a_mesh_with_a_texture(finished):
    assert finished.path("mesh.glb").stat().st_size > 10_000
    assert Image.open(finished.path("texture.png")).size == (128, 128)
    cameras = json.loads(finished.path("cameras.json").read_text())
    assert [view["name"] for view in cameras["views"]] == list(VIEWS)
    entry = json.loads(finished.path("job.json").read_text())
    assert set(entry["stages"]) == {"mesh", "texture"}
    assert entry["versions"]["torch"]
    assert entry["stages"]["mesh"]["seconds"] > 0
    assert not list(finished.folder.rglob(".tmp-*"))


def test_nothing_runs_twice(job):
    assert run_and_list(job) == [("mesh", "skipped"), ("texture", "skipped")]


def paint(job: Job, kind: str) -> None:
    path = job.path(f"views/{kind}_front.png")
    pixels = np.asarray(Image.open(path)).copy()
    pixels[28:36, 28:36, :3] = 250, 10, 128
    Image.fromarray(pixels).save(path)


def test_a_painted_colour_view_runs_the_texture_alone(job):
    before = job.path("texture.png").read_bytes()
    paint(job, "color")
    assert run_and_list(job) == [("mesh", "skipped"), ("texture", "finished")]
    assert job.path("texture.png").read_bytes() != before


def test_a_painted_normal_map_runs_the_mesh_again(job):
    before = job.path("surface.ply").read_bytes()
    paint(job, "normal")
    assert run_and_list(job) == [("mesh", "finished"), ("texture", "finished")]
    assert job.path("surface.ply").read_bytes() != before


def test_a_lost_result_is_made_again(job):
    job.path("mesh.glb").unlink()
    assert run_and_list(job) == [("mesh", "skipped"), ("texture", "finished")]


def test_other_settings_run_their_stage_again(job):
    other = Job.create(job.folder, Request(source="views", cells=64, faces=400, texture_size=64))
    assert run_and_list(other) == [("mesh", "skipped"), ("texture", "finished")]


def test_a_run_ends_where_it_is_asked_to(job):
    assert run_and_list(job, again_from="mesh", until="mesh") == [("mesh", "finished")]
    assert job.finished("texture")
    with pytest.raises(InputError, match="mesh comes before texture"):
        run(job, again_from="texture", until="mesh")
    with pytest.raises(InputError, match="no stage splat"):
        run(job, until="splat")


def test_a_changed_request_runs_what_depends_on_it(job):
    job.change({"texture_size": 64})
    assert Job(job.folder).request.texture_size == 64
    assert run_and_list(Job(job.folder)) == [("mesh", "skipped"), ("texture", "finished")]
    with pytest.raises(InputError, match="faces is 1"):
        job.change({"faces": 1})
    assert Job(job.folder).request == job.request


def test_a_painted_mask_changes_what_the_model_sees(tmp_path):
    job = Job.create(tmp_path / "job", Request(**SMALL))
    store_picture(job, read_picture(EXAMPLES / "armchair.png"))
    assert run_and_list(job, until="prepare") == [("prepare", "finished")]
    before = job.path("subject.png").read_bytes()
    mask = Image.open(job.path("alpha.png"))
    assert mask.mode == "L"
    assert mask.size == (512, 512)
    mask.paste(0, (0, 0, 512, 250))
    mask.save(job.path("mask.png"))
    assert run_and_list(job, until="prepare") == [("prepare", "finished")]
    assert job.finished("prepare")["cut_out"] == "mask"
    assert job.finished("prepare")["crop"]["box"][1] == 250
    assert run_and_list(job, until="prepare") == [("prepare", "skipped")]
    job.path("mask.png").unlink()
    assert run_and_list(job, until="prepare") == [("prepare", "finished")]
    assert job.path("subject.png").read_bytes() == before


def test_the_subject_takes_as_much_as_is_asked(tmp_path):
    job = Job.create(tmp_path / "job", Request(crop_size=300))
    store_picture(job, read_picture(EXAMPLES / "armchair.png"))
    run(job, until="prepare")
    assert max(job.finished("prepare")["crop"]["size"]) == 300


def test_rebuild_runs_from_a_stage_even_if_nothing_changed(job):
    assert run_and_list(job, again_from="texture") == [("texture", "finished")]
    with pytest.raises(InputError, match="no stage views"):
        run(job, again_from="views")


def test_a_missing_input_is_named(job):
    job.path("views/normal_back.png").unlink()
    with pytest.raises(InputError, match=r"normal_back\.png is missing"):
        run(job)
    last = json.loads(job.path("events.jsonl").read_text().splitlines()[-1])
    assert last["kind"] == "failed"
    assert "normal_back.png" in last["message"]


@pytest.fixture(scope="module")
def picture_job(tmp_path_factory):
    """A job from a picture, to be interrupted in every stage."""
    folder = tmp_path_factory.mktemp("jobs")
    job = Job.create(folder / "job", Request(seed=3, **SMALL))
    store_picture(job, read_picture(EXAMPLES / "armchair.png"))
    return job


def test_an_interrupt_in_any_stage_keeps_the_stages_before_it(picture_job):
    """Ctrl-C at the start of each stage in turn; then the job goes on from there."""
    names = [stage.name for stage in STAGES]
    for index, name in enumerate(names):
        log, events = picture_job.events(), []

        def interrupt(event, name=name, events=events):
            events.append((event["kind"], event.get("stage")))
            if events[-1] == ("started", name):
                raise KeyboardInterrupt

        log.listeners.append(interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(Job(picture_job.folder), log=log)
        assert [e for e in events if e[0] == "skipped"] == [
            ("skipped", done) for done in names[: max(index - 1, 0)]
        ]
        assert events[-1] == ("cancelled", name)
    done = run_and_list(Job(picture_job.folder))
    assert done == [(n, "skipped") for n in names[:-1]] + [(names[-1], "finished")]


def _until(job: Job, stage: str):
    """A log that interrupts the job when a stage starts."""
    log = job.events()

    def interrupt(event):
        if (event["kind"], event.get("stage")) == ("started", stage):
            raise KeyboardInterrupt

    log.listeners.append(interrupt)
    return log


def test_the_picture_went_through_every_stage(picture_job):
    record = json.loads(picture_job.path("job.json").read_text())["stages"]
    assert list(record) == ["prepare", "views", "mesh", "texture"]
    assert record["prepare"]["crop"]["photo_size"] == [512, 512]
    assert record["views"]["model"] == "mini"
    assert len(record["views"]["revision"]) == 64
    assert Image.open(picture_job.path("views/normal_left.png")).size == (512, 512)
    reference = json.loads(picture_job.path("cameras.json").read_text())["reference"]
    assert reference["resolution"] == [512, 512]
    assert record["views"]["pose"]["focal_mm"] <= 240


def test_another_seed_gives_other_views(picture_job, tmp_path):
    other = Job.create(tmp_path / "other", Request(seed=4, **SMALL))
    store_picture(other, read_picture(EXAMPLES / "armchair.png"))
    with pytest.raises(KeyboardInterrupt):  # before the mesh, which is not asked about
        run(other, log=_until(other, "mesh"))
    ours, theirs = (j.path("views/color_front.png").read_bytes() for j in (picture_job, other))
    assert ours != theirs
