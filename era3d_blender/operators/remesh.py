# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer faces, or quads."""

import bpy
from bpy.props import EnumProperty, IntProperty

from ..scene.roots import find_root, mesh_of
from .polls import has_job, in_object_mode


class ERA3D_OT_remesh(bpy.types.Operator):
    """Make a version with fewer faces or of quads, with the texture carried over; the object as
    it is now stays as a version
    """

    bl_idname = "era3d.remesh"
    bl_label = "Remesh"
    bl_options = {"REGISTER", "UNDO"}

    method: EnumProperty(
        name="Method",
        description="How the faces become fewer",
        items=(
            ("DECIMATE", "Decimate", "Fewer triangles, on the same UV coordinates"),
            ("QUADS", "QuadriFlow", "Quads that follow the shape, unwrapped and baked anew"),
        ),
    )
    faces: IntProperty(
        name="Faces",
        description="About so many faces",
        min=20,
        max=1_000_000,
        soft_max=50_000,
        default=5_000,
    )
    texture_size: IntProperty(
        name="Texture",
        description="Width and height of the texture that is baked for quads",
        min=64,
        max=8192,
        default=1024,
        subtype="PIXEL",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a mesh, and no mode that has its own."""
        root = find_root(context.active_object)
        fits = root is not None and mesh_of(root) is not None and len(root.era3d.versions) > 0
        return has_job(cls, fits) and in_object_mode(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the number of faces first: it takes seconds."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the version."""
        from ..scene.folder import JobFolderError
        from ..scene.importing import locked
        from ..scene.remesh import decimate, make_quads

        root = find_root(context.active_object)
        try:
            if locked(root):
                raise JobFolderError(locked(root))
            if self.method == "DECIMATE":
                decimate(root, self.faces)
            else:
                make_quads(root, self.faces, self.texture_size)
        except JobFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
