# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain, twice: a picture through era3d-mini, and six clean views. Run by `make demo`.

Runs in Blender's Python (`import bpy`); the backend runs in the Python that ERA3D_PYTHON names.
Writes demo/<name>/ (the job folder), demo/<name>.blend and demo/<name>.png.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "examples")]

import bpy  # noqa: E402
from preview import render_preview  # noqa: E402

import era3d_blender  # noqa: E402

OUT = ROOT / "demo"
# Neither object was in the training data of era3d-mini.
RUNS = {
    "pickup_truck": [str(ROOT / "examples/pickup_truck.png")],
    "spot": ["--views", str(ROOT / "examples/spot_views")],
}


def make_job(name: str, arguments: list[str]) -> Path:
    """Run the backend; its progress bars go to the terminal."""
    job = OUT / name
    python = Path(os.environ["ERA3D_PYTHON"]).absolute()
    command = [str(python), "-I", "-m", "era3d", "generate", *arguments, "--out", str(job)]
    print(f"\n{name}: era3d generate {' '.join(arguments)}", flush=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return job


def make_scene(job: Path) -> None:
    """Import a job as the add-on does, save the scene, and draw a preview of it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    era3d_blender.register()
    try:
        bpy.ops.era3d.import_job(directory=str(job))
        # Without preferences' "save versions", a second run leaves no .blend1 behind.
        bpy.context.preferences.filepaths.save_version = 0
        bpy.ops.wm.save_as_mainfile(filepath=str(job.with_suffix(".blend")), compress=True)
    finally:
        era3d_blender.unregister()
    render_preview(job, job.with_suffix(".png"))
    print(f"{job.with_suffix('.blend')}\n{job.with_suffix('.png')}", flush=True)


def main() -> int:
    """Make both, and say how to look at them."""
    OUT.mkdir(exist_ok=True)
    for name, arguments in RUNS.items():
        make_scene(make_job(name, arguments))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except subprocess.CalledProcessError as error:
        code = error.returncode
    sys.stdout.flush()
    # Some versions of bpy crash or hang when the interpreter ends in the ordinary way.
    os._exit(code)
