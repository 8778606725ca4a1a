# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through one of a job's cameras."""

import bpy
from bpy.props import IntProperty, StringProperty

from ..scene.roots import camera_of, cameras_of, find_root


class ERA3D_OT_look_through(bpy.types.Operator):
    """Look at the object as this view saw it, with the view's picture behind"""

    bl_idname = "era3d.look_through"
    bl_label = "Look Through"
    bl_options = {"REGISTER", "UNDO"}

    view: StringProperty(name="View", description="Name of the view", default="front")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the camera the scene's, and look through it where there is a 3D view."""
        camera = camera_of(find_root(context.active_object), self.view)
        if camera is None:
            self.report({"ERROR"}, f"This job has no camera {self.view}")
            return {"CANCELLED"}
        look(context, camera)
        return {"FINISHED"}


class ERA3D_OT_look_next(bpy.types.Operator):
    """Look through the next of the six views, round the object"""

    bl_idname = "era3d.look_next"
    bl_label = "Next View"
    bl_options = {"REGISTER", "UNDO"}

    step: IntProperty(name="Step", description="1: to the right; -1: to the left", default=1)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return find_root(context.active_object) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look through the view after the one the scene's camera shows."""
        from ..scene.cameras import next_view
        from ..scene.roots import view_cameras

        root = find_root(context.active_object)
        if not view_cameras(root):
            self.report({"ERROR"}, "The cameras of this job are gone")
            return {"CANCELLED"}
        look(context, camera_of(root, next_view(root, context.scene.camera, self.step)))
        return {"FINISHED"}


class ERA3D_OT_match_photo(bpy.types.Operator):
    """Look at the object over the uncropped photo, and render at the photo's resolution"""

    bl_idname = "era3d.match_photo"
    bl_label = "Match Photo"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The job must have a camera for its photo."""
        root = find_root(context.active_object)
        if root is None or camera_of(root, "reference") is None:
            cls.poll_message_set("Only objects made from a photo by a model that tells its camera")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Give the render the photo's size, then look through its camera."""
        from ..scene.cameras import photo_size

        camera = camera_of(find_root(context.active_object), "reference")
        render = context.scene.render
        render.resolution_x, render.resolution_y = photo_size(camera)
        render.resolution_percentage = 100
        render.pixel_aspect_x = render.pixel_aspect_y = 1.0
        look(context, camera)
        return {"FINISHED"}


def look(context: bpy.types.Context, camera: bpy.types.Object) -> None:
    """Make a camera the scene's, hide the others of its job, and look through it."""
    from ..scene.cameras import refit

    for other in cameras_of(find_root(camera)):  # their frames would lie over the picture
        other.hide_set(other != camera)
    refit(camera, context.scene.render)
    context.scene.camera = camera
    if context.area and context.area.type == "VIEW_3D":
        context.space_data.region_3d.view_perspective = "CAMERA"
