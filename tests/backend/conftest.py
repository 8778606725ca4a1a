# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thread: tests share the machine, and threads that wait for each other spin."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def on_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
