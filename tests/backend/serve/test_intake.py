# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a client sends as a request is either one or refused in words."""

import contextlib
import json
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from era3d.errors import InputError
from era3d.job import Request
from era3d.serve.intake import read_request
from era3d.serve.refusal import Refusal
from era3d.serve.settings import ServerSettings

SETTINGS = ServerSettings(Path("jobs"), models=("mini", "own"), device="cpu")
_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=6), max_leaves=8)
_NAMES = st.sampled_from([each.name for each in fields(Request)])


@given(st.dictionaries(_NAMES | st.text(max_size=10), _VALUES, max_size=5))
def test_any_object_is_a_request_that_is_allowed_or_refused(values):
    try:
        request = read_request(json.dumps(values).encode(), SETTINGS)
    except (Refusal, InputError):
        return
    assert request.model in SETTINGS.models
    assert (request.device, request.vram_limit) == ("cpu", None)
    assert json.loads(json.dumps(asdict(request), allow_nan=False).encode())


@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_request_or_refused(text):
    with contextlib.suppress(Refusal, InputError):
        assert isinstance(read_request(text, SETTINGS), Request)


@given(
    st.fixed_dictionaries({}, optional={"seed": st.integers(0, 2**32 - 1), "model": st.just("own")})
)
def test_what_is_allowed_is_kept(values):
    request = read_request(json.dumps(values).encode(), SETTINGS)
    assert asdict(request) | values == asdict(request)


def test_the_model_of_another_name_is_refused():
    with pytest.raises(Refusal, match="choose mini, own"):
        read_request(b'{"model": "6view"}', SETTINGS)
