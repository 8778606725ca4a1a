# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from era3d.mesh.fusion import one_thread


@pytest.fixture(autouse=True, scope="session")
def on_one_thread():
    with one_thread():
        yield
