# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

from era3d.cameras import VIEWS
from era3d.errors import ViewWarning
from era3d.mesh import MeshSettings, fuse
from era3d.mesh.intersections import find_intersections
from era3d.mesh.remesh import faces_for
from era3d.views import Views
from tests.backend.mesh.solids import (
    SPHERE_RADIUS,
    assert_solid,
    dented_sphere,
    letter_f,
    sphere,
    views_of,
)

SIZE = 48
FEW = MeshSettings(target_faces=2000)


def mirrored_points(mesh):
    points = np.abs(mesh.vertices)
    left, right = (points[side * mesh.vertices[:, 0] > 0] for side in (-1, 1))
    return [each[np.lexsort(each.T)] for each in (left, right)]


def test_symmetric_meshes_are_exactly_so():
    mesh = fuse(views_of(dented_sphere, SIZE), replace(FEW, symmetric=True))
    assert_solid(mesh)
    left, right = mirrored_points(mesh)
    np.testing.assert_array_equal(left, right)
    assert len(find_intersections(mesh)) == 0


@pytest.mark.filterwarnings("error::era3d.errors.ViewWarning")
def test_a_view_that_is_not_trusted_is_replaced_by_its_mirror_image():
    views = views_of(sphere, SIZE)
    normal = views.normal.copy()
    normal[VIEWS.index("left"), : SIZE // 2] = 0
    weights = tuple(0.0 if name == "left" else 1.0 for name in VIEWS)
    settings = replace(FEW, symmetric=True, view_weights=weights)
    mesh = fuse(Views(views.color, normal), settings)
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - SPHERE_RADIUS).mean() < 0.004


def test_what_is_not_symmetric_is_named():
    with pytest.warns(ViewWarning, match="is the object symmetric"):
        assert_solid(fuse(views_of(letter_f, SIZE), replace(FEW, symmetric=True)))


def test_even_triangles_in_the_wanted_number():
    mesh = fuse(views_of(sphere, SIZE), replace(FEW, isotropic=True))
    assert_solid(mesh)
    assert len(mesh.faces) == pytest.approx(2000, rel=0.1)
    corners = mesh.vertices[mesh.faces]
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1)
    assert lengths.std() < 0.2 * lengths.mean()
    assert faces_for(mesh, float(lengths.mean())) == pytest.approx(2000, rel=0.1)


def test_refined_meshes_keep_their_number_of_faces():
    mesh = fuse(views_of(sphere, SIZE), replace(FEW, refine=True))
    assert_solid(mesh)
    assert len(mesh.faces) == pytest.approx(2000, rel=0.05)
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - SPHERE_RADIUS).mean() < 0.002
