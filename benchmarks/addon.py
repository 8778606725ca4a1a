# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender's main thread is held: ticks during a job, drawing the panels, an import.

python benchmarks/addon.py [--blender BLENDER] [--python BACKEND_PYTHON] [--out FILE.md]

Starts Blender with a window under Xvfb (`xvfb-run` on PATH), runs a job with era3d-mini in it and
writes a table. With ERA3D_FAKE=held and a script that starts tests/addon/fake_backend.py as the
Python, the tests' stand-in does the job: its events and previews come at any load.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests/addon")]

FACES, TEXTURE = 50_000, 2048


def main() -> int:
    """Measure, and write down what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="the backend's")
    parser.add_argument("--out", type=Path, help="also write the table there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = session(options.blender, options.python.absolute(), Path(folder))
    if "error" in told:
        print(told["error"], file=sys.stderr)
        return 1
    text = table(told)
    print(text)
    if options.out:
        options.out.write_text(text, "utf-8")
    return 0


def session(blender: str, python: Path, folder: Path) -> dict:
    """Run one session in Blender and return what it measured."""
    import build_addon

    archive = build_addon.build(folder / "dist")
    write_large_job(folder / "large")
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24 +extension GLX", blender]
    command += ["--factory-startup", "--window-geometry", "0", "0", "1280", "800"]
    if os.environ.get("LIBGL_ALWAYS_SOFTWARE"):
        command += ["--gpu-backend", "opengl"]
    command += ["--python", str(ROOT / "benchmarks/addon_session.py"), "--", str(archive)]
    command += [str(python), str(ROOT / "examples/pickup_truck.png"), str(folder / "out")]
    environ = {**os.environ, "BLENDER_USER_RESOURCES": str(folder / "blender")}
    subprocess.run(command, env=environ, check=True, timeout=1200, stdout=subprocess.DEVNULL)
    return json.loads((folder / "out/report.json").read_text())


def write_large_job(folder: Path) -> None:
    """Write a job as large as an artist would have one: a bumpy ball with a busy texture."""
    import glyph
    import numpy as np

    glyph.write_job(folder)
    rows = round((FACES / 4) ** 0.5)
    columns = 2 * rows
    v, u = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij")
    radius = 0.45 + 0.02 * np.sin(40 * u) * np.sin(30 * v)
    around, down = 2 * np.pi * u, np.pi * v
    sines = np.sin(down) * radius
    ball = np.stack([sines * np.cos(around), np.cos(down) * radius, sines * np.sin(around)], -1)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    below = corner + columns + 1
    faces = np.concatenate(
        [np.stack([corner, corner + 1, below], 1), np.stack([corner + 1, below + 1, below], 1)]
    )
    uv = np.stack([u, v], -1).reshape(-1, 2)
    (folder / "mesh.glb").write_bytes(glyph.glb(ball.reshape(-1, 3), uv, faces.ravel()))
    noise = np.random.default_rng(0).integers(0, 256, (TEXTURE // 8, TEXTURE // 8, 4))
    picture = np.kron(noise, np.ones((8, 8, 1), int)).astype(np.uint8)
    picture[..., 3] = 255
    (folder / "texture.png").write_bytes(glyph.png(picture))


def table(told: dict) -> str:
    """Return the section of RESULTS.md."""
    from machine import machine

    ticks, draws, imports = (sorted(told[key]) for key in ("ticks", "draws", "imports"))
    rows = [
        (f"timer tick, of {len(ticks)} during a job with previews", ticks, 5.0),
        (f"drawing all panels, of {len(draws)} times", draws, 2.0),
        (f"importing {told['faces']:,} faces, {TEXTURE} px texture", imports, 1500.0),
    ]
    lines = [f"Blender {told['version']}, {machine()}. Written by `benchmarks/addon.py`.", ""]
    lines += ["Milliseconds of wall time on Blender's main thread.", ""]
    lines += ["| what | median | p99 | longest | wanted |", "|---|---|---|---|---|"]
    for what, seconds, wanted in rows:
        figures = (at(seconds, 0.5), at(seconds, 0.99), seconds[-1])
        words = " | ".join(f"{1000 * each:.2f}" for each in figures)
        lines.append(f"| {what} | {words} | < {wanted:g} |")
    return "\n".join(lines) + "\n"


def at(ordered: list[float], fraction: float) -> float:
    """Return the value that this fraction of the values does not exceed."""
    return ordered[min(int(fraction * len(ordered)), len(ordered) - 1)]


if __name__ == "__main__":
    sys.exit(main())
