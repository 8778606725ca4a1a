# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six views to one closed mesh: a level set that follows the normals that the views show."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from era3d.mesh.carve import start_from_depths
from era3d.mesh.decimate import decimate
from era3d.mesh.distance import gradient, redistance
from era3d.mesh.evidence import gather_evidence
from era3d.mesh.extract import extract
from era3d.mesh.grid import Band, Grid
from era3d.mesh.hull import outline_distances
from era3d.mesh.observations import Observations, observe, shown_detail
from era3d.mesh.parallel import each
from era3d.mesh.pins import find_anchors, find_rims, find_unseen, join
from era3d.mesh.registration import Warp, register
from era3d.mesh.selfcheck import Check, check
from era3d.mesh.settings import MeshSettings
from era3d.mesh.solve import solve
from era3d.mesh.start import make_grid, object_box, refine, start_from_hull
from era3d.mesh.stereo import DepthMaps, match
from era3d.mesh.triangle_mesh import TriangleMesh
from era3d.mesh.trust import Trust, agree, estimate_trust, loosen
from era3d.progress import Progress, ignore
from era3d.views import Views

# Voxels on the longest side and outer steps of the first level; of the finer ones up to the usual
# grid as a share of the finest, and beyond it, where each must know enough of the next.
_COARSE, _COARSE_STEPS = 64, 24
# Views that agree are carved after so many of them if their normals are so many times farther off
# than would need no stereo; views that disagree are registered before these.
_HOPELESS_AT, _HOPELESS = 8, 2.0
_REGISTER_AT = (8, 16)
_LEVELS, _USUAL = ((112 / 176, 6), (1.0, 3)), 176
_BEYOND, _MOST_FINER = ((112, 6), (176, 3), (256, 3)), 1.2
# How much each solution keeps to the field before it; and, once stereo has carved, where no view
# sees: loosely or firmly.
_KEEP, _FIRMNESS = 0.002, (0.002, 0.3)
# Where the two are as good, surface is held loosely.
_CLEARLY = 0.99
# By how much more normals may be off on a shape just carved, which finer levels are to smooth yet,
# if it fills the silhouettes better: a coarse lattice loses thin parts.
_ROUGHER = 1.1
# Smaller pictures are too coarse for depths.
_STEREO_DETAIL = 128
_CPU = "cpu"
# Voxels.
_LONGEST_MOVE, _REST = 1.5, 0.01
# How many voxels away a demand is felt: far, until a second level has settled what lies far.
_FAR, _NEAR = 40, 20


def fuse_levelset(
    views: Views, settings: MeshSettings, progress: Progress = ignore
) -> TriangleMesh:
    """Make the mesh that six views show.

    A coarse level set goes from the visual hull to where the normals lead it. If it then shows
    the normals that the views show, finer ones go on from there. If not (recesses that no
    silhouette shows, thin parts that a coarse lattice loses), they start instead from what normal
    stereo carves of the hull, and keep to its depths, if the views agree like those of one solid or
    that shows more of the normals.

    Parameters
    ----------
    views : Views
        The alpha of the normal maps is the silhouette. Up to three may be empty.
    settings : MeshSettings
    progress : Progress
        Called after each outer step and after the last one.

    Returns
    -------
    TriangleMesh
        World frame; watertight, 2-manifold, faces outward.

    Raises
    ------
    InputError
        If too few views show something, or nothing fits all silhouettes.
    """
    try:
        return _fuse(views, settings, progress, settings.device)
    except RuntimeError:
        # A card that is full, or that lacks an operation.
        if settings.device == _CPU:
            raise
    return _fuse(views, settings, progress, _CPU)


def _fuse(views: Views, settings: MeshSettings, progress: Progress, device: str) -> TriangleMesh:
    """See `fuse_levelset`."""
    given = observe(views, settings.view_weights, device=device)
    given = replace(given, detail=shown_detail(given))
    box = object_box(loosen(given))
    # Nothing is known between the pixels, so no voxel is finer than one.
    cells = min(settings.cells, math.ceil(float((box[1] - box[0]).max()) * given.detail))
    levels = _levels(cells)
    first = levels[0][0] if levels else 0
    steps = _Steps(progress, _COARSE_STEPS + 1 + sum(count for _, count in levels) + 2)
    may_carve = bool(levels) and given.detail >= _STEREO_DETAIL
    coarse = make_grid(box, min(_COARSE, cells))
    shape, trust = _coarse_shape(coarse, given, steps, hurry=may_carve)
    if may_carve and shape.check.normal_error > trust.good_error:
        carved = _carved_shape(box, *levels[0], shape.obs, trust)
        if trust.exact or _shows_more(carved, shape):
            shape, levels = carved, levels[1:]
    steps.reach(steps.total - 2 - sum(count for _, count in levels))
    for finer, count in levels:
        reach = _FAR if finer == first else _NEAR
        shape = shape.refined(make_grid(box, finer)).advanced(count, steps.tick, reach)
    mesh = shape.mesh
    steps.tick()
    mesh = decimate(mesh, settings.target_faces or len(mesh.faces))
    steps.tick()
    return mesh


@dataclass(frozen=True)
class _Shape:
    """A level set and the views that it follows; if stereo has carved it, also the depths that it
    keeps to, and how far.
    """

    band: Band
    phi: Tensor
    obs: Observations
    maps: DepthMaps | None = None
    trust: Trust | None = None

    @cached_property
    def mesh(self) -> TriangleMesh:
        """Its surface."""
        return extract(self.band, self.phi)

    @cached_property
    def check(self) -> Check:
        """How well it shows what the views show."""
        return check(self.mesh, self.obs)

    def refined(self, grid: Grid) -> "_Shape":
        """The same on a finer lattice."""
        band, phi = refine(self.band, self.phi, grid, self.obs)
        return replace(self, band=band, phi=phi)

    def advanced(
        self, count: int, tick: Callable[[], None] = lambda: None, reach: int = _FAR
    ) -> "_Shape":
        """After some outer steps, each of which is told."""
        band, phi = self.band, self.phi
        for _ in range(count):
            band, phi = advance(band, phi, self.obs, self.maps, self.trust, reach)
            tick()
        return replace(self, band=band, phi=phi)


class _Steps:
    """Tells how many of a known number of steps are done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.total = total
        self._progress = progress
        self._done = 0

    def tick(self) -> None:
        """One more is done."""
        self._done += 1
        self._progress(self._done, self.total)

    def reach(self, step: int) -> None:
        """Those up to this one are done, or not needed."""
        while self._done < step:
            self.tick()


def _levels(cells: int) -> list[tuple[int, int]]:
    """Voxels and outer steps of all levels but the first."""
    if cells > _USUAL:
        coarser = [(grid, count) for grid, count in _BEYOND if grid * _MOST_FINER < cells]
        return [*coarser, (cells, _LEVELS[-1][1])]
    levels = [(round(share * cells), count) for share, count in _LEVELS]
    return [(finer, count) for finer, count in levels if finer > _COARSE]


def _coarse_shape(
    grid: Grid, given: Observations, steps: _Steps, hurry: bool
) -> tuple[_Shape, Trust]:
    """A level set from the hull to where the normals lead it, and how far the views can be trusted,
    as it tells; views that disagree are registered to it on the way. In a `hurry`, one that will be
    carved anyway is not led to its end.
    """
    registered, warp = given, Warp.identity(given)
    exact, obs = agree(given), loosen(given)
    shape = _Shape(*start_from_hull(grid, obs), obs)
    for step in range(_COARSE_STEPS):
        if step in _REGISTER_AT and not exact:
            warp = register(shape.mesh, given, warp)
            registered = warp.apply(given)
            shape = replace(shape, obs=loosen(registered))
        before, shape = shape, shape.advanced(1, steps.tick)
        if (step >= _REGISTER_AT[-1] or exact) and _at_rest(before, shape):
            break
        if hurry and exact and step == _HOPELESS_AT:
            trust = estimate_trust(shape.mesh, given)
            if shape.check.normal_error > _HOPELESS * trust.good_error:
                return shape, trust
    steps.reach(_COARSE_STEPS)
    return shape, estimate_trust(shape.mesh, registered)


def _at_rest(before: _Shape, now: _Shape) -> bool:
    """Whether a step moved the surface by so little that finer levels may take over."""
    near = before.phi.abs() < 1.0
    index = now.band.nearest(before.band.positions[near])
    phi = torch.cat([now.phi, now.phi.new_tensor([_LONGEST_MOVE])]).index_select(0, index)
    return float((phi - before.phi[near]).abs().mean()) < _REST


def _carved_shape(
    box: tuple[Tensor, Tensor], cells: int, count: int, obs: Observations, trust: Trust
) -> _Shape:
    """A level set from what stereo's depths carve of the hull.

    Held firmly, surface that no view sees keeps narrow recesses open; held loosely, it closes over
    what wrong depths have dug. Half of the steps tell which shows more of the normals.
    """
    start = _carve(box, cells, obs, trust)

    def held(firmness: float) -> tuple[float, _Shape]:
        shape = replace(start, trust=replace(trust, firmness=firmness)).advanced(count // 2)
        return shape.check.normal_error, shape

    (error, loose), (least, firm) = each(held, _FIRMNESS)
    return (firm if least < _CLEARLY * error else loose).advanced(count - count // 2)


def _carve(box: tuple[Tensor, Tensor], cells: int, obs: Observations, trust: Trust) -> _Shape:
    """What stereo's depths leave of the hull.

    A second look at the views knows what hides what. It is right about recesses that few views see
    into, unless first depths misled it. What shows more of the normals is taken. Of views that
    disagree it tells nothing more.
    """
    radius = float(torch.stack(box)[:, :2].abs().amax(0).norm())
    first = match(obs, radius)

    def carved(maps: DepthMaps) -> tuple[float, _Shape]:
        start = start_from_depths(maps, make_grid(box, cells), obs, trust.behind_vote)
        shape = _Shape(*start, obs, maps, trust)
        return shape.check.normal_error, shape

    looks = [first, match(obs, radius, first)] if trust.exact else [first]
    return min(each(carved, looks), key=lambda found: found[0])[1]


def _shows_more(carved: _Shape, coarse: _Shape) -> bool:
    """Whether a carved shape looks more like the views; if not, and they disagree, its depths are
    wrong.
    """
    ours, least = carved.check, coarse.check
    if ours.normal_error <= least.normal_error:
        return True
    rougher = ours.normal_error > _ROUGHER * least.normal_error
    return not rougher and ours.uncovered < least.uncovered


def advance(
    band: Band,
    phi: Tensor,
    obs: Observations,
    maps: DepthMaps | None = None,
    trust: Trust | None = None,
    reach: int = _FAR,
) -> tuple[Band, Tensor]:
    """One outer step: ask the views, solve, move, rebuild the distance.

    Depths of stereo and how far to trust them are given together; for `reach` see `solve`.
    """
    slope = gradient(band, phi)
    evidence = gather_evidence(band, phi, slope, obs)
    outline = outline_distances(band.positions, obs) / band.grid.pitch
    hull = (outline - obs.tolerance[:, None] / band.grid.pitch).amax(0)
    pins = find_rims(band, phi, outline, obs)
    keep = torch.full_like(phi, _KEEP)
    if maps is not None and trust is not None:
        anchors = find_anchors(band, phi, maps, trust.anchor)
        pins = join(pins, anchors, find_unseen(phi, hull, evidence.seen))
        keep = torch.where(evidence.seen, _KEEP, trust.firmness)
    moved = solve(band, phi, evidence, hull, keep, pins, reach)
    return redistance(band, phi + (moved - phi).clamp(-_LONGEST_MOVE, _LONGEST_MOVE))
