# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a batch, for people (HTML with thumbnails) and for programs (CSV, JSON)."""

import base64
import csv
import html
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from era3d.batch.run import Result
from era3d.errors import InputError
from era3d.files import replacing

_THUMBNAIL = 128
_STYLE = (
    "body{font:15px system-ui;margin:2em;background:#202020;color:#ddd}"
    "table{border-collapse:collapse}td,th{padding:.4em .8em;text-align:left;"
    "border-bottom:1px solid #444}img{height:128px;background:#fff}a{color:#8bf}.bad{color:#f77}"
)


def write_report(results: list[Result], out: Path) -> None:
    """Write report.html, report.csv and report.json into a folder."""
    rows = [describe(result, out) for result in results]
    with replacing(out / "report.json") as path:
        path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    with replacing(out / "report.csv") as path, path.open("w", newline="", encoding="utf-8") as to:
        table = csv.DictWriter(to, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    with replacing(out / "report.html") as path:
        path.write_text(page(results, out), "utf-8")


def describe(result: Result, out: Path) -> dict[str, Any]:
    """Return one line of the report; the job's folder is told as seen from the report."""
    return {
        "picture": str(result.picture),
        "job": result.job.relative_to(out).as_posix(),
        "code": result.code,
        "message": result.message,
        "seconds": result.seconds,
    }


def page(results: list[Result], out: Path) -> str:
    """Return the report as a page that needs no other file."""
    good = sum(result.good for result in results)
    rows = "\n".join(_row(result, out) for result in results)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Era3D: {good} of '
        f"{len(results)}</title><style>{_STYLE}</style><h1>{good} of {len(results)} pictures</h1>"
        f"<table><tr><th>Picture<th>Front<th>Back<th>Job<th>Seconds</tr>\n{rows}\n</table></html>\n"
    )


def _row(result: Result, out: Path) -> str:
    pictures = [result.picture]
    pictures += [result.job / f"views/color_{view}.png" for view in ("front", "back")]
    cells = "".join(f"<td>{_thumbnail(path)}" for path in pictures)
    name = result.job.relative_to(out).as_posix()
    job = html.escape(name)
    said = f'<a href="{quote(name)}/">{job}</a>' if result.good else job
    if not result.good:
        said += f'<br><span class="bad">{html.escape(result.message.splitlines()[-1])}</span>'
    return f"<tr>{cells}<td>{said}<td>{result.seconds}</tr>"


def _thumbnail(path: Path) -> str:
    """Return a picture, small, as part of the page; nothing where there is none."""
    from era3d.prepare import read_picture  # draws in what a report alone can do without

    try:
        picture = read_picture(path)
    except InputError:
        return ""
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    small = io.BytesIO()
    picture.save(small, "PNG")
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(small.getvalue()).decode()}">'
