# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paint a view, rebuild with the real backend: what must run runs, and the object shows it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def carved(empty_scene, tmp_path) -> Path:
    """A job that the backend quickly made of the letter's views."""
    if not os.environ.get("ERA3D_PYTHON"):
        pytest.skip("ERA3D_PYTHON names no backend environment")
    from era3d_blender import api

    job = tmp_path / "job"
    drawn = glyph.write_job(tmp_path / "drawn")
    shutil.copytree(drawn / "views", job / "views")
    shutil.copy(drawn / "cameras.json", job)
    request = {"source": "views", "method": "hull", "cells": 64, "faces": 1000}
    (job / "request.json").write_text(json.dumps(request | {"texture_size": 128}))
    api.run(job)
    return job


def ran(job):
    """What the stages of the last run did."""
    events = [json.loads(line) for line in (job / "events.jsonl").read_text().splitlines()]
    ends = [i for i, event in enumerate(events) if event["kind"] == "done"]
    last = events[ends[-2] + 1 : ends[-1]] if len(ends) > 1 else events[: ends[-1]]
    return {e["stage"]: e["kind"] for e in last if e["kind"] in {"finished", "skipped"}}


def paint(image, color):
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    values[:, :3] = color
    image.pixels.foreach_set(values.ravel())
    image.update()


def share_of_green(image):
    values = np.array(image.pixels[:], np.float32).reshape(-1, 4)
    return ((values[:, 1] > 0.8) & (values[:, 0] < 0.3) & (values[:, 2] < 0.3)).mean()


def test_only_the_stages_that_must_run_do(carved):
    bpy.ops.era3d.import_job(directory=str(carved))
    thing = bpy.context.active_object
    root, material = thing.parent, thing.data.materials[0]
    root.location.x, thing.name = 2.5, "mine"
    texture = material.node_tree.nodes["Era3D texture"]
    assert share_of_green(texture.image) < 0.001
    front = bpy.data.objects["job front"]
    paint(front.data.background_images[0].image, (0, 1, 0))
    assert bpy.ops.era3d.rebuild() == {"FINISHED"}
    assert ran(carved) == {"mesh": "skipped", "texture": "finished"}
    assert share_of_green(texture.image) > 0.01
    assert (thing.name, root.location.x, len(root.era3d.versions)) == ("mine", 2.5, 2)
    # Another stroke on a normal map: the mesh is fused again, and textured.
    normals = front.data.background_images[1].image
    values = np.array(normals.pixels[:], np.float32)
    values[: len(values) // 2 : 4] += 0.05
    normals.pixels.foreach_set(values)
    normals.update()
    assert bpy.ops.era3d.rebuild() == {"FINISHED"}
    assert ran(carved) == {"mesh": "finished", "texture": "finished"}
    # A view that is switched off no longer gives its colour.
    front.era3d.use_view = False
    assert bpy.ops.era3d.rebuild() == {"FINISHED"}
    assert ran(carved)["texture"] == "finished"
    assert share_of_green(texture.image) < 0.001
    assert bpy.ops.era3d.rebuild() == {"FINISHED"}
    assert ran(carved) == {"mesh": "skipped", "texture": "skipped"}
    bpy.ops.era3d.version_show(index=1)
    assert share_of_green(texture.image) > 0.01
