# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run xatlas on a mesh; a script of its own because xatlas may crash or never end.

Started as ``python -I unwrap_child.py MESH.npz ATLAS.npz SIZE PADDING JITTER``. It imports numpy
and xatlas only, so it starts at once and needs nothing on its path.
"""

import sys

import numpy as np
import xatlas


def main(mesh_file: str, atlas_file: str, size: str, padding: str, jitter: str) -> None:
    """Read vertices and faces, write ``vertex``, ``uv`` in pixels and ``faces``."""
    with np.load(mesh_file) as mesh:
        vertices, faces = mesh["vertices"], mesh["faces"].astype(np.uint32)
    if float(jitter) > 0:
        extent = float(np.ptp(vertices, axis=0).max())
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, vertices.shape)
        vertices = (vertices + float(jitter) * extent * noise).astype(np.float32)
    charts, pack = xatlas.ChartOptions(), xatlas.PackOptions()
    pack.resolution, pack.padding = int(size), int(padding)
    atlas = xatlas.Atlas()
    atlas.add_mesh(vertices, faces)
    atlas.generate(charts, pack)
    vertex, out_faces, uv = atlas.get_mesh(0)
    pixels = uv * np.array([atlas.width, atlas.height], np.float32)
    if atlas.atlas_count != 1:
        raise SystemExit("xatlas made more than one picture")
    with open(atlas_file, "wb") as file:  # noqa: PTH123 - a name without .npz stays as it is
        np.savez(file, vertex=vertex, uv=pixels, faces=out_faces)


if __name__ == "__main__":
    main(*sys.argv[1:])
