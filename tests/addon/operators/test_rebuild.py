# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuild and other seeds: what the backend is told, and what it is not asked at all."""

from __future__ import annotations

import json
import shutil

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
from notes import Notes  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def root(empty_scene, job, backend):
    backend("good")
    record = {"stages": {"views": {"input_hash": "drawn"}}, "versions": {}}
    (job / "job.json").write_text(json.dumps(record))
    bpy.ops.era3d.import_job(directory=str(job))
    return bpy.data.objects["letter root"]


def told(job):
    return (job / "log.txt").read_text()


def test_painted_views_and_weights_are_handed_over_and_the_object_stays(root, job):
    image = bpy.data.objects["letter front"].data.background_images[0].image
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * (image.size[0] * image.size[1]))
    image.update()
    bpy.data.objects["letter right"].era3d.weight = 0.25
    bpy.data.objects["letter left"].era3d.use_view = False
    before, thing = (job / "views/color_front.png").read_bytes(), bpy.context.active_object
    old = thing.data
    assert bpy.ops.era3d.rebuild(stage="changed") == {"FINISHED"}
    assert (job / "views/color_front.png").read_bytes() != before
    assert '"view_weights": [1.0, 1.0, 0.25, 1.0, 0.0, 1.0]' in told(job)
    assert '"from"' not in told(job)  # only what must run
    assert thing == bpy.data.objects["letter"]
    assert old != thing.data
    assert len(bpy.data.objects) == 8


def test_painted_views_are_not_drawn_over_where_a_job_is_half_deleted(root, job):
    (job / "job.json").unlink()  # what would say that the views are drawn
    assert bpy.ops.era3d.rebuild() == {"FINISHED"}
    assert '"from": "mesh"' in told(job)
    (job / "cameras.json").unlink()
    (job / "log.txt").unlink()
    with pytest.raises(RuntimeError, match=r"no cameras\.json any more"):
        bpy.ops.era3d.rebuild()
    assert not (job / "log.txt").exists()


def test_a_rebuild_that_ends_while_somebody_paints_waits_to_be_taken(root, job):
    from era3d_blender import jobs
    from era3d_blender.client.supervisor import FINISHED, Supervisor
    from era3d_blender.ui.progress import draw_result

    done = Supervisor(["python"], job, {}, state=FINISHED)
    jobs.tasks.append(jobs.Task(done, root.session_uid, unseen=True))
    try:
        notes = Notes()
        draw_result(notes, done)
        assert "era3d.update_job" in notes.operators()
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
        assert not bpy.ops.era3d.update_job.poll()  # the mode is not disturbed
        bpy.ops.object.mode_set(mode="OBJECT")
        assert bpy.ops.era3d.update_job(root=root.name) == {"FINISHED"}
        assert not jobs.tasks[-1].unseen
    finally:
        jobs.tasks.clear()


def test_a_stage_can_be_asked_for(root, job):
    assert bpy.ops.era3d.rebuild(stage="texture") == {"FINISHED"}
    assert '"from": "texture"' in told(job)


def test_nothing_new_makes_no_version(root):
    assert bpy.ops.era3d.rebuild(stage="changed") == {"FINISHED"}
    assert len(root.era3d.versions) == 1


def test_without_the_folder(root, job):
    shutil.rmtree(job)
    with pytest.raises(RuntimeError, match="job folder is gone"):
        bpy.ops.era3d.rebuild(stage="mesh")


def test_a_conflict_is_said_before_the_backend_starts(root, job):
    image = bpy.data.objects["letter front"].data.background_images[0].image
    image.pixels.foreach_set([0.0, 1.0, 0.0, 1.0] * (image.size[0] * image.size[1]))
    image.update()
    other = np.full((glyph.SIZE, glyph.SIZE, 4), 255, np.uint8)
    (job / "views/color_front.png").write_bytes(glyph.png(other))
    with pytest.raises(RuntimeError, match="painted here and changed in its folder"):
        bpy.ops.era3d.rebuild()
    assert not (job / "log.txt").exists()


def test_an_override_is_refused_before_the_backend_starts(root, job, tmp_path):
    blend = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(blend), link=True) as (there, here):
        here.collections = [name for name in there.collections if name == "letter"]
    scene = bpy.context.scene
    made = here.collections[0].override_hierarchy_create(scene, bpy.context.view_layer)
    overridden = next(thing for thing in made.all_objects if thing.name.endswith("root"))
    bpy.context.view_layer.objects.active = overridden
    with pytest.raises(RuntimeError, match="is a library override: make it local"):
        bpy.ops.era3d.rebuild()
    assert not (job / "log.txt").exists()


def test_other_seeds_are_jobs_of_their_own_up_to_the_views(root, job):
    from era3d_blender import jobs

    (job / "request.json").write_text(json.dumps({"source": "views"}))
    with pytest.raises(RuntimeError, match="made from views, not from a picture"):
        bpy.ops.era3d.regenerate()
    request = {"schema_version": 1, "source": "picture", "model": "mini", "seed": 7, "faces": 500}
    (job / "request.json").write_text(json.dumps(request))
    mask = glyph.png(glyph.view(0)[0])
    (job / "mask.png").write_bytes(mask)
    assert bpy.ops.era3d.regenerate(seed=20, count=2) == {"FINISHED"}
    fresh = jobs.current.job
    assert fresh != job
    assert fresh.name.startswith("letter")
    assert (fresh / "mask.png").read_bytes() == mask
    assert '"until": "views"' in told(fresh)
    assert '"request": {"model": "mini", "faces": 500, "seed": 21}' in told(fresh)
    assert f'"picture": "{job / "input.png"}"' in told(fresh)
    assert len(bpy.data.objects) == 8  # nothing is imported before one is chosen


def test_the_first_of_some_seeds_is_imported_the_others_are_its_candidates(
    empty_scene, tmp_path, backend
):
    from era3d_blender import jobs
    from era3d_blender.client.supervisor import Supervisor

    folders = [glyph.write_job(tmp_path / f"seed {seed}") for seed in (1, 2, 3)]
    for folder in folders:
        (folder / "mesh.glb").unlink()
        jobs._deliver(jobs.Task(Supervisor(["python"], folder, {})))
    roots = [thing.name for thing in bpy.data.objects if "era3d_job" in thing]
    assert roots == ["seed 1 root"]
    (folders[2] / "mesh.glb").write_bytes(glyph.letter_glb())  # that one was wanted whole
    jobs._deliver(jobs.Task(Supervisor(["python"], folders[2], {})))
    assert "seed 3 root" in bpy.data.objects
