# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a graphics card can show: levels on a real device, and its memory given back."""

import numpy as np
import pytest
import torch

from era3d.devices import choose
from era3d.diffusion.memory import LEVELS, MemoryPlan
from tests.backend.diffusion.test_placement import small_views
from tests.backend.models import tiny_pipeline

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card"),
]


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_a_card_gives_the_processor_s_views_and_its_memory_back(picture, level):
    wanted = small_views(tiny_pipeline(), picture)
    before = torch.cuda.memory_allocated()
    pipeline = tiny_pipeline()
    pipeline.place(MemoryPlan(choose("cuda").torch, torch.float32, (level,), 0.0))
    views = small_views(pipeline, picture)
    assert np.abs(views - wanted).max() < 5e-3, "the same seed, the same noise"
    pipeline.release()
    assert torch.cuda.memory_allocated() == before
