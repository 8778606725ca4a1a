# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d cameras``: where the cameras of photographs stood."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("cameras", help="find where the cameras of photographs stood")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    refine = actions.add_parser("refine", help="the photo's camera, by what photo and mesh share")
    refine.set_defaults(command=_refine)
    refine.add_argument("job", type=Path, metavar="JOB")
    estimate = actions.add_parser("estimate", help="cameras of several photographs of the object")
    estimate.set_defaults(command=_estimate)
    estimate.add_argument("job", type=Path, metavar="JOB")
    estimate.add_argument("--photos", type=Path, required=True, metavar="DIR")


def _refine(options: argparse.Namespace) -> None:
    from era3d.job import Job
    from era3d.photos.job import refine_job

    found = refine_job(Job(options.job))
    if not found.matches:
        print("The photo and the mesh share too few features; the camera stays.")  # noqa: T201
        return
    verdict = "fits better and is kept" if found.accepted else "fits no better; the old one stays"
    print(  # noqa: T201
        f"The new camera {verdict}: {found.before:.1f} px off before, {found.after:.1f} px after, "
        f"by {found.matches} points."
    )


def _estimate(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from era3d.job import Job
    from era3d.photos.job import estimate_job, photos_in

    with tqdm(unit="step", desc="cameras") as bar:

        def progress(step: int, of: int) -> None:
            bar.total, bar.n = of, step
            bar.refresh()

        found = estimate_job(Job(options.job), photos_in(options.photos), progress)
    print(f"{len(found.lenses)} cameras, {len(found.points):,} points")  # noqa: T201
    if found.left_out:
        names = ", ".join(found.left_out)
        print(  # noqa: T201
            f"Left out, for they share too little with the others: {names}. Take more photographs "
            "between them and their neighbours."
        )
