# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture to mesh with era3d-mini: seconds and memory of the command that a user runs.

The table goes to ``RESULTS.md``.

    python benchmarks/mini.py [PICTURE ...]
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine
from results import keep

EXAMPLES = Path(__file__).parents[1] / "examples"
DEFAULT = [EXAMPLES / f"{name}.png" for name in ("armchair", "knight", "pickup_truck")]
HEADING = "## Picture to mesh with era3d-mini"
INTRODUCTION = """\
`era3d generate PICTURE --out JOB --model mini` by `python benchmarks/mini.py`: the whole command,
Python's start and imports with it, and what its stages say they took. GB of 2^30: the most memory
of the largest of its processes.
"""
GB = 2**30 if sys.platform == "darwin" else 2**20  # of what getrusage counts in


def main() -> None:
    """Measure, print and keep the table."""
    pictures = [Path(word) for word in sys.argv[1:]] or DEFAULT
    ran_on = machine()
    rows = [measure(picture) for picture in pictures]
    stages = list(dict.fromkeys(name for row in rows for name in row["stages"]))
    columns = ["picture", "s", "CPU s", "GB", *(f"{name} s" for name in stages)]
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for picture, row in zip(pictures, rows, strict=True):
        numbers = [row["wall"], row["cpu"], *(row["stages"].get(name, 0.0) for name in stages)]
        cells = [f"{number:.1f}" for number in numbers]
        cells.insert(2, f"{row['memory']:.2f}")
        lines.append("| " + " | ".join([picture.stem, *cells]) + " |")
    threads = os.environ.get("OMP_NUM_THREADS")
    told = f"### {datetime.date.today():%d %B %Y}, {ran_on}, OMP_NUM_THREADS={threads}"
    print("\n".join([told, "", *lines]))
    keep(HEADING, INTRODUCTION, [told, "", *lines])


def measure(picture: Path) -> dict:
    """Seconds, CPU seconds, memory and seconds of each stage of one command."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job"
        words = ["-m", "era3d", "generate", str(picture), "--out", str(job), "--model", "mini"]
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        began = time.perf_counter()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            sys.exit(f"The command failed on '{picture}'.")
        stages = json.loads((job / "job.json").read_text())["stages"]
    return {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / GB,
        "stages": {name: told["seconds"] for name, told in stages.items()},
    }


if __name__ == "__main__":
    main()
