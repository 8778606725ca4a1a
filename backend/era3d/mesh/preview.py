# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual hull as a mesh: what the silhouettes alone tell, in less than a second."""

import math

from era3d.mesh.decimate import decimate
from era3d.mesh.extract import surface_of
from era3d.mesh.hull import hull_volume
from era3d.mesh.observations import observe
from era3d.mesh.settings import MeshSettings
from era3d.mesh.start import make_grid, object_box
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.trust import loosen
from era3d.progress import Progress
from era3d.views import Views

_SIZE = 256
_MOST_CELLS = 96


def visual_hull(views: Views, settings: MeshSettings, progress: Progress) -> TriangleMesh:
    """Mesh the visual hull of six views; see `era3d.mesh.fuse`.

    At most `_MOST_CELLS` cells are used, whatever the settings ask.
    """
    obs = loosen(observe(views, settings.view_weights, _SIZE))
    progress(1, 3)
    low, high = object_box(obs)
    # Nothing is known between the pixels, so no cell is finer than one.
    pixels = math.ceil(float((high - low).max()) * views.size)
    grid = make_grid((low, high), min(settings.cells, _MOST_CELLS, pixels))
    mesh = surface_of(hull_volume(grid, obs).numpy(), grid)
    progress(2, 3)
    mesh = decimate(mesh, settings.target_faces or len(mesh.faces))
    progress(3, 3)
    return mesh
