# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a PLY of Gaussian splats into the scene."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..scene.roots import find_root, job_folder
from .polls import in_object_mode


class ERA3D_OT_import_splats(bpy.types.Operator):
    """Bring Gaussian splats into the scene, beside the mesh and cameras of the active job: a
    point each with the file's attributes, drawn as an ellipsoid
    """

    bl_idname = "era3d.import_splats"
    bl_label = "Import Splats"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default="*.ply", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Objects are made in Object Mode."""
        return in_object_mode(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file; begin in the folder of the active job."""
        root = find_root(context.active_object)
        if root is not None:
            self.filepath = str(job_folder(root) / "splats.ply")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Import, and make the splats the active object."""
        from ..scene.splat_file import SplatFileError
        from ..scene.splats import THINNED_KEY, import_splats

        root = find_root(context.active_object)
        collection = root.users_collection[0] if root is not None else context.collection
        try:
            thing = import_splats(Path(bpy.path.abspath(self.filepath)), collection, root)
        except SplatFileError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for other in context.selected_objects:
            other.select_set(False)
        thing.select_set(True)
        context.view_layer.objects.active = thing
        count, step = f"{len(thing.data.vertices):,} splats", thing[THINNED_KEY]
        if step > 1:
            self.report({"WARNING"}, f"Imported {count}: one in {step} of the file's")
        else:
            self.report({"INFO"}, f"Imported {count}")
        return {"FINISHED"}
