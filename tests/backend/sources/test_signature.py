# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D's endpoint is known by what it takes and gives."""

import pytest

from era3d.errors import InputError
from era3d.sources.signature import GIVES, TAKES, find_endpoint


def endpoint(takes=TAKES, gives=GIVES, default=()):
    parameters = [
        {"parameter_name": name, "parameter_has_default": name in default} for name in takes
    ]
    return {"parameters": parameters, "returns": [{}] * gives}


def api(**endpoints):
    return {"named_endpoints": {f"/{name}": each for name, each in endpoints.items()}}


def test_whatever_it_is_called():
    found = api(partial=endpoint(("input_image", "chk_group"), 2), partial_1=endpoint())
    assert find_endpoint(found, "x") == "/partial_1"


def test_it_may_take_more_that_need_not_be_given():
    found = api(run=endpoint((*TAKES, "sampler"), default=("sampler",)))
    assert find_endpoint(found, "x") == "/run"


@pytest.mark.parametrize(
    "changed",
    [
        endpoint(TAKES[:-1]),
        endpoint((*TAKES, "sampler")),
        endpoint(gives=6),
        endpoint(("image", *TAKES[1:])),
    ],
)
def test_a_changed_one_is_named_beside_what_was_expected(changed):
    takes = ", ".join(each["parameter_name"] for each in changed["parameters"])
    with pytest.raises(InputError) as error:
        find_endpoint(api(run=changed), "https://me.example")
    told = str(error.value)
    assert "https://me.example" in told
    assert f"({', '.join(TAKES)}) that gives 12 pictures" in told
    assert f"/run({takes}) that gives {len(changed['returns'])}" in told


def test_none_at_all():
    with pytest.raises(InputError, match="none with a name"):
        find_endpoint({"named_endpoints": {}}, "x")
