# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture to mesh with era3d-mini: seconds and memory of the command that a user runs.

python benchmarks/mini.py [PICTURE]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine

EXAMPLE = Path(__file__).parents[1] / "examples" / "armchair.png"


def main() -> None:
    """Print one line for the whole command, and one for each stage."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLE
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job"
        words = ["-m", "era3d", "generate", str(picture), "--out", str(job), "--model", "mini"]
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        stages = json.loads((job / "job.json").read_text())["stages"]
    unit = 1024**3 if sys.platform == "darwin" else 1024**2
    print(f"{picture.name} on {machine()}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS')}")
    cpu = used.ru_utime + used.ru_stime
    print(f"{wall:.1f} s, {cpu:.1f} s of CPU time, {used.ru_maxrss / unit:.2f} GB at most")
    for name, told in stages.items():
        print(f"  {name}: {told['seconds']:.1f} s")


if __name__ == "__main__":
    main()
