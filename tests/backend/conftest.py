# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thread: tests share the machine, and waiting threads spin. And nobody's own folders."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def on_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="session")
def at_home_nowhere(tmp_path_factory):
    """A data and cache folder, and a cache of the hub, that are nobody's."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ERA3D_HOME", str(home))
        patch.setenv("HF_HUB_CACHE", str(home / "hub"))
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "hub"))
        yield
