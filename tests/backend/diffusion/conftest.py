# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints on disk, made of the golden parts."""

import pytest

from tests.backend.diffusion.checkpoints import write_checkpoint
from tests.backend.diffusion.golden import FOLDER


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Folder of the golden model with camera regression; do not change it."""
    assert FOLDER.is_dir()
    return write_checkpoint(tmp_path_factory.mktemp("models") / "6view", "pipeline_regress_small")


@pytest.fixture(scope="session")
def ortho_checkpoint(tmp_path_factory):
    """Folder of the golden model without; do not change it."""
    return write_checkpoint(tmp_path_factory.mktemp("models") / "ortho", "pipeline_ortho_small")
