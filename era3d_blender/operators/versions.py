# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go back to an earlier result, or remove what is not needed any more."""

from pathlib import Path

import bpy
from bpy.props import IntProperty

from ..scene.roots import find_root, job_folder
from .polls import has_job, in_object_mode


class _VersionOperator:
    """An operator on the versions of the active object."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be versions, and no mode that would lose its mesh."""
        root = find_root(context.active_object)
        fits = root is not None and len(root.era3d.versions) > 0
        return has_job(cls, fits) and in_object_mode(cls, context)


class ERA3D_OT_version_show(_VersionOperator, bpy.types.Operator):
    """Show this result; the object keeps name, transform, modifiers and material nodes"""

    bl_idname = "era3d.version_show"
    bl_label = "Show Version"

    index: IntProperty(name="Index", description="Place among the versions", min=0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Swap mesh and textures."""
        from ..scene.importing import locked
        from ..scene.roots import mesh_of
        from ..scene.versions import show_version

        root = find_root(context.active_object)
        problem = locked(root)
        if mesh_of(root) is None:
            problem = "The mesh object of this job is gone; import the job again"
        elif self.index >= len(root.era3d.versions):
            problem = f"There is no version at {self.index}"
        elif root.era3d.versions[self.index].mesh is None:
            problem = "The mesh of this version is gone"
        if problem:
            self.report({"ERROR"}, problem)
            return {"CANCELLED"}
        show_version(root, self.index)
        self._follow_views(root, context.scene)
        return {"FINISHED"}

    def _follow_views(self, root: bpy.types.Object, scene: bpy.types.Scene) -> None:
        """Show the views that the version was made from, where they are another seed's."""
        from ..scene.candidates import use_job
        from ..scene.folder import JobFolderError

        folder = root.era3d.versions[self.index].job
        if folder == str(job_folder(root)):
            return
        try:
            use_job(root, Path(folder), scene)
        except JobFolderError as error:
            self.report({"WARNING"}, f"The views stay those of another version: {error}")


class ERA3D_OT_versions_remove(_VersionOperator, bpy.types.Operator):
    """Remove results that are not shown, with their textures"""

    bl_idname = "era3d.versions_remove"
    bl_label = "Remove Other Versions"

    index: IntProperty(
        name="Index", description="Place among the versions; -1: all but the shown", default=-1
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove one, or all but the shown one."""
        from ..scene.versions import remove_versions

        root = find_root(context.active_object)
        indices = [self.index] if self.index >= 0 else list(range(len(root.era3d.versions)))
        count = remove_versions(root, indices)
        if not count:
            self.report({"INFO"}, "There is nothing to remove: the shown version stays")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Removed {count} version{'s' if count > 1 else ''}")
        return {"FINISHED"}
