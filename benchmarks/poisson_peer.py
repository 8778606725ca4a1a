# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer: depth integrated from each view's normals, and Open3D's screened Poisson surface.

What one would write first with the usual tools. Needs numpy, scipy, pillow and open3d only.

    python benchmarks/poisson_peer.py FOLDER_OF_VIEWS MESH.ply
"""

import sys
from pathlib import Path

import numpy as np
import open3d
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_array, diags_array, vstack
from scipy.sparse.linalg import cg

AZIMUTHS = {"front": 0, "front_right": 45, "right": 90, "back": 180, "left": 270, "front_left": 315}
SIZE = 256
# How strongly integrated depths are held to the visual hull's front: normals fix them only up to
# a constant for each piece.
ANCHOR = 0.05
# Reweighted least squares: residuals, in pixels and in world units, beyond which both count less.
ROUNDS = 4
ODD_STEP = 0.3
ODD_DEPTH = 0.02
STEEPEST = 0.15
POISSON_DEPTH = 8

Floats = NDArray[np.float64]


def main() -> None:
    """Read six views, write a mesh in the world frame; the pictures span one unit."""
    folder, target = Path(sys.argv[1]), sys.argv[2]
    images = {view: read(folder / f"normals_{view}_masked.png") for view in AZIMUTHS}
    points, normals = [], []
    for view, image in images.items():
        depth = integrate(image, axes(view), hull_depth(view, images))
        seen = (image[..., 3] > 0.99) & (image[..., :3] @ axes(view)[2] > STEEPEST)
        points.append(unproject(depth, view)[seen])
        normals.append(image[seen][:, :3])
    cloud = open3d.geometry.PointCloud()
    cloud.points = open3d.utility.Vector3dVector(np.concatenate(points))
    cloud.normals = open3d.utility.Vector3dVector(np.concatenate(normals))
    mesh, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        cloud, depth=POISSON_DEPTH
    )
    open3d.io.write_triangle_mesh(target, mesh)


def read(path: Path) -> Floats:
    """Unit world normals and alpha (SIZE, SIZE, 4) of a normal map."""
    picture = Image.open(path).convert("RGBA").resize((SIZE, SIZE), Image.Resampling.BOX)
    rgba = np.asarray(picture, float)
    x, y, z = np.moveaxis(rgba[..., :3] / 127.5 - 1.0, -1, 0)
    normal = np.stack([x, -z, y], -1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    return np.concatenate([normal, rgba[..., 3:] / 255.0], -1)


def axes(view: str) -> Floats:
    """Rows right, up, back of a view's camera."""
    angle = np.radians(AZIMUTHS[view])
    sin, cos = np.sin(angle), np.cos(angle)
    return np.array([[cos, sin, 0.0], [0.0, 0.0, 1.0], [sin, -cos, 0.0]])


def unproject(depth: Floats, view: str) -> Floats:
    """World points (SIZE, SIZE, 3) at depths behind the plane through the origin."""
    centre = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    across, up = np.meshgrid(centre, -centre)
    return np.stack([across, up, -depth], -1) @ axes(view)


def hull_depth(view: str, images: dict[str, Floats]) -> Floats:
    """Depth (SIZE, SIZE) at which each pixel's ray enters the visual hull, 0 where it does not."""
    right, _, back = axes(view)
    centre = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    depths = np.linspace(-0.7, 0.7, int(1.4 * SIZE))
    inside = np.repeat(images[view][..., 3:] > 0.5, len(depths), axis=2)
    for other, image in images.items():
        there = axes(other)[0]
        place = centre[:, None] * (right @ there) - depths * (back @ there)
        column = ((place + 0.5) * SIZE).astype(int)
        within = (column >= 0) & (column < SIZE)
        inside &= (image[..., 3] > 0.5)[:, column.clip(0, SIZE - 1)] & within
    return np.where(inside.any(2), depths[inside.argmax(2)], 0.0)


def integrate(image: Floats, camera: Floats, anchor: Floats) -> Floats:
    """Depth (SIZE, SIZE) whose slopes fit the normals best, by least squares."""
    mask = image[..., 3] > 0.5
    index = np.full(mask.shape, -1)
    index[mask] = np.arange(mask.sum())
    across, up, facing = np.moveaxis(image[..., :3] @ camera.T, -1, 0)
    rows, values = [], []
    # In the image, depth grows by across / facing to the right and by -up / facing downwards.
    for axis, slope in ((1, across), (0, -up)):
        first = [slice(None, -1) if k == axis else slice(None) for k in (0, 1)]
        second = [slice(1, None) if k == axis else slice(None) for k in (0, 1)]
        one, other = index[tuple(first)], index[tuple(second)]
        both = (one >= 0) & (other >= 0)
        weight = (facing[tuple(first)] + facing[tuple(second)])[both].clip(0.0) / 2.0
        rise = (slope[tuple(first)] + slope[tuple(second)])[both] / 2.0 / SIZE
        rows.append(difference(one[both], other[both], weight, mask.sum()))
        values.append(rise)
    matrix, wanted, depths = vstack(rows), np.concatenate(values), anchor[mask]
    trust, hold = np.ones(len(wanted)), np.ones(len(depths))
    for _ in range(ROUNDS):
        normal = matrix.T @ diags_array(trust) @ matrix + ANCHOR**2 * diags_array(hold)
        right = matrix.T @ (trust * wanted) + ANCHOR**2 * hold * anchor[mask]
        scaled = diags_array(1.0 / normal.diagonal())
        depths, _ = cg(normal, right, x0=depths, rtol=1e-6, maxiter=1000, M=scaled)
        # Steps do not follow the normals, and recesses not the hull.
        trust = 1.0 / (1.0 + ((matrix @ depths - wanted) * SIZE / ODD_STEP) ** 2)
        hold = 1.0 / (1.0 + ((depths - anchor[mask]) / ODD_DEPTH) ** 2)
    depth = np.zeros(mask.shape)
    depth[mask] = depths
    return depth


def difference(one: NDArray, other: NDArray, weight: Floats, count: int) -> csr_array:
    """Rows weight * (other - one)."""
    rows = np.arange(len(one))
    entries = np.r_[-weight, weight], (np.r_[rows, rows], np.r_[one, other])
    return csr_array(entries, shape=(len(one), count))


if __name__ == "__main__":
    main()
