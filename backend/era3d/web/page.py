# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: what is where, and which action which control starts."""

from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import gradio as gr

from era3d.cameras import VIEWS
from era3d.serve.settings import ServerSettings
from era3d.web import markup
from era3d.web.actions import Actions
from era3d.web.controls import Controls, draw_crop, draw_mesh, draw_views
from era3d.web.inside import Inside
from era3d.web.memory import EMPTY
from era3d.web.watch import Watch

_LOOK_EVERY = 0.7
# Gradio hides what it keeps in a browser with a key; ours is kept from nobody who sits there.
_STORAGE = "era3d"
# Requests are answered at once: the only queue is that of the jobs.
_AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
_SHOW_MESH = """(address) => [address ? {path: 'mesh.glb', url: address, orig_name: 'mesh.glb',
  meta: {_type: 'gradio.FileData'}} : null]"""
_SURE = """(...given) => {
  if (!confirm('Delete this job and all its files from the server?')) given[0] = null;
  return given; }"""


@dataclass
class Layout:
    """The parts that actions read and change."""

    memory: gr.BrowserState
    watch: gr.State
    timer: gr.Timer
    jobs: gr.Dropdown
    delete: gr.Button
    picture: gr.Image
    subject: gr.HTML
    crop: Controls
    views: Controls
    mesh: Controls
    generate: gr.Button
    notice: gr.HTML
    status: gr.HTML
    cancel: gr.Button
    viewer: gr.Model3D
    mesh_address: gr.Textbox
    downloads: gr.HTML
    gallery: gr.HTML
    repaint: gr.Accordion
    view: gr.Dropdown
    painted: gr.File
    rebuild: gr.Button

    @property
    def controls(self) -> Controls:
        """All settings."""
        return self.crop | self.views | self.mesh


def build_page(inside: Inside, settings: ServerSettings) -> gr.Blocks:
    """Draw the page and connect it.

    Parameters
    ----------
    inside : Inside
        The server that it is a page of.
    settings : ServerSettings
    """
    # What was uploaded is gone an hour later; a job has its own copy.
    with gr.Blocks(
        title="Era3D", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)
    ) as page:
        layout = _draw(settings)
        _connect(page, layout, Actions(layout, inside, settings.limits))
    return page


def _draw(settings: ServerSettings) -> Layout:
    parts: dict[str, Any] = {
        "memory": gr.BrowserState(EMPTY, storage_key=_STORAGE, secret=_STORAGE),
        "watch": gr.State(Watch()),
        "timer": gr.Timer(_LOOK_EVERY, active=False),
    }
    with gr.Row(elem_id="era-head"):
        gr.HTML("<h1>Era3D</h1><p>One picture, six views, one mesh.</p>")
        parts["jobs"] = gr.Dropdown(
            [], label="Your jobs", show_label=False, container=False, visible=False, elem_id="jobs"
        )
        parts["delete"] = gr.Button("Delete", size="sm", scale=0, visible=False, elem_id="delete")
    with gr.Row(elem_id="era-body"):
        with gr.Column(elem_id="era-ask", scale=0):
            parts |= _draw_question(settings)
        with gr.Column(elem_id="era-answer"):
            parts |= _draw_answer()
    return Layout(**parts)


def _draw_question(settings: ServerSettings) -> dict[str, Any]:
    with gr.Row(equal_height=True):
        picture = gr.Image(
            label="Picture",
            type="filepath",
            image_mode=None,
            sources=["upload", "clipboard"],
            height=236,
            elem_id="picture",
            buttons=[],
        )
        subject = gr.HTML(elem_id="subject", min_height=236)
    crop = draw_crop()
    views = draw_views(settings.models)
    with gr.Accordion("Mesh and texture", open=False):
        mesh = draw_mesh()
    generate = gr.Button("Generate", variant="primary", size="lg", elem_id="generate")
    notice = gr.HTML(elem_id="notice")
    found = {"picture": picture, "subject": subject, "crop": crop, "views": views, "mesh": mesh}
    return found | {"generate": generate, "notice": notice}


def _draw_answer() -> dict[str, Any]:
    found: dict[str, Any] = {}
    with gr.Row(elem_id="era-state"):
        found["status"] = gr.HTML(markup.status(Watch()), elem_id="status")
        found["cancel"] = gr.Button("Cancel", size="sm", scale=0, visible=False, elem_id="cancel")
    found["viewer"] = gr.Model3D(
        show_label=False,
        interactive=False,
        height=430,
        camera_position=(70, 75, None),
        elem_id="viewer",
    )
    found["mesh_address"] = gr.Textbox(visible="hidden", elem_id="mesh-address")
    found["downloads"] = gr.HTML(elem_id="downloads")
    script = files("era3d.web").joinpath("gallery.js").read_text("utf-8")
    found["gallery"] = gr.HTML(elem_id="gallery", js_on_load=script)
    with gr.Accordion(
        "Change something and build again", open=False, visible=False, elem_id="repaint"
    ) as found["repaint"]:
        gr.Markdown(
            "Keep a view from above, paint over it, and give it back here; or change the settings "
            "of mesh and texture. What is not touched stays as it is."
        )
        with gr.Row(equal_height=True):
            pictures = [
                (f"{markup.label_of(view)}, {kind}", f"{short}_{view}")
                for short, kind in (("color", "colour"), ("normal", "normals"))
                for view in VIEWS
            ]
            found["view"] = gr.Dropdown(pictures, label="View", elem_id="view")
            found["painted"] = gr.File(
                label="Painted (PNG)", file_types=[".png"], height=132, elem_id="painted"
            )
        found["rebuild"] = gr.Button("Rebuild", elem_id="rebuild")
    return found


def _connect(page: gr.Blocks, layout: Layout, actions: Actions) -> None:
    """Say which action answers what; each returns the parts that it changes."""
    everything = [
        part
        for part in (*vars(layout).values(), *layout.controls.values())
        if not isinstance(part, dict)
    ]
    known = [layout.memory, layout.watch]
    on = partial(_on, everything)
    on(page.load, actions.come_back, known)
    on(layout.timer.tick, actions.look, known)
    crop = layout.crop["crop_size"]
    for event in (layout.picture.change, crop.release):
        on(event, actions.preview, [layout.picture, crop])
    settings = list(layout.controls.values())
    on(layout.generate.click, actions.generate, [layout.memory, layout.picture, *settings])
    on(layout.cancel.click, actions.cancel, [layout.memory])
    on(layout.jobs.input, actions.open, [layout.memory, layout.jobs])
    on(layout.delete.click, actions.delete, [layout.memory], js=_SURE)
    on(layout.gallery.select, actions.choose_view, [])
    edit = [layout.memory, layout.view, layout.painted, *layout.mesh.values()]
    on(layout.rebuild.click, actions.rebuild, edit)
    layout.mesh_address.change(
        None, [layout.mesh_address], [layout.viewer], js=_SHOW_MESH, **_AT_ONCE
    )


def _on(outputs: list[Any], event: Any, action: Any, inputs: list[Any], **more: Any) -> None:
    event(action, inputs, outputs, **_AT_ONCE, **more)
