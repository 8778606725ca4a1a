# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets how much of a cluster."""

import pytest

from era3d.errors import InputError
from era3d.serve.cluster.plan import Share, read_replicas, shares


def test_numbers_of_replicas_are_read():
    assert read_replicas(["views=8", "mesh=2:64"]) == {"views": (8, 8), "mesh": (2, 64)}


@pytest.mark.parametrize(
    "text", ["views", "views=", "views=0", "mesh=3:2", "paint=1", "views=-1", "views=1:2:3"]
)
def test_what_is_no_number_of_replicas_is_said(text):
    with pytest.raises(InputError, match=text):
        read_replicas([text])


def test_views_get_the_gpus_and_the_rest_the_cores():
    plan = shares({}, cpus=64.0, gpus=8.0)
    assert plan["views"] == Share(1, 8, 1.0, 1.0)
    assert plan["mesh"] == plan["texture"] == plan["prepare"] == Share(1, 64, 1.0, 0.0)


def test_splats_have_a_replica_while_a_job_wants_some():
    plan = shares({}, cpus=64.0, gpus=8.0)
    assert plan["splats"] == Share(0, 64, 1.0, 0.0)
    assert read_replicas(["splats=1:2"]) == {"splats": (1, 2)}


@pytest.mark.parametrize(("cpus", "wanted"), [(2.0, {}), (1.0, {"mesh": (2, 2)}), (3.0, {})])
def test_a_small_machine_has_room_for_all_that_must_be_there(cpus, wanted):
    plan = shares(wanted, cpus, 0.0)
    assert sum(max(share.least, 1) * share.cpus for share in plan.values()) <= cpus
    assert all(share.gpus == 0 and share.most >= 1 for share in plan.values())


def test_more_replicas_than_gpus_are_refused():
    with pytest.raises(InputError, match="2 GPUs for 3"):
        shares({"views": (3, 3)}, 16.0, 2.0)
