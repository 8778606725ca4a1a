# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that have the names of entries of a request."""

import argparse
from dataclasses import fields
from typing import Any

from era3d.job import Request


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add them to a command; what is not given is not among the options."""
    group = parser.add_argument_group("settings", argument_default=argparse.SUPPRESS)
    switch = argparse.BooleanOptionalAction
    crop = "pixels of 512 that the subject's longer side takes (default: 420)"
    group.add_argument("--crop-size", type=int, metavar="PIXELS", help=crop)
    group.add_argument("--model", help="mini, 6view, ortho or a folder (default: mini)")
    source = "have this Gradio Space make the views: the cut-out picture is sent there"
    group.add_argument("--views-from", metavar="space:OWNER/NAME", help=source)
    group.add_argument("--seed", type=int)
    group.add_argument("--quality", choices=("draft", "standard", "reference"))
    group.add_argument("--steps", type=int, help="sampling steps (default: as --quality says)")
    group.add_argument("--guidance", type=float, help="guidance (default: the model's own)")
    device = "auto, cpu, cuda, cuda:1, mps, xpu (default: auto)"
    group.add_argument("--device", help=device)
    group.add_argument("--vram-limit", type=float, metavar="GB", help="memory of the device")
    method = "levelset, or hull for a preview (default: levelset)"
    group.add_argument("--method", help=method)
    group.add_argument("--cells", type=int, help="voxels on the longest side, 64 to 384")
    group.add_argument("--faces", type=int, help="triangles, about")
    group.add_argument("--symmetric", action=switch, help="left and right mirror each other")
    group.add_argument("--refine", action=switch, help="follow the normal maps at full size")
    group.add_argument("--isotropic", action=switch, help="triangles nearly equilateral")
    weights = "trust in front, front_right, right, back, left, front_left; 0 to 1 each, with commas"
    group.add_argument("--view-weights", type=_weights, metavar="W", help=weights)
    group.add_argument("--texture", choices=("atlas", "vertex"))
    group.add_argument("--texture-size", type=int)
    group.add_argument("--normal-map", action=switch, help="bake a normal map as well")
    group.add_argument("--splats", action=switch, help="make Gaussian splats as well")


def _weights(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(","))


def given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the entries of a request that were given."""
    given = vars(options)
    return {entry.name: given[entry.name] for entry in fields(Request) if entry.name in given}
