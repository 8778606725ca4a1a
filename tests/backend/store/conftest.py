# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub that holds a small model, and a machine that has none."""

import pytest

from era3d.store import hub as hub_module
from era3d.store.models import RELEASED
from tests.backend.diffusion.checkpoints import write_released
from tests.backend.store.fake_hub import FakeHub

OTHERS = {
    "README.md": b"# card\n",
    ".gitattributes": b"*.bin lfs\n",
    "model_index.json": b"{}",
    "unet/diffusion_pytorch_model.bin": b"x" * 20_000,
    "text_encoder/pytorch_model.bin": b"x" * 20_000,
}


@pytest.fixture(scope="session")
def released_folder(tmp_path_factory):
    """A small model as the released ones lie on the hub; do not change it."""
    return write_released(tmp_path_factory.mktemp("released") / "6view")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on it; what was waited for took no time."""
    monkeypatch.setenv("ERA3D_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub_module.time, "sleep", lambda seconds: None)
    return tmp_path


@pytest.fixture
def hub(released_folder, machine, monkeypatch):
    """The hub; holds more than is needed."""
    files = {
        path.relative_to(released_folder).as_posix(): path.read_bytes()
        for path in released_folder.rglob("*")
        if path.is_file()
    }
    model = RELEASED["6view"]
    hub = FakeHub(model.repository, model.commit, files | OTHERS)
    with hub.serving() as address:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub
