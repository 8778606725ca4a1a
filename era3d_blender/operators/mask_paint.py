# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repaint the cut-out."""

import contextlib

import bpy
from bpy.props import EnumProperty

from .. import cutout
from . import editors


class ERA3D_OT_mask_paint(bpy.types.Operator):
    """Open the cut-out in an Image Editor: erase what does not belong to the subject, restore
    what does; Generate takes it in place of the automatic one
    """

    bl_idname = "era3d.mask_paint"
    bl_label = "Repaint Cut-out"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a cut-out or a mask."""
        settings = context.scene.era3d
        if settings.mask is None and cutout.of_picture(settings) is None:
            cls.poll_message_set("Preview the cut-out first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the mask's image if there is none yet, and show it."""
        from ..scene.folder import JobFolderError
        from ..scene.mask import paintable_mask

        settings = context.scene.era3d
        if settings.mask is None:
            try:
                folder = cutout.of_picture(settings).folder
                settings.mask = paintable_mask(folder, f"{settings.picture.name} mask")
            except JobFolderError as error:
                self.report({"ERROR"}, str(error))
                return {"CANCELLED"}
        editors.show_image(context, settings.mask)
        _set_brush(context, "ERASE_ALPHA")
        return {"FINISHED"}


class ERA3D_OT_mask_brush(bpy.types.Operator):
    """Let the brush of the Image Editor take away from the subject, or give back to it"""

    bl_idname = "era3d.mask_brush"
    bl_label = "Brush"

    blend: EnumProperty(
        name="Brush",
        items=(
            ("ERASE_ALPHA", "Erase", "The brush takes away from the subject"),
            ("ADD_ALPHA", "Restore", "The brush gives back to the subject"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the blending of the brush."""
        if not _set_brush(context, self.blend):
            self.report({"INFO"}, "Paint once in the Image Editor to get a brush, then try again")
            return {"CANCELLED"}
        return {"FINISHED"}


def _set_brush(context: bpy.types.Context, blend: str) -> bool:
    """Set the blending of the paint brush, if there is one that can be changed."""
    brush = context.tool_settings.image_paint.brush
    if brush is None:
        return False
    with contextlib.suppress(AttributeError):  # a linked brush may not be written to
        brush.blend = blend
    return brush.blend == blend
