# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page asks of the server: in the words of ``/v1``, as whoever uses the page."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

from era3d.web.inside import Inside
from era3d.web.watch import Watch


async def submit(inside: Inside, http: gr.Request, picture: Path, request: dict[str, Any]) -> str:
    """Make a job of a picture; returns its id."""
    with picture.open("rb") as file:
        form = {"request": json.dumps(request)}
        made = await inside.ask(http, "POST", "jobs", data=form, files={"picture": file})
    return str(made["id"])


async def look(inside: Inside, http: gr.Request, watch: Watch) -> bool:
    """Bring a watch up to date; returns whether anything is new."""
    told = await inside.ask(
        http, "GET", f"jobs/{watch.job}/events", params={"since": str(watch.since)}
    )
    before = (watch.state, watch.ahead, watch.since)
    changed_files = watch.take(told["events"]) or not watch.request
    watch.since, watch.message, watch.ahead = told["next"], told["message"], None
    if told["state"] == "queued" or not watch.request:
        about = await inside.ask(http, "GET", f"jobs/{watch.job}")
        watch.ahead, watch.request = about["ahead"], about["request"]
    if changed_files or watch.state != told["state"] or _is_first_preview(watch):
        listing = await inside.ask(http, "GET", f"jobs/{watch.job}/files")
        watch.files = {each["path"]: each["sha256"][:12] for each in listing["files"]}
    watch.state = told["state"]
    return before != (watch.state, watch.ahead, watch.since)


async def put_view(inside: Inside, http: gr.Request, job: str, view: str, picture: Path) -> None:
    """Replace a view by a picture."""
    content = picture.read_bytes()  # its size was bounded when it was uploaded
    await inside.ask(http, "PUT", f"jobs/{job}/files/views/{view}.png", content=content)


async def rebuild(inside: Inside, http: gr.Request, job: str, settings: dict[str, Any]) -> None:
    """Run a job again with some other settings; what they do not touch stays."""
    about = await inside.ask(http, "GET", f"jobs/{job}")
    await inside.ask(http, "POST", f"jobs/{job}/run", json={"request": about["request"] | settings})


def _is_first_preview(watch: Watch) -> bool:
    return bool(watch.preview) and watch.preview not in watch.files
