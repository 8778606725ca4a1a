# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a large file of splats takes to import, and how much memory: by default 5,000,000.

.venv-bpy-4.5.15/bin/python benchmarks/splat_import.py [--count N]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from machine import machine  # noqa: E402

from era3d_blender.scene.splat_file import REQUIRED  # noqa: E402
from era3d_blender.scene.splats import import_splats  # noqa: E402

_CHUNK = 100_000


def main() -> None:
    """Write a file, import it, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5_000_000, help="splats in the file")
    options = parser.parse_args()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with tempfile.TemporaryDirectory() as name:
        path = write(Path(name) / "large.ply", options.count)
        size, before = path.stat().st_size / 2**20, _most_memory()
        wall, used = time.perf_counter(), time.process_time()
        thing = import_splats(path, bpy.context.scene.collection, None)
        wall, used = time.perf_counter() - wall, time.process_time() - used
    print(
        f"Blender {bpy.app.version_string} on {machine()}: {options.count:,} splats "
        f"({size:.0f} MB), {len(thing.data.vertices):,} of them imported in {wall:.2f} s, "
        f"{used:.2f} s of the processor; memory at most {_most_memory() - before:.0f} MB more"
    )
    sys.stdout.flush()
    os._exit(0)  # some versions of Blender crash when the interpreter ends


def write(path: Path, count: int) -> Path:
    """Write random splats, a part at a time."""
    rng = np.random.default_rng(0)
    properties = "".join(f"property float {name}\n" for name in REQUIRED)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{properties}"
    with path.open("wb") as file:
        file.write(f"{header}end_header\n".encode("ascii"))
        for start in range(0, count, _CHUNK):
            rows = min(_CHUNK, count - start)
            file.write(rng.standard_normal((rows, len(REQUIRED)), np.float32).tobytes())
    return path


def _most_memory() -> float:
    """Peak of the resident memory in MB, the mapped part of the file included; Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
