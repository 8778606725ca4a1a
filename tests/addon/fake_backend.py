# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that behaves like the backend, well or badly, as ERA3D_FAKE says.

Called with the arguments the add-on gives to Python: -I -m era3d generate PICTURE --out JOB ...
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
STAGES = ("prepare", "views", "mesh", "texture")


def job_folder() -> Path:
    """The job folder among the arguments."""
    arguments = sys.argv[1:]
    if "--out" in arguments:
        return Path(arguments[arguments.index("--out") + 1])
    return Path(arguments[arguments.index("rebuild") + 1])


def emit(job: Path, **event) -> None:
    with (job / "events.jsonl").open("a") as file:
        file.write(json.dumps({"time": time.time(), **event}) + "\n")


def work(job: Path, seconds: float = 0.0) -> None:
    """Do as the real one does, and leave the hand-made job."""
    for stage in STAGES:
        emit(job, kind="started", stage=stage)
        for step in range(1, 5):
            time.sleep(seconds)
            emit(job, kind="progress", stage=stage, step=step, of=4)
        emit(job, kind="finished", stage=stage, seconds=0.1)
    if not (job / "mesh.glb").exists():
        from glyph import write_job

        write_job(job)
    emit(job, kind="done")


def main() -> int:
    mode, job = os.environ.get("ERA3D_FAKE", "good"), job_folder()
    print("fake backend", mode, sys.argv[1:], flush=True)
    if mode == "dies":
        emit(job, kind="started", stage="views")
        print("out of memory, goodbye", file=sys.stderr, flush=True)
        return 3
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "complains":
        emit(job, kind="failed", stage="prepare", message="The picture shows nothing.")
        return 2
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        emit(job, kind="started", stage="views")
        time.sleep(60)
    if mode == "slow":
        emit(job, kind="started", stage="views")
        emit(job, kind="progress", stage="views", step=1, of=4)
        time.sleep(60)
    if mode == "floods":
        sys.stdout.write("noise " * 200_000)
        sys.stderr.write("noise " * 200_000)
        for step in range(20_000):
            emit(job, kind="progress", stage="views", step=step, of=20_000)
    if mode == "garbage":
        with (job / "events.jsonl").open("ab") as file:
            file.write(
                b'\xff\xfe\x00nothing\n[1, 2]\n"text"\n{"kind": 5}\n' + b"[" * 50_000 + b"\n"
            )
            file.write(b'{"kind": "progress", "stage": "views", "step": "x", "of": NaN}\n')
            file.write(b'{"kind": "progress", "stage": {}, "step": 1e400}\n')
    work(job, seconds={"gradual": 0.05, "unhurried": 0.5}.get(mode, 0.0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
