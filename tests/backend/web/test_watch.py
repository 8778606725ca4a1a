# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events of a job come to."""

import pytest

pytest.importorskip("fastapi", reason="the extra serve")
from era3d.web.watch import Watch


def event(kind, stage=None, **more):
    return {"kind": kind} | ({"stage": stage} if stage else {}) | more


def test_stages_go_from_waiting_to_finished():
    watch = Watch("a" * 32)
    assert not watch.take([event("started", "prepare")])
    assert watch.take([event("finished", "prepare", seconds=0.4)])
    assert not watch.take([event("started", "views"), event("progress", "views", step=3, of=12)])
    assert watch.stages["prepare"].seconds == 0.4
    assert (watch.stages["views"].state, watch.stages["views"].share) == ("running", 0.25)
    assert watch.stages["mesh"].state == "waiting"


def test_previews_are_counted_so_that_each_is_fetched():
    watch = Watch()
    watch.take([event("preview", "views", preview="preview.png")] * 3)
    assert (watch.preview, watch.previews) == ("preview.png", 3)


def test_another_run_starts_anew():
    watch = Watch()
    watch.take([event("warning", "mesh", message="thin"), event("failed", "mesh", message="no")])
    assert watch.warnings == ["thin"]
    watch.take([event("skipped", "prepare"), event("started", "mesh")])
    assert watch.warnings == []
    assert watch.stages["prepare"].state == "skipped"
    assert watch.stages["mesh"].state == "running"


def test_a_stage_that_is_only_sometimes_there_is_shown_then():
    watch = Watch()
    assert "splats" not in watch.stages
    watch.take([event("started", "splats")])
    assert watch.stages["splats"].state == "running"


def test_an_end_brings_new_files():
    assert Watch().take([event("done", seconds=1.0)])
    assert Watch().take([event("cancelled", "views")])
