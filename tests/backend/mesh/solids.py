# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact views of solids given by their signed distance, and measures of meshes."""

import functools

import numpy as np
import torch

from era3d.cameras import VIEWS, normals_to_maps, pixel_rays, world_to_image
from era3d.raster import rasterize
from era3d.views import Views

SPHERE_RADIUS = 0.35
CUBE_HALF = 0.25
COIN_FLOOR = -0.07
DENT_CENTRE, DENT_RADIUS = np.array([0.0, -0.35, 0.0]), 0.2


def sphere(points):
    return np.linalg.norm(points, axis=-1) - SPHERE_RADIUS


def cube(points):
    return box(points, np.zeros(3), np.full(3, CUBE_HALF))


def dented_sphere(points):
    return np.maximum(sphere(points), DENT_RADIUS - np.linalg.norm(points - DENT_CENTRE, axis=-1))


def letter_f(points):
    """A block letter that reads the right way round from the front (-Y)."""
    stem = box(points, np.array([-0.15, 0.0, 0.0]), np.array([0.06, 0.08, 0.35]))
    top = box(points, np.array([0.05, 0.0, 0.29]), np.array([0.22, 0.08, 0.06]))
    bar = box(points, np.array([0.0, 0.0, 0.05]), np.array([0.15, 0.08, 0.06]))
    return np.minimum(stem, np.minimum(top, bar))


def pickup(points):
    """A block with a bed that opens upwards and, above a low tailgate, backwards (+Y)."""
    body = box(points, np.array([0.0, 0.0, -0.05]), np.array([0.16, 0.36, 0.13]))
    cab = box(points, np.array([0.0, -0.1, 0.13]), np.array([0.13, 0.12, 0.1]))
    bed = box(points, np.array([0.0, 0.2, 0.1]), np.array([0.12, 0.14, 0.12]))
    tail = box(points, np.array([0.0, 0.36, 0.06]), np.array([0.12, 0.06, 0.06]))
    return np.maximum(np.minimum(body, cab), -np.minimum(bed, tail))


def coin(points):
    """A thick disc that faces the front (-Y), its face sunk within a bevelled rim, with a bar."""
    x, y, z = np.moveaxis(points, -1, 0)
    radius = np.hypot(x, z)
    disc = np.maximum(radius - 0.36, np.abs(y) - 0.13)
    sunk = np.maximum(y - COIN_FLOOR, (radius - 0.2 + y - COIN_FLOOR) / np.sqrt(2))
    bar = box(points, np.array([0.0, -0.08, 0.0]), np.array([0.03, 0.04, 0.12]))
    return np.minimum(np.maximum(disc, -sunk), bar)


def box(points, centre, half):
    beyond = np.abs(points - centre) - half
    return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(-1), 0)


@functools.cache
def views_of(distance, size):
    """Six views of the solid that `distance` describes, with soft edges."""
    color = np.zeros((6, size, size, 4), np.uint8)
    normal = np.zeros_like(color)
    for index, view in enumerate(VIEWS):
        normals, nearest = _trace(distance, *pixel_rays(view, size))
        rgb = np.round((normals_to_maps(normals) + 1) * 127.5)
        alpha = np.round((0.5 - nearest * size).clip(0, 1) * 255)
        normal[index] = np.concatenate([rgb, alpha[..., None]], -1).astype(np.uint8)
        color[index] = normal[index]
    return Views(color, normal)


def _trace(distance, origins, direction):
    """Normals where rays hit or pass nearest, and the distance there, below 0 where they hit."""
    travelled = np.full(origins.shape[:2], 0.6)
    least, where = np.full(origins.shape[:2], np.inf), travelled.copy()
    going = np.ones(origins.shape[:2], bool)
    # A ray that grazes a face comes along in short steps: stop each one on its own.
    while going.any():
        here = distance(origins[going] + travelled[going][:, None] * direction)
        # Beyond the first hit only `least` goes on: it tells how deep inside the outline one is.
        nearer = (here < least[going]) & (least[going] > 1e-5)
        where[going] = np.where(nearer, travelled[going], where[going])
        least[going] = np.minimum(least[going], here)
        travelled[going] += np.maximum(np.abs(here), 1e-4)
        going &= (travelled < 2.0) & (least > -0.02)
    points = origins + where[..., None] * direction
    step = 1e-4 * np.eye(3)
    normals = np.stack([distance(points + s) - distance(points - s) for s in step], -1)
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9), least


def edge_counts(mesh):
    """How many edges have 0, 1, 2, ... faces."""
    edges = np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    return np.bincount(np.unique(edges, axis=0, return_counts=True)[1])


def assert_solid(mesh):
    """Watertight, 2-manifold, consistently and outward oriented."""
    counts = edge_counts(mesh)
    assert len(counts) == 3
    assert counts[1] == 0
    directed = mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    assert len(np.unique(directed, axis=0)) == len(directed)
    assert mesh.signed_volume() > 0


def coverage(mesh, view, size):
    """Pixels (size, size) of a view that the mesh covers."""
    pixel, depth = world_to_image(mesh.vertices, view, size)
    corners = np.concatenate([pixel, depth[:, None]], 1)[mesh.faces].astype(np.float32)
    return rasterize(torch.from_numpy(corners), size, size).face.numpy() >= 0


def overlap(one, other):
    """Intersection over union of two masks."""
    return (one & other).sum() / (one | other).sum()
