# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators on one picture of one view share."""

import bpy
from bpy.props import EnumProperty, StringProperty

from ..scene.roots import COLOR, NORMAL, camera_of, find_root, title
from .polls import has_job


class ViewOperator:
    """An operator on the picture of a view of the active object's job."""

    view: StringProperty(name="View", description="Name of the view", default="front")
    kind: EnumProperty(
        name="Picture",
        description="Which of the view's two pictures",
        items=((COLOR, "Color", "The colour view"), (NORMAL, "Normal", "The normal map")),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An imported job must be active."""
        return has_job(cls, find_root(context.active_object) is not None)

    def camera(self, context: bpy.types.Context) -> bpy.types.Object:
        """Return the view's camera.

        Raises
        ------
        JobFolderError
            When the artist has removed it.
        """
        from ..scene.folder import JobFolderError

        camera = camera_of(find_root(context.active_object), self.view)
        if camera is None:
            raise JobFolderError(f"This job has no camera {self.view}")
        return camera

    def image(self, context: bpy.types.Context) -> bpy.types.Image:
        """Return the view's picture.

        Raises
        ------
        JobFolderError
            When camera or picture are gone, or the picture is linked.
        """
        from ..scene.folder import JobFolderError
        from ..scene.views import image_of

        image = image_of(self.camera(context), self.kind)
        if image is None:
            raise JobFolderError(f"{title(self.view)} has no {self.kind} picture")
        if image.library is not None:
            raise JobFolderError(f"{image.name} is linked: make it local first")
        return image
