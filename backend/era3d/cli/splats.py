# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d splats``: fit splats to photographs of one's own, and turn their files into others."""

import argparse
import sys
from pathlib import Path
from typing import Any

from era3d.errors import InputError


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("splats", help="fit Gaussian splats, convert their files")
    actions = group.add_subparsers(required=True, metavar="ACTION")

    fit = actions.add_parser("fit", help="to photographs whose cameras are known")
    fit.set_defaults(command=_fit)
    fit.add_argument("--images", type=Path, required=True, metavar="DIR")
    where = "a folder with a COLMAP model, or a transforms.json"
    fit.add_argument("--cameras", type=Path, required=True, metavar="PATH", help=where)
    fit.add_argument("--out", type=Path, required=True, metavar="FILE", help=".ply or .spz")
    fit.add_argument("--count", type=int, default=20_000, help="Gaussians (default: 20000)")
    fit.add_argument("--steps", type=int, default=1000, help="one photograph each (default: 1000)")
    size = "pixels of a photograph's longer side (default: 256)"
    fit.add_argument("--size", type=int, default=256, help=size)
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument("--device", default="auto", help="to fit on (default: auto)")

    convert = actions.add_parser("convert", help="between .ply and .spz")
    convert.set_defaults(command=_convert)
    convert.add_argument("source", type=Path, metavar="IN")
    convert.add_argument("target", type=Path, metavar="OUT")


def _fit(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from era3d.devices import for_geometry
    from era3d.splats.cuda import NO_GSPLAT, lacks_gsplat
    from era3d.splats.posed import fit_posed, read_posed

    for name, low, high in (("count", 1, 5_000_000), ("steps", 1, 10**6), ("size", 16, 4096)):
        if not low <= getattr(options, name) <= high:
            raise InputError(f"--{name} must be {low:,} to {high:,}.")
    _ending(options.out)
    device = for_geometry(options.device)
    if lacks_gsplat(device):
        print(NO_GSPLAT, file=sys.stderr)  # noqa: T201
    scene = read_posed(options.images, options.cameras, options.size)
    with tqdm(unit="step", desc="splats") as bar:

        def progress(step: int, of: int) -> None:
            bar.total, bar.n = of, step
            bar.refresh()

        made = fit_posed(scene, options.count, options.steps, options.seed, progress, device)
    _write(options.out, made)


def _convert(options: argparse.Namespace) -> None:
    from era3d.splats import read_splat_ply, read_spz

    readers = {".ply": read_splat_ply, ".spz": read_spz}
    _ending(options.target)
    _write(options.target, readers[_ending(options.source)](options.source))


def _write(path: Path, gaussians: Any) -> None:
    from era3d.files import replacing
    from era3d.splats import write_splat_ply, write_spz

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        (write_spz if _ending(path) == ".spz" else write_splat_ply)(temporary, gaussians)
    print(f"{path}: {len(gaussians):,} Gaussians")  # noqa: T201


def _ending(path: Path) -> str:
    if path.suffix not in (".ply", ".spz"):
        raise InputError(f"{path} ends neither in .ply nor in .spz.")
    return path.suffix
