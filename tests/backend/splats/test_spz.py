# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SPZ through GaussForge: as exact as its bits allow, then unchanged."""

import sys

import numpy as np
import pytest

from era3d.errors import InputError
from era3d.splats import read_spz, write_spz
from tests.backend.splats.clouds import random_cloud


def _unit(rotations):
    unit = rotations / np.linalg.norm(rotations, axis=1, keepdims=True)
    return unit * np.sign(unit[:, :1])


@pytest.mark.parametrize("degree", range(4))
def test_a_round_trip_is_exact_within_the_format(tmp_path, degree):
    pytest.importorskip("gaussforge")
    cloud = random_cloud(200, degree)
    write_spz(tmp_path / "cloud.spz", cloud)
    read = read_spz(tmp_path / "cloud.spz")
    assert read.degree == degree
    np.testing.assert_allclose(read.means, cloud.means, atol=2**-13 + 1e-6)  # 12 bits
    np.testing.assert_allclose(read.log_scales, cloud.log_scales, atol=1 / 32 + 1e-6)
    opacity, read_opacity = (1 / (1 + np.exp(-each.logits)) for each in (cloud, read))
    np.testing.assert_allclose(read_opacity, opacity, atol=0.5 / 255 + 1e-5)
    np.testing.assert_allclose(_unit(read.rotations), _unit(cloud.rotations), atol=0.004)
    np.testing.assert_allclose(read.colors(), cloud.colors(), atol=0.005)


def test_a_second_round_trip_changes_nothing(tmp_path):
    pytest.importorskip("gaussforge")
    write_spz(tmp_path / "first.spz", random_cloud(200, degree=2))
    once = read_spz(tmp_path / "first.spz")
    write_spz(tmp_path / "second.spz", once)
    twice = read_spz(tmp_path / "second.spz")
    for name in ("means", "log_scales", "logits", "harmonics"):
        np.testing.assert_allclose(getattr(twice, name), getattr(once, name), atol=1e-5)


def test_what_is_no_spz_is_refused(tmp_path):
    pytest.importorskip("gaussforge")
    (tmp_path / "other.spz").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"other\.spz cannot be turned"):
        read_spz(tmp_path / "other.spz")


def test_the_extra_to_install_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gaussforge", None)
    with pytest.raises(InputError, match=r"pip install 'era3d\[spz\]'"):
        write_spz(tmp_path / "cloud.spz", random_cloud(3))
