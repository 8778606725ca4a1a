# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a browser brings back may be anything."""

import pytest

from era3d.web import memory

A, B = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    "given",
    [None, 7, "x", [], {}, {"jobs": 3}, {"jobs": [1, [A], ["../etc", "x"], [7, 8]], "open": A}],
)
def test_nonsense_is_nothing(given):
    assert memory.checked(given) == memory.EMPTY


def test_jobs_come_and_go():
    known = memory.with_job(memory.with_job(memory.EMPTY, A, "chair"), B, "knight")
    assert known == {"open": B, "jobs": [[B, "knight"], [A, "chair"]]}
    assert memory.opened(known, A)["open"] == A
    assert memory.opened(known, "c" * 32)["open"] == ""
    assert memory.name_of(known, A) == "chair"
    assert memory.without(known, B) == {"open": A, "jobs": [[A, "chair"]]}
    assert memory.without(memory.without(known, B), A) == memory.EMPTY


def test_it_does_not_grow_for_ever():
    known = memory.EMPTY
    for number in range(50):
        known = memory.with_job(known, f"{number:032x}", "x")
    assert len(known["jobs"]) == 30
    assert known["open"] == f"{49:032x}"
