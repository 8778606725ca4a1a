# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From photo to mesh with a trained model, against the true mesh and what six outlines can tell."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from era3d import raster
from era3d.cameras import VIEWS, world_to_image
from era3d.diffusion.result import views_of
from era3d.mesh import MeshSettings, fuse
from era3d.progress import Progress, ignore
from era3d.training.metrics import Case
from era3d.training.render import Scene, frame_mesh, render_targets
from era3d.views import Views

_SIZE = 512
_POINTS = 20_000

Triangles = tuple[NDArray[np.floating], NDArray[np.integer]]


def run_chain(
    case: Case, part: str, count: int, cells: int = 176, progress: Progress = ignore
) -> dict[str, dict[str, float]]:
    """Make meshes of objects that were kept out, and compare them with the true ones.

    Parameters
    ----------
    case : Case
    part : str
        "unseen packs" or "seen packs".
    count : int
        Objects, evenly through the part.
    cells : int
        See `era3d.mesh.MeshSettings`.
    progress : Progress
        Called after each object.

    Returns
    -------
    dict
        By method ("the model", "hull of the true outlines"): `iou`, of the silhouettes in the six
        views; `chamfer`, see `chamfer`, in hundredths of an image's width; means over objects,
        and their standard deviations as ``... spread``.
    """
    records, truth = case.records[part], case.truth[part]
    chosen = np.linspace(0, len(records) - 1, min(count, len(records))).astype(int)
    found: dict[str, list[tuple[float, float]]] = {"the model": [], "hull of the true outlines": []}
    for done, index in enumerate(chosen):
        scene = frame_mesh(case.meshes.mesh(records[index]))
        true = (scene.vertices, scene.faces)
        drawn = case.pipeline(np.asarray(truth.photos[index, 0]))
        for name, views, method in (
            ("the model", views_of(drawn, _SIZE), "levelset"),
            ("hull of the true outlines", _true_views(scene), "hull"),
        ):
            mesh = fuse(views, MeshSettings(method=method, cells=cells))
            made = (mesh.vertices, mesh.faces)
            found[name].append((overlap(made, true), 100 * chamfer(made, true)))
        progress(done + 1, len(chosen))
    return {name: _numbers(values) for name, values in found.items()}


def overlap(one: Triangles, other: Triangles) -> float:
    """Intersection over union of two objects' silhouettes, mean over the six views."""
    a, b = silhouettes(one), silhouettes(other)
    return float(((a & b).sum((1, 2)) / np.maximum((a | b).sum((1, 2)), 1)).mean())


def silhouettes(mesh: Triangles, size: int = _SIZE) -> NDArray[np.bool_]:
    """What an object covers in the six views, (6, size, size)."""
    vertices, faces = mesh
    covered = []
    for view in VIEWS:
        pixel, behind = world_to_image(vertices.astype(np.float64), view, size)
        corners = np.concatenate([pixel, behind[:, None]], 1)[faces]
        drawn = raster.rasterize(torch.from_numpy(corners), size, size)
        covered.append((drawn.face >= 0).numpy())
    return np.stack(covered)


def chamfer(one: Triangles, other: Triangles) -> float:
    """Mean distance from points of either surface to the nearest of the other, both ways."""
    a, b = (_surface_points(mesh) for mesh in (one, other))
    there, _ = cKDTree(b).query(a)
    back, _ = cKDTree(a).query(b)
    return float((there.mean() + back.mean()) / 2)


def _surface_points(mesh: Triangles) -> NDArray[np.float64]:
    """Points (n, 3) spread evenly over a surface, always the same."""
    corners = mesh[0].astype(np.float64)[mesh[1]]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    generator = np.random.default_rng(0)
    a, b, c = corners[generator.choice(len(area), _POINTS, p=area / area.sum())].swapaxes(0, 1)
    u, v = generator.random((2, _POINTS, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return a + u * (b - a) + v * (c - a)


def _true_views(scene: Scene) -> Views:
    drawn = render_targets(scene, _SIZE, supersampling=1)
    alpha = drawn.alpha[..., None]
    color, normal = (np.concatenate([x, alpha], -1) for x in (drawn.color, drawn.normal))
    return Views(*(np.rint(x.clip(0, 1) * 255).astype(np.uint8) for x in (color, normal)))


def _numbers(values: Sequence[tuple[float, float]]) -> dict[str, float]:
    pairs = np.array(values)
    named = zip(("iou", "chamfer"), pairs.mean(0), pairs.std(0), strict=True)
    return {
        key: float(value)
        for name, mean, spread in named
        for key, value in ((name, mean), (f"{name} spread", spread))
    }


def chain_table(results: dict[str, dict[str, float]]) -> str:
    """Results as a table in Markdown."""
    lines = ["| meshes | silhouette IoU | chamfer, % of the image's width |", "|---|---|---|"]
    for method, n in results.items():
        iou = f"{n['iou']:.3f} ± {n['iou spread']:.3f}"
        lines.append(f"| {method} | {iou} | {n['chamfer']:.2f} ± {n['chamfer spread']:.2f} |")
    return "\n".join(lines)
