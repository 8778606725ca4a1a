# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near the fused meshes come to the truth, and what they cost.

For each mesh of a folder, the judge's tools (in an interpreter of their own) render six views; a
child process makes a mesh of them; the judge compares. The table goes to ``RESULTS.md``.

    python benchmarks/surface.py --meshes DIR --tools DIR --python PY [--kinds clean,noisy]
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("RESULTS.md")
BACKEND = Path(__file__).parents[1] / "backend"
FOLDERS = {"clean": "views", "noisy": "views_noisy", "hard": "views_hard"}
# The judge's box is two units wide, ours one.
JUDGE_SCALE = "2"
HEADING = "## Surface"


def main() -> None:
    """Measure every mesh with every kind of views, print and keep the tables."""
    options = parse_options()
    lines = [f"### {datetime.date.today():%d %B %Y}, {machine()}", ""]
    for kind in options.kinds:
        rows = []
        for mesh in options.names:
            rows.append(measure(options, mesh, kind))
            print(json.dumps(rows[-1]), flush=True)
        lines += [f"Views: {kind}.", "", *table(rows), ""]
    print("\n".join(lines))
    keep(lines)


def parse_options() -> argparse.Namespace:
    """Read the command line; ``names`` are the meshes to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meshes", type=Path, required=True, help="folder of .glb meshes")
    parser.add_argument("--tools", type=Path, required=True, help="folder of the judge's tools")
    parser.add_argument("--python", required=True, help="interpreter that runs the judge's tools")
    parser.add_argument("--kinds", default="clean", help="clean, noisy, hard; with commas")
    parser.add_argument("--truth", type=Path, help="folder where rendered views are kept")
    parser.add_argument("--only", help="names of meshes, with commas")
    options = parser.parse_args()
    options.kinds = options.kinds.split(",")
    names = sorted(path.stem for path in options.meshes.glob("*.glb"))
    options.names = options.only.split(",") if options.only else names
    options.truth = options.truth or Path(tempfile.mkdtemp(prefix="era3d-truth-"))
    return options


def measure(options: argparse.Namespace, name: str, kind: str) -> dict[str, Any]:
    """One row: make the truth if it is not there, fuse in a child process, judge."""
    truth = options.truth / name
    if not (truth / "reference.npz").exists() or not (truth / FOLDERS[kind]).is_dir():
        kinds = ",".join(FOLDERS[each] for each in options.kinds)
        source = options.meshes / f"{name}.glb"
        tool(options, "make_gt.py", str(source), str(truth), "--kinds", kinds)
    with tempfile.TemporaryDirectory() as folder:
        mesh, verdict = Path(folder) / "mesh.ply", Path(folder) / "verdict.json"
        cost = fuse_in_child(truth / FOLDERS[kind], mesh)
        aligned = [] if kind == "clean" else ["--icp"]
        arguments = ["--scale", JUDGE_SCALE, "--no-images", "--out", str(verdict), *aligned]
        tool(options, "evaluate_mesh.py", str(mesh), str(truth), *arguments)
        judged = json.loads(verdict.read_text())
    topology = judged["topology"]
    return {
        "shape": name,
        "chamfer": judged["chamfer_l1"],
        "F@0.01": judged["fscore_0.01"],
        "F@0.02": judged["fscore_0.02"],
        "IoU": judged["volume_iou"],
        "watertight": topology["watertight"] and topology["oriented"],
        "volume": topology["signed_volume"],
        **cost,
    }


def tool(options: argparse.Namespace, script: str, *arguments: str) -> None:
    """Run one of the judge's tools."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [options.python, str(options.tools / script), *arguments]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def fuse_in_child(views: Path, mesh: Path) -> dict[str, float]:
    """Fuse in a process of its own; seconds and peak memory are that process's."""
    code = (
        "import sys; from era3d.mesh import fuse, write_ply; from era3d.views import load_views;"
        "write_ply(sys.argv[2], fuse(load_views(sys.argv[1])))"
    )
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    began = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", code, str(views), str(mesh)], env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"fusing {views} failed with status {status}")
    return {
        "seconds": time.monotonic() - began,
        "CPU s": usage.ru_utime + usage.ru_stime,
        "MB": usage.ru_maxrss / 1024,
    }


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as a Markdown table, their mean last."""
    names = list(rows[0])
    mean: dict[str, Any] = {"shape": "**mean**", "watertight": all(r["watertight"] for r in rows)}
    for name in names:
        if name not in mean:
            mean[name] = sum(row[name] for row in rows) / len(rows)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in [*rows, mean]:
        lines.append("| " + " | ".join(cell(name, row[name]) for name in names) + " |")
    return lines


def cell(name: str, value: Any) -> str:
    """A value as it stands in the table."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, str):
        return value
    digits = {"chamfer": 4, "seconds": 1, "CPU s": 1, "MB": 0}.get(name, 3)
    return f"{value:.{digits}f}"


def machine() -> str:
    """The processor, its threads and the load that others put on them."""
    models = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} threads, load {os.getloadavg()[0]:.0f}"


def keep(lines: list[str]) -> None:
    """Add lines at the end of the section "Surface" of RESULTS.md."""
    text = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    if HEADING not in text:
        text = text.rstrip() + f"\n\n{HEADING}\n\nDistances in the judge's box of two units.\n"
    head, _, rest = text.partition(HEADING)
    section, mark, after = rest.partition("\n## ")
    RESULTS.write_text(head + HEADING + section.rstrip() + "\n\n" + "\n".join(lines) + mark + after)


if __name__ == "__main__":
    main()
