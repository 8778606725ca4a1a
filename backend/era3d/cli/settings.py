# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that have the names of entries of a request."""

import argparse
from dataclasses import fields

from era3d.job import Request


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    default = Request()
    model = "mini, 6view, ortho or a folder (default: mini)"
    parser.add_argument("--model", default=default.model, help=model)
    parser.add_argument("--seed", type=int, default=default.seed)
    qualities = ("draft", "standard", "reference")
    parser.add_argument("--quality", choices=qualities, default=default.quality)
    parser.add_argument("--steps", type=int, help="sampling steps (default: as --quality says)")
    parser.add_argument("--guidance", type=float, help="guidance (default: the model's own)")
    device = "auto, cpu, cuda, cuda:1, mps, xpu (default: auto)"
    parser.add_argument("--device", default=default.device, help=device)
    parser.add_argument("--vram-limit", type=float, metavar="GB", help="memory of the device")
    method = "levelset, or hull for a preview (default: levelset)"
    parser.add_argument("--method", default=default.method, help=method)
    cells = "voxels on the longest side, 64 to 384"
    parser.add_argument("--cells", type=int, default=default.cells, help=cells)
    parser.add_argument("--faces", type=int, default=default.faces, help="triangles, about")
    parser.add_argument("--symmetric", action="store_true", help="left and right mirror each other")
    weights = "trust in front, front_right, right, back, left, front_left; 0 to 1 each, with commas"
    parser.add_argument(
        "--view-weights", type=_weights, default=default.view_weights, metavar="W", help=weights
    )
    parser.add_argument("--texture", choices=("atlas", "vertex"), default=default.texture)
    parser.add_argument("--texture-size", type=int, default=default.texture_size)
    parser.add_argument("--normal-map", action="store_true", help="bake a normal map as well")


def _weights(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(","))


def request_of(options: argparse.Namespace, source: str = "picture") -> Request:
    """Return what the options ask for."""
    given = vars(options)
    asked = {entry.name: given[entry.name] for entry in fields(Request) if entry.name in given}
    return Request(**asked | {"source": source})
