# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings: a control for an entry of a request, under the entry's own name."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import gradio as gr

from era3d.cameras import VIEWS
from era3d.job import Request
from era3d.web.markup import label_of

Controls = dict[str, Any]

_DEFAULT = Request()
_WEIGHT = "weight_"
_TEXTURE_SIZES = (512, 1024, 2048, 4096)


def draw_crop() -> Controls:
    """Draw what decides how large the model sees the subject."""
    size = gr.Slider(
        200,
        512,
        _DEFAULT.crop_size,
        step=4,
        label="Size of the subject",
        info="Pixels of the 512 that its longer side takes.",
        elem_id="crop-size",
    )
    return {"crop_size": size}


def draw_views(models: Iterable[str]) -> Controls:
    """Draw what decides the views."""
    models = list(models)
    with gr.Row():
        model = gr.Dropdown(models, value=models[0], label="Model", elem_id="model")
        seed = gr.Number(_DEFAULT.seed, label="Seed", precision=0, minimum=0, elem_id="seed")
    quality = gr.Radio(
        [(each.capitalize(), each) for each in ("draft", "standard", "reference")],
        value=_DEFAULT.quality,
        label="Quality",
        elem_id="quality",
    )
    return {"model": model, "seed": seed, "quality": quality}


def draw_mesh() -> Controls:
    """Draw what decides mesh and texture; a job can be built again with other ones."""
    with gr.Row():
        method = gr.Dropdown(
            [("Level set", "levelset"), ("Hull, a preview", "hull")],
            value=_DEFAULT.method,
            label="Mesh",
            elem_id="method",
        )
        faces = gr.Number(
            _DEFAULT.faces, label="Triangles, about", precision=0, minimum=100, elem_id="faces"
        )
    with gr.Row():
        texture = gr.Dropdown(
            [("Picture", "atlas"), ("Colours of vertices", "vertex")],
            value=_DEFAULT.texture,
            label="Texture",
            elem_id="texture",
        )
        size = gr.Dropdown(_TEXTURE_SIZES, value=_DEFAULT.texture_size, label="Texture size")
    cells = gr.Slider(
        64,
        384,
        _DEFAULT.cells,
        step=8,
        label="Voxels",
        info="On the longest side, while the mesh is made.",
        elem_id="cells",
    )
    with gr.Row():
        refine = gr.Checkbox(_DEFAULT.refine, label="Follow normals at full size")
        symmetric = gr.Checkbox(_DEFAULT.symmetric, label="Left mirrors right")
        isotropic = gr.Checkbox(_DEFAULT.isotropic, label="Even triangles")
        normal_map = gr.Checkbox(_DEFAULT.normal_map, label="Normal map")
        splats = gr.Checkbox(_DEFAULT.splats, label="Gaussian splats")
    found = {
        "method": method,
        "faces": faces,
        "texture": texture,
        "texture_size": size,
        "cells": cells,
        "refine": refine,
        "symmetric": symmetric,
        "isotropic": isotropic,
        "normal_map": normal_map,
        "splats": splats,
    }
    return found | _draw_weights()


def _draw_weights() -> Controls:
    found: Controls = {}
    with gr.Accordion("How far each view is trusted", open=False):
        for row in (VIEWS[:3], VIEWS[3:]):
            with gr.Row():
                for view in row:
                    found[_WEIGHT + view] = gr.Slider(
                        0, 1, 1, step=0.05, label=label_of(view), min_width=90
                    )
    return found


def asked(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    """Return the entries of a request that controls with these names and values stand for."""
    given = dict(zip(names, values, strict=True))
    weights = [given.pop(_WEIGHT + view) for view in VIEWS if _WEIGHT + view in given]
    return given | ({"view_weights": weights} if weights else {})


def shown(names: Iterable[str], request: dict[str, Any]) -> list[Any]:
    """Return the values that make the controls show a request."""
    values = asdict(_DEFAULT) | request
    values |= {
        _WEIGHT + view: value for view, value in zip(VIEWS, values["view_weights"], strict=True)
    }
    return [values[name] for name in names]
