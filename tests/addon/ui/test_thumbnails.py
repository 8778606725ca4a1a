# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stroke makes a thumbnail be drawn again, once; watching costs next to nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy


@pytest.fixture
def thumbnails(empty_scene, monkeypatch):
    from era3d_blender import jobs
    from era3d_blender.ui import thumbnails

    thumbnails.unregister()
    thumbnails.register()
    redrawn = []
    monkeypatch.setattr(jobs, "redraw", lambda: redrawn.append(True))
    yield thumbnails, redrawn
    thumbnails.unregister()


@pytest.fixture
def image(empty_scene):
    image = bpy.data.images.new("view", 512, 512, alpha=True)
    image.pack()
    assert not image.is_dirty
    return image


def stroke(image, row):
    values = np.array(image.pixels[:], np.float32).reshape(512, 512, 4)
    values[row : row + 40, 100:300] = (0, 1, 0, 1)
    image.pixels.foreach_set(values.ravel())
    image.update()


def test_a_clean_image_is_not_watched(thumbnails, image):
    module, redrawn = thumbnails
    module.icon_of(image)
    assert not bpy.app.timers.is_registered(module._tick)
    assert module._tick() is None
    assert not redrawn


def test_each_stroke_is_seen_once(thumbnails, image):
    module, redrawn = thumbnails
    for count, row in enumerate((10, 250, 460), start=1):
        stroke(image, row)
        module.icon_of(image)
        assert bpy.app.timers.is_registered(module._tick)
        for _ in range(3):
            module._tick()
            module.icon_of(image)  # a redraw
        assert len(redrawn) == count
    image.pack()  # saved: the last look
    for _ in range(3):
        module._tick()
    assert module._tick() is None
    assert len(redrawn) == 3


def test_an_image_that_is_gone_is_forgotten(thumbnails, image):
    module, _ = thumbnails
    stroke(image, 0)
    module.icon_of(image)
    bpy.data.images.remove(image)
    assert module._tick() is None


def test_a_look_is_quick(thumbnails, image):
    module, _ = thumbnails
    stroke(image, 0)
    seconds = []
    for _ in range(20):
        module.icon_of(image)
        start = time.process_time()
        module._tick()
        seconds.append(time.process_time() - start)
    assert sorted(seconds)[-2] < 0.005
