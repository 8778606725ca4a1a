# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from PIL import Image

from era3d.mesh import MeshSettings, fuse
from era3d.mesh.observations import observe, shown_detail
from era3d.views import Views
from tests.backend.mesh.solids import sphere, views_of


def enlarged(views, size):
    def wider(pictures):
        return np.stack([np.asarray(Image.fromarray(p).resize((size, size))) for p in pictures])

    return Views(wider(views.color), wider(views.normal))


def engraved(views, pixels):
    """Normals that change every few pixels."""
    normal = views.normal.copy()
    stripes = (np.arange(views.size) // pixels % 2 * 20).astype(np.uint8)
    normal[..., 0] = normal[..., 0] // 2 + stripes
    return Views(views.color, normal)


@pytest.mark.parametrize(("pixels", "detail"), [(1, 512), (2, 512), (64, 256)])
def test_detail_is_what_pictures_show(pixels, detail):
    assert shown_detail(observe(engraved(views_of(sphere, 512), pixels))) >= detail


def test_enlarged_pictures_show_no_more_than_before():
    small = views_of(sphere, 128)
    assert shown_detail(observe(small)) == 128
    assert shown_detail(observe(enlarged(small, 512))) == 128


def test_thin_parts_keep_the_size_of_their_pictures():
    views = views_of(sphere, 512)
    normal = views.normal.copy()
    stripes = np.arange(512) // 12 % 2 == 0
    normal[:, :, stripes, 3] = 0
    assert shown_detail(observe(Views(views.color, normal))) == 512


def test_enlarged_pictures_make_no_finer_mesh():
    small = views_of(sphere, 128)
    faces = [
        len(fuse(v, MeshSettings(target_faces=0)).faces) for v in (small, enlarged(small, 512))
    ]
    assert faces[1] < 1.2 * faces[0]
