# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown, with whatever text in it."""

import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra serve")
from era3d.cameras import VIEWS
from era3d.web import markup
from era3d.web.watch import Watch

EVIL = '"><script>alert(1)</script>'
VIEW_FILES = [f"views/{kind}_{view}.png" for kind in ("color", "normal") for view in VIEWS]


def watch(*files, **values):
    known = Watch("a" * 32, "chair")
    known.files = {name: f"{number:012x}" for number, name in enumerate(files)}
    known.__dict__.update(values)
    return known


def test_no_text_becomes_a_tag():
    told = watch(*VIEW_FILES, "mesh.glb", "texture.png", name=EVIL, state="failed", message=EVIL)
    told.warnings = [EVIL]
    told.take([{"kind": "started", "stage": EVIL}])
    drawn = markup.status(told) + markup.downloads(told) + markup.views(told)
    drawn += markup.notice(EVIL) + markup.subject(Image.new("RGB", (8, 8)), EVIL, [EVIL])
    assert "<script" not in drawn


@pytest.mark.parametrize(
    ("state", "ahead", "words"),
    [
        ("queued", 2, "2 jobs are before it"),
        ("queued", 1, "1 job is before it"),
        ("queued", 0, "it is next"),
        ("cancelled", None, "finished stages are kept"),
        ("failed", None, "the disk is full"),
    ],
)
def test_how_a_job_is_in_words(state, ahead, words):
    assert words in markup.sentence(watch(state=state, ahead=ahead, message="the disk is full"))


def test_a_changed_file_has_another_address():
    one, other = watch("mesh.glb"), watch("texture.png", "mesh.glb")
    assert markup.mesh_address(one) != markup.mesh_address(other)
    assert markup.mesh_address(one).startswith(f"/v1/jobs/{'a' * 32}/files/mesh.glb?v=")
    assert markup.mesh_address(watch()) == ""


def test_the_twelve_are_shown_in_order_and_before_them_how_they_grow():
    drawn = markup.views(watch(*VIEW_FILES))
    order = [drawn.index(f'data-view="{name[6:-4]}"') for name in VIEW_FILES]
    assert order == sorted(order)
    growing = watch("preview.png", preview="preview.png", previews=4)
    growing.stages["views"].state = "running"
    assert "preview.png?v=4" in markup.views(growing)
    assert markup.views(watch()) == ""


def test_downloads_are_what_there_is():
    assert markup.downloads(watch()) == ""
    assert "blender.zip" not in markup.downloads(watch("mesh.glb", state="finished"))
    assert markup.downloads(watch("mesh.glb", "texture.png", state="running")) == ""
    drawn = markup.downloads(watch("mesh.glb", "texture.png", state="finished"))
    assert all(name in drawn for name in ("mesh.glb", "texture.png", "blender.zip", "folder.zip"))
