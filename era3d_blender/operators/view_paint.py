# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paint a view on the object, in Texture Paint."""

from __future__ import annotations

import bpy

from ..scene.roots import find_root, mesh_of
from .look_through import look
from .viewing import ViewOperator


class ERA3D_OT_view_paint(ViewOperator, bpy.types.Operator):
    """Look through the camera and paint on the object: Texture Paint's canvas is this picture,
    and Rebuild builds with it
    """

    bl_idname = "era3d.view_paint"
    bl_label = "Paint on Object"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the canvas and enter the mode."""
        from ..scene.folder import JobFolderError
        from ..scene.importing import locked
        from ..scene.projection import prepare_painting

        root = find_root(context.active_object)
        thing = mesh_of(root)
        try:
            camera, image = self.camera(context), self.image(context)
            if thing is None:
                raise JobFolderError("There is no mesh to paint on yet: press Rebuild")
            if locked(root):
                raise JobFolderError(locked(root))
            if context.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
            prepare_painting(thing, camera, image)
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        look(context, camera)
        for other in context.selected_objects:
            other.select_set(False)
        thing.select_set(True)
        context.view_layer.objects.active = thing
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
        return {"FINISHED"}


class ERA3D_OT_paint_done(bpy.types.Operator):
    """Leave Texture Paint and show the object's own texture again"""

    bl_idname = "era3d.paint_done"
    bl_label = "Done Painting"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while painting on an object of ours."""
        return context.mode == "PAINT_TEXTURE" and find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Leave the mode."""
        from ..scene.projection import finish_painting

        bpy.ops.object.mode_set(mode="OBJECT")
        finish_painting(context.active_object)
        return {"FINISHED"}
