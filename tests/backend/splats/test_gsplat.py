"""The numbers that the plain renderer is held to, made anew by gsplat's own plain torch.

``make test-peers`` installs gsplat and runs this; elsewhere it is skipped.
"""

import importlib

import numpy as np
import pytest

from tests.backend.splats.clouds import LENSES


def test_the_kept_numbers_are_what_gsplat_gives():
    pytest.importorskip("gsplat", reason="make test-peers installs gsplat")
    gsplat_numbers = importlib.import_module("tests.backend.splats.gsplat_numbers")
    with np.load(gsplat_numbers.FILE) as kept:
        for kind, lens in LENSES.items():
            for name, values in gsplat_numbers.numbers(lens, kind).items():
                np.testing.assert_allclose(values, kept[f"{kind}_{name}"], atol=1e-6, rtol=1e-6)
