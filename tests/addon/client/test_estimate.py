# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time that is left."""

from __future__ import annotations

import pytest

from era3d_blender.client.estimate import stage_left, time_left
from era3d_blender.client.supervisor import StageStatus


def test_a_stage_goes_on_at_its_pace():
    status = StageStatus("running", step=10, of=40, began=100.0)
    assert stage_left(status, now=120.0) == pytest.approx(60.0)
    assert stage_left(status, now=100.5) is None  # too early to tell
    assert stage_left(StageStatus("running", began=100.0), now=120.0) is None


def test_the_rest_is_as_long_as_last_time():
    stages = {
        "prepare": StageStatus("finished"),
        "views": StageStatus("running", step=30, of=40, began=100.0),
        "mesh": StageStatus("waiting"),
    }
    assert time_left(stages, {"mesh": 7.0}, now=130.0) == pytest.approx(17.0)
    assert time_left(stages, {}, now=130.0) is None  # nobody knows how long a mesh takes


def test_a_stage_without_steps_is_measured_by_the_last_one():
    stages = {"mesh": StageStatus("running", began=100.0)}
    assert time_left(stages, {"mesh": 7.0}, now=103.0) == pytest.approx(4.0)
    assert time_left(stages, {"mesh": 7.0}, now=190.0) == 0.0
