# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near the fused meshes come to the truth, and what they cost.

For each mesh of a folder, the judge's tools (in an interpreter of their own) render six views; a
child process makes a mesh of them by each method; the judge compares. A few shapes are measured at
other grids and picture sizes too. The tables go to ``RESULTS.md``, the plot to ``docs/images``.
Finished rows are kept in a file: an interrupted run goes on, and only what changed runs again.

    python benchmarks/surface.py --meshes DIR --tools DIR --python PY --truth DIR
"""

import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import trimesh

HERE = Path(__file__).parent
BACKEND = HERE.parent / "backend"
sys.path[:0] = [str(HERE), str(BACKEND)]

from chart import draw_panels  # noqa: E402
from machine import machine  # noqa: E402

from era3d.mesh import TriangleMesh  # noqa: E402
from era3d.mesh.intersections import find_intersections  # noqa: E402

RESULTS = HERE / "RESULTS.md"
PLOT = HERE.parent / "docs" / "images" / "surface.png"
PEER = HERE / "poisson_peer.py"
HEADING = "## Surface"
FOLDERS = {"clean": "views", "noisy": "views_noisy", "hard": "views_hard"}
METHODS = ("levelset", "hull", "poisson")
ONE_AT_A_TIME = Lock()
GRID, PICTURE = 176, 512
GRIDS, PICTURES = (112, 176, 256, 384), (128, 256, 512, 1024)
# The judge's box is two units wide, ours one.
JUDGE_SCALE = "2"
FUSE = """
import json, sys, time
import fast_simplification, skimage.measure
import era3d.mesh.fusion, era3d.mesh.preview
from era3d.mesh import MeshSettings, fuse, write_ply
from era3d.views import load_views
folder, target, method, cells = sys.argv[1:]
views = load_views(folder)
began, worked = time.monotonic(), time.process_time()
mesh = fuse(views, MeshSettings(method=method, cells=int(cells)))
seconds = {"fuse s": time.monotonic() - began, "fuse CPU s": time.process_time() - worked}
print(json.dumps(seconds))
write_ply(target, mesh)
"""
# One mesh of the judge's tools at another picture size than its own.
RENDER = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import make_gt
make_gt.SIZE = int(sys.argv.pop(1))
make_gt.main()
"""


@dataclass(frozen=True)
class Case:
    """One mesh to make: of which shape and views, by which method, how fine."""

    shape: str
    kind: str = "clean"
    method: str = "levelset"
    grid: int = GRID
    picture: int = PICTURE

    @property
    def name(self) -> str:
        """What the case is called among the finished rows."""
        return f"{self.shape} {self.kind} {self.method} {self.grid} {self.picture}"


def main() -> None:
    """Measure every case that has not been measured, keep the tables and the plot."""
    options = parse_options()
    where = machine()
    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(lambda case: finished(options, case), cases(options)))
    curve = [row for row in rows if is_on_curve(row, options.curve)]
    write_section(rows, curve, where)
    draw_plot(rows, curve)
    print(f"{len(rows)} rows are in {RESULTS}, drawn in {PLOT}")


def parse_options() -> argparse.Namespace:
    """Read the command line; ``names`` are the meshes to measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--meshes", type=Path, required=True, help="folder of .glb meshes")
    parser.add_argument("--tools", type=Path, required=True, help="folder of the judge's tools")
    parser.add_argument("--python", required=True, help="interpreter that runs the judge's tools")
    parser.add_argument("--truth", type=Path, required=True, help="folder of rendered views")
    parser.add_argument("--rows", type=Path, help="file of finished rows (default: in --truth)")
    parser.add_argument("--kinds", default="clean,noisy,hard", help="with commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="with commas")
    parser.add_argument("--only", help="names of meshes, with commas")
    parser.add_argument("--curve", default="boombox,knight,spot", help="shapes of the cost curve")
    parser.add_argument("--jobs", type=int, default=1, help="cases at once; seconds then tell less")
    options = parser.parse_args()
    options.kinds, options.methods = options.kinds.split(","), options.methods.split(",")
    names = sorted(path.stem for path in options.meshes.glob("*.glb"))
    options.names = options.only.split(",") if options.only else names
    options.curve = [name for name in options.curve.split(",") if name in options.names]
    options.rows = options.rows or options.truth / "surface_rows.json"
    options.truth.mkdir(parents=True, exist_ok=True)
    return options


def cases(options: argparse.Namespace) -> list[Case]:
    """All cases: every shape, kind and method; then the cost curve."""
    every = [
        Case(shape, kind, method)
        for kind in options.kinds
        for method in options.methods
        for shape in options.names
    ]
    grids = [Case(shape, grid=grid) for grid in GRIDS for shape in options.curve]
    pictures = [Case(shape, picture=size) for size in PICTURES for shape in options.curve]
    return list(dict.fromkeys(every + grids + pictures))


def finished(options: argparse.Namespace, case: Case) -> dict[str, Any]:
    """The row of a case: as kept, if the code is still the same, else measured and kept."""
    code = fingerprint(case.method)
    with ONE_AT_A_TIME:
        row: dict[str, Any] = read_rows(options.rows).get(case.name, {})
    if row.get("code") != code:
        row = measure(options, case) | {"code": code}
        with ONE_AT_A_TIME:
            options.rows.write_text(
                json.dumps(read_rows(options.rows) | {case.name: row}, indent=1)
            )
        print(json.dumps(row), flush=True)
    return row


def read_rows(path: Path) -> dict[str, Any]:
    """Finished rows by the names of their cases."""
    rows: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return rows


def fingerprint(method: str) -> str:
    """Hash of the code that a method's rows depend on."""
    package = BACKEND / "era3d"
    shared = [package / f"{name}.py" for name in ("cameras", "raster", "views")]
    files = [*(package / "mesh").glob("*.py"), *shared]
    digest = hashlib.sha256()
    for path in [PEER] if method == "poisson" else sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def measure(options: argparse.Namespace, case: Case) -> dict[str, Any]:
    """One row: render the views if they are not there, make a mesh, judge it."""
    with ONE_AT_A_TIME:
        views = rendered(options, case)
    with tempfile.TemporaryDirectory() as folder:
        mesh, verdict = Path(folder) / "mesh.ply", Path(folder) / "verdict.json"
        if case.method == "poisson":
            cost = run_child([options.python, str(PEER), str(views), str(mesh)])
        else:
            arguments = [str(views), str(mesh), case.method, str(case.grid)]
            cost = run_child([sys.executable, "-c", FUSE, *arguments])
        aligned = [] if case.kind == "clean" else ["--icp"]
        arguments = [str(mesh), str(options.truth / case.shape), "--out", str(verdict)]
        judge = [str(options.tools / "evaluate_mesh.py"), *arguments, "--scale", JUDGE_SCALE]
        run_tool(options, [*judge, *aligned])
        judged = json.loads(verdict.read_text())
        cuts = count_cuts(mesh)
    topology = judged["topology"]
    return {
        **asdict(case),
        "chamfer": judged["chamfer_l1"],
        "F@0.01": judged["fscore_0.01"],
        "F@0.02": judged["fscore_0.02"],
        "IoU": judged["volume_iou"],
        "held-out normals": judged["held_normal_mean_deg"],
        "outline IoU": judged["input_sil_iou"],
        "solid": topology["watertight"] and topology["oriented"] and topology["signed_volume"] > 0,
        "cuts": cuts,
        "pieces": topology["components"],
        "faces": topology["faces"],
        **cost,
    }


def rendered(options: argparse.Namespace, case: Case) -> Path:
    """The folder of a case's views, rendered by the judge's tools if need be."""
    truth = options.truth / case.shape
    if case.picture != PICTURE:
        truth = options.truth / f"{case.shape}_{case.picture}"
    if not (truth / "reference.npz").exists() or not (truth / FOLDERS[case.kind]).is_dir():
        kinds = options.kinds if case.picture == PICTURE else ["clean"]
        source = options.meshes / f"{case.shape}.glb"
        arguments = [str(options.tools), str(case.picture), str(source), str(truth)]
        folders = ",".join(FOLDERS[kind] for kind in kinds)
        run_tool(options, ["-c", RENDER, *arguments, "--kinds", folders])
    return truth / FOLDERS[case.kind]


def run_tool(options: argparse.Namespace, arguments: list[str]) -> None:
    """Run one of the judge's tools."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [options.python, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )


def run_child(command: list[str]) -> dict[str, float]:
    """Make a mesh in a process of its own; seconds, processor seconds and memory are that one's."""
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    began = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = child.stdout.read().strip().splitlines()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return {
        "s": time.monotonic() - began,
        "CPU s": usage.ru_utime + usage.ru_stime,
        "MB": usage.ru_maxrss / 1024,
        **told,
    }


def count_cuts(path: Path) -> int:
    """How many pairs of faces of a mesh cut each other."""
    mesh = trimesh.load(path, process=False)
    return len(find_intersections(TriangleMesh(mesh.vertices, mesh.faces)))


def is_on_curve(row: dict[str, Any], shapes: list[str]) -> bool:
    """Whether a row belongs to the cost curve of some shapes."""
    return row["shape"] in shapes and row["method"] == "levelset" and row["kind"] == "clean"


def is_usual(row: dict[str, Any]) -> bool:
    """Whether a row has the usual grid and picture size."""
    return row["grid"] == GRID and row["picture"] == PICTURE


def write_section(rows: list[dict[str, Any]], curve: list[dict[str, Any]], where: str) -> None:
    """Replace the section "Surface" of RESULTS.md."""
    lines = [
        HEADING,
        "",
        f"{datetime.date.today():%d %B %Y}, {where}. Written by `benchmarks/surface.py`.",
        "",
        "Distances in the judge's box of two units; means over the shapes. Meshes of noisy and",
        "hard views are aligned by shift and scale first. `levelset` and `hull` are",
        "`era3d.mesh.fuse`; `poisson` is what one would try first elsewhere: depths integrated",
        "from each view's normals, held to the visual hull, then Open3D's screened Poisson surface",
        "(`benchmarks/poisson_peer.py`). Solid: watertight, oriented, outward. Cuts: pairs of",
        "faces that cut each other. s and CPU s: the whole process, start-up and imports with it;",
        "fuse s and fuse CPU s: without those.",
        "",
        *summary_table([row for row in rows if is_usual(row)]),
        "",
        "Chamfer distance of each shape.",
        "",
        *shape_table([row for row in rows if is_usual(row)]),
        "",
        f"What grids and picture sizes cost: {', '.join({row['shape']: 0 for row in curve})}.",
        "",
        *summary_table(sorted(curve, key=lambda row: (row["picture"], row["grid"]))),
        "",
        "![Accuracy by shape and method; cost by grid and picture size]"
        "(../docs/images/surface.png)",
    ]
    text = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    before, found, rest = text.partition(HEADING + "\n")
    _, mark, after = rest.partition("\n## ")
    if not found:
        before = before.rstrip() + "\n\n"
    RESULTS.write_text(before + "\n".join(lines) + "\n" + mark + after)


def group_rows(
    rows: list[dict[str, Any]], *names: str
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Rows by their values of some columns, in the order in which those occur."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def summary_table(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each kind of views, method, grid and picture size."""
    hulls = {(r["shape"], r["kind"]): r["chamfer"] for r in rows if r["method"] == "hull"}
    names = ("kind", "method", "grid", "picture")
    columns: dict[str, Callable[[list[dict[str, Any]]], str]] = {
        "shapes": lambda group: str(len(group)),
        "chamfer": lambda group: f"{mean(group, 'chamfer'):.4f}",
        "worst": lambda group: f"{max(row['chamfer'] for row in group):.4f}",
        "worse than hull": lambda group: str(
            sum(row["chamfer"] > hulls.get((row["shape"], row["kind"]), 9.0) for row in group)
        ),
        "F@0.01": lambda group: f"{mean(group, 'F@0.01'):.3f}",
        "F@0.02": lambda group: f"{mean(group, 'F@0.02'):.3f}",
        "IoU": lambda group: f"{mean(group, 'IoU'):.3f}",
        "outline IoU": lambda group: f"{mean(group, 'outline IoU'):.3f}",
        "held-out normals": lambda group: f"{mean(group, 'held-out normals'):.1f}°",
        "solid": lambda group: str(sum(row["solid"] for row in group)),
        "cuts": lambda group: str(sum(row["cuts"] for row in group)),
        "most pieces": lambda group: str(max(row["pieces"] for row in group)),
        "s": lambda group: f"{mean(group, 's'):.1f}",
        "fuse s": lambda group: f"{mean(group, 'fuse s'):.1f}" if "fuse s" in group[0] else "",
        "fuse CPU s": lambda group: (
            f"{mean(group, 'fuse CPU s'):.1f}" if all("fuse CPU s" in row for row in group) else ""
        ),
        "CPU s": lambda group: f"{mean(group, 'CPU s'):.1f}",
        "MB": lambda group: f"{max(row['MB'] for row in group):.0f}",
    }
    titles = ["views", "method", "grid", "pictures", *columns]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for key, group in group_rows(rows, *names).items():
        cells = [*map(str, key), *(column(group) for column in columns.values())]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def mean(rows: list[dict[str, Any]], name: str) -> float:
    """Mean of a column."""
    return sum(row[name] for row in rows) / len(rows)


def shape_table(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each shape, a column for each kind of views and method."""
    columns = list(group_rows(rows, "kind", "method"))
    titles = ["shape", *(f"{kind} {method}" for kind, method in columns)]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for (shape,), group in group_rows(rows, "shape").items():
        found = {(row["kind"], row["method"]): f"{row['chamfer']:.4f}" for row in group}
        lines.append("| " + " | ".join([shape, *(found.get(c, "") for c in columns)]) + " |")
    return lines


def draw_plot(rows: list[dict[str, Any]], curve: list[dict[str, Any]]) -> None:
    """Accuracy by shape and method; accuracy and cost by grid and by picture size."""
    usual = [row for row in rows if is_usual(row) and row["kind"] == rows[0]["kind"]]
    panels = [
        (
            f"{title}, {rows[0]['kind']} views",
            {
                method: {row["shape"]: row[column] for row in group}
                for (method,), group in group_rows(usual, "method").items()
            },
        )
        for column, title in (
            ("chamfer", "chamfer distance"),
            ("held-out normals", "held-out normals, degrees"),
        )
    ]
    grids = [row for row in curve if row["picture"] == PICTURE]
    pictures = [row for row in curve if row["grid"] == GRID]
    for column, title in (("chamfer", "chamfer distance"), ("CPU s", "CPU s"), ("MB", "MB")):
        for name, chosen in (("grid", grids), ("picture", pictures)):
            lines = {
                shape: {str(row[name]): row[column] for row in sorted(group, key=lambda r: r[name])}
                for (shape,), group in group_rows(chosen, "shape").items()
            }
            if lines:
                panels.append((f"{title} by {name} size", lines))
    draw_panels(PLOT, panels)


if __name__ == "__main__":
    main()
