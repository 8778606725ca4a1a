# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept between jobs, and what is not."""

import shutil

import pytest
import torch

from era3d.diffusion import warm
from era3d.store.models import model_folder


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    monkeypatch.setattr(warm, "_keeping", False)
    warm.forget_models()
    yield
    warm.forget_models()


def test_nothing_is_kept_unless_asked():
    warm.load_warm("mini", torch.float32)
    assert not warm._kept


def test_the_last_model_is_kept_until_it_changes_or_is_forgotten(tmp_path):
    warm.keep_models()
    first = warm.load_warm("mini", torch.float32)
    assert warm.load_warm("mini", torch.float32) is first
    copy = shutil.copytree(model_folder("mini"), tmp_path / "copy")
    second = warm.load_warm(str(copy), torch.float32)
    assert list(warm._kept.values()) == [second]
    sampling = copy / "sampling.json"
    sampling.write_text(sampling.read_text() + "\n")
    assert warm.load_warm(str(copy), torch.float32) is not second
    warm.forget_models()
    assert not warm._kept
