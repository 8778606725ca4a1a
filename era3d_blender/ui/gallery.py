# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of the active object: thumbnails, weights, edits, candidates of other seeds."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

from .. import history
from ..client.history import VIEWS, Record
from ..scene.roots import (
    COLOR,
    NORMAL,
    VIEW_KEY,
    find_root,
    job_folder,
    title,
    view_cameras,
)
from .sidebar import SubPanel, narrow
from .thumbnails import icon_of

_ICON_SCALE = 4.2
_CANDIDATE_SCALE = 2.1
_icons: bpy.utils.previews.ImagePreviewCollection | None = None


class ERA3D_PT_views(SubPanel, bpy.types.Panel):
    """The views of the active object: look, paint, weigh, build again."""

    bl_idname = "ERA3D_PT_views"
    bl_label = "Views"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it for objects of ours."""
        return find_root(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a cell per view, and the ways to rebuild."""
        layout, root = self.layout, find_root(context.active_object)
        columns = 2 if narrow(context.region) else 3
        grid = layout.grid_flow(
            row_major=True, columns=columns, even_columns=True, even_rows=True, align=False
        )
        for camera in view_cameras(root):
            draw_view(grid.column(align=True), camera, context.scene.camera == camera)
        if context.mode == "PAINT_TEXTURE":
            layout.operator("era3d.paint_done", icon="CHECKMARK")
        draw_rebuild(layout)


class ERA3D_MT_view(bpy.types.Menu):
    """What can be done with one view"""

    bl_idname = "ERA3D_MT_view"
    bl_label = "View"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the same entries for both pictures."""
        view = context.era3d_camera[VIEW_KEY]
        layout = self.layout
        for kind, name in ((COLOR, "Color"), (NORMAL, "Normal Map")):
            layout.label(text=name, icon="IMAGE_RGB" if kind == COLOR else "NORMALS_FACE")
            for operator, icon in (
                ("era3d.view_open", "IMAGE"),
                ("era3d.view_paint", "TPAINT_HLT"),
                ("era3d.view_edit", "GREASEPENCIL"),
                ("era3d.view_replace", "FILE_FOLDER"),
                ("era3d.view_reload", "FILE_REFRESH"),
                ("era3d.view_save", "FILE_TICK"),
                ("era3d.view_reset", "LOOP_BACK"),
            ):
                layout.operator_context = "INVOKE_DEFAULT"
                entry = layout.operator(operator, icon=icon)
                entry.view, entry.kind = view, kind
            if kind == COLOR:
                layout.separator()


class ERA3D_PT_candidates(SubPanel, bpy.types.Panel):
    """Other seeds of the active object's picture, side by side before one is meshed"""

    bl_idname = "ERA3D_PT_candidates"
    bl_parent_id = "ERA3D_PT_views"
    bl_label = "Candidates"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Show it where there is a picture to draw again."""
        root = find_root(context.active_object)
        return root is not None and "era3d_seed" in root

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the views of each candidate in a row."""
        layout, root = self.layout, find_root(context.active_object)
        row = layout.row(align=True)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("era3d.regenerate", text="Another Seed", icon="FILE_REFRESH").count = 1
        row.operator("era3d.regenerate", text="Four").count = 4
        for record in candidates_of(root):
            draw_candidate(layout.box(), record)


def draw_view(cell: bpy.types.UILayout, camera: bpy.types.Object, shown: bool) -> None:
    """Draw both pictures of a view, its camera's button, menu and weight."""
    from ..scene.views import image_of, is_edited

    pictures = [image_of(camera, kind) for kind in (COLOR, NORMAL)]
    column = cell.column(align=True)
    column.active = camera.era3d.use_view
    for image in filter(None, pictures):
        icon = icon_of(image)
        if icon:  # 0 without a window
            column.template_icon(icon_value=icon, scale=_ICON_SCALE)
    edited = any(is_edited(image) for image in pictures if image)
    text = title(camera[VIEW_KEY]) + (" *" if edited else "")
    cell.operator("era3d.look_through", text=text, depress=shown).view = camera[VIEW_KEY]
    row = cell.row(align=True)
    row.prop(camera.era3d, "use_view", text="")
    row.prop(camera.era3d, "weight", text="", slider=True)
    row = cell.row(align=True)
    row.context_pointer_set("era3d_camera", camera)
    row.menu("ERA3D_MT_view", icon="GREASEPENCIL")


def draw_rebuild(layout: bpy.types.UILayout) -> None:
    """Draw the button that builds what has changed, and the two that build regardless."""
    column = layout.column(align=True)
    column.operator_context = "INVOKE_DEFAULT"
    main = column.row()
    main.scale_y = 1.3
    main.operator("era3d.rebuild", text="Rebuild", icon="FILE_REFRESH").stage = "changed"
    row = column.row(align=True)
    row.operator("era3d.rebuild", text="Mesh", icon="MESH_DATA").stage = "mesh"
    row.operator("era3d.rebuild", text="Texture", icon="TEXTURE").stage = "texture"


def draw_candidate(box: bpy.types.UILayout, record: Record) -> None:
    """Draw the twelve pictures of a candidate, and what can become of it."""
    for kind in (COLOR, NORMAL):
        row = box.row(align=True)
        for view in ("front", "front_right", "right", "back", "left", "front_left"):
            icon = _icon_of(record.folder / f"views/{kind}_{view}.png", record.changed)
            if icon:
                row.template_icon(icon_value=icon, scale=_CANDIDATE_SCALE)
    folder, seed = str(record.folder), record.request.get("seed", "")
    row = box.row(align=True)
    row.label(text=f"Seed {seed}")
    row.operator("era3d.candidate_use", icon="CHECKMARK").directory = folder
    row.operator("era3d.resume", text="New Object", icon="ADD").directory = folder
    row.operator("era3d.history_delete", text="", icon="TRASH").directory = folder


def candidates_of(root: bpy.types.Object) -> list[Record]:
    """Return the jobs on disk that have views, but no mesh, of the same picture."""
    from ..scene.candidates import same_picture

    own = job_folder(root)
    waiting = [r for r in history.records.values() if r.state == VIEWS and r.folder != own]
    return [record for record in waiting if same_picture(own, record.folder)]


def _icon_of(path: Path, changed: float) -> int:
    """Return the icon of a picture file, or 0 without a window; Blender reads it later."""
    if _icons is None:
        return 0
    key = f"{path} {changed}"
    if key not in _icons:
        _icons.load(key, str(path), "IMAGE")
    return _icons[key].icon_id


def register() -> None:
    """Make room for the candidates' icons."""
    global _icons
    _icons = bpy.utils.previews.new()


def unregister() -> None:
    """Forget them."""
    global _icons
    bpy.utils.previews.remove(_icons)
    _icons = None


CLASSES = (ERA3D_MT_view, ERA3D_PT_views, ERA3D_PT_candidates)
