# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows of a job, as HTML; every text that is not ours is escaped."""

import base64
import io
from html import escape
from urllib.parse import quote, urlencode

from PIL import Image

from era3d.cameras import VIEWS
from era3d.web.watch import StageState, Watch

_LABELS = {"prepare": "Cut out"}
_KINDS = {"color": "Colour", "normal": "Normals"}


def label_of(view: str) -> str:
    """What people call a view."""
    return view.replace("_", " ").capitalize()


def notice(text: str, kind: str = "error") -> str:
    """A sentence that should be read; nothing for none."""
    return f'<p class="era-notice {kind}" role="alert">{escape(text)}</p>' if text else ""


def status(watch: Watch) -> str:
    """How far a job is: a sentence, and a bar for each stage."""
    if not watch.job:
        return (
            '<section class="era-status empty"><h2>Nothing here yet</h2>'
            "<p>Choose a picture and press Generate. Six views with their normals come first, "
            "then the mesh they agree on.</p></section>"
        )
    bars = "".join(_bar(name, stage, watch.active) for name, stage in watch.stages.items())
    warnings = "".join(f"<li>{escape(each)}</li>" for each in watch.warnings)
    mesh = " has-mesh" if mesh_address(watch) else ""  # the viewer shows itself by it
    return (
        f'<section class="era-status {escape(watch.state)}{mesh}" role="status">'
        f"<h2>{escape(watch.name)}</h2><p>{escape(sentence(watch))}</p><ol>{bars}</ol>"
        + (f"<ul>{warnings}</ul>" if warnings else "")
        + "</section>"
    )


def sentence(watch: Watch) -> str:
    """How a job is, in words."""
    match watch.state:
        case "queued" if watch.ahead:
            return f"Waits; {watch.ahead} {'job is' if watch.ahead == 1 else 'jobs are'} before it."
        case "queued":
            return "Waits; it is next."
        case "running":
            return "Runs."
        case "finished":
            return "Finished."
        case "cancelled":
            return "Cancelled; finished stages are kept, Rebuild goes on from there."
        case "failed":
            return watch.message or "Failed."
    return watch.message


def _bar(name: str, stage: StageState, active: bool) -> str:
    percent, label = round(100 * stage.share), escape(_LABELS.get(name, name.capitalize()))
    told = {
        "waiting": "",
        "running": f"{percent} %" if active else "stopped",
        "finished": _seconds(stage.seconds),
        "skipped": "up to date",
    }[stage.state]
    return (
        f'<li class="{stage.state}"><b>{label}</b><small>{told}</small>'
        f'<i role="progressbar" aria-label="{label}" aria-valuenow="{percent}">'
        f'<u style="width:{percent}%"></u></i></li>'
    )


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def views(watch: Watch) -> str:
    """The twelve pictures, or what is seen of them while they come into being."""
    if watch.preview in watch.files and watch.stages["views"].state == "running":
        source = _address(watch, watch.preview, str(watch.previews))
        return (
            f'<figure class="era-sheet"><img src="{source}" alt="The twelve pictures so far">'
            "</figure>"
        )
    if f"views/color_{VIEWS[0]}.png" not in watch.files:
        return ""
    heads = "".join(f"<span>{label_of(view)}</span>" for view in VIEWS)
    cells = "".join(_cell(watch, kind, view) for kind in _KINDS for view in VIEWS)
    return f'<div class="era-views">{heads}{cells}</div>'


def _cell(watch: Watch, kind: str, view: str) -> str:
    file = f"views/{kind}_{view}.png"
    label = f"{label_of(view)}, {_KINDS[kind].lower()}"
    if file not in watch.files:
        return "<i></i>"
    return (
        f'<button type="button" data-view="{kind}_{view}" data-label="{label}" title="{label}">'
        f'<img src="{_address(watch, file)}" alt="{label}" loading="lazy"></button>'
    )


def downloads(watch: Watch) -> str:
    """Links to what the job has made."""
    if "mesh.glb" not in watch.files or watch.active:
        return ""
    zips = f"/web/jobs/{watch.job}"
    name = urlencode({"name": watch.name})
    links = [("Mesh (GLB)", _address(watch, "mesh.glb"), f"{watch.name}.glb")]
    if "texture.png" in watch.files:
        links += [
            ("For Blender (zip)", f"{zips}/blender.zip?{name}", f"{watch.name}-blender.zip"),
            ("Texture (PNG)", _address(watch, "texture.png"), f"{watch.name}-texture.png"),
        ]
    if "splats.ply" in watch.files:
        splats = _address(watch, "splats.ply")
        links.append(("Splats (PLY)", splats, f"{watch.name}-splats.ply"))
    links.append(("Job folder (zip)", f"{zips}/folder.zip?{name}", f"{watch.name}.zip"))
    return '<nav class="era-downloads" aria-label="Downloads">{}</nav>'.format(
        "".join(
            f'<a href="{escape(href)}" download="{escape(file)}">{text}</a>'
            for text, href, file in links
        )
    )


def mesh_address(watch: Watch) -> str:
    """Where the viewer finds the mesh; empty while there is none."""
    return _address(watch, "mesh.glb") if "mesh.glb" in watch.files else ""


def subject(picture: Image.Image, how: str, warnings: list[str]) -> str:
    """What the model will see, within the page itself: it is stored nowhere."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=4)
    data = base64.b64encode(file.getvalue()).decode()
    told = "".join(f"<li>{escape(each)}</li>" for each in warnings)
    return (
        f'<figure class="era-subject"><img src="data:image/png;base64,{data}" '
        f'alt="What the model will see"><figcaption>{escape(how)}</figcaption></figure>'
        + (f'<ul class="era-warnings">{told}</ul>' if told else "")
    )


def _address(watch: Watch, file: str, version: str = "") -> str:
    return f"/v1/jobs/{watch.job}/files/{quote(file)}?v={version or watch.files[file]}"
