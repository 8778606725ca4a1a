# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per thing an artist can do."""

from .cancel import ERA3D_OT_cancel
from .cancel_set_up import ERA3D_OT_cancel_set_up
from .check_backend import ERA3D_OT_check_backend
from .choose_picture import ERA3D_OT_choose_picture
from .copy_details import ERA3D_OT_copy_details
from .generate import ERA3D_OT_generate
from .import_job import ERA3D_OT_import_job
from .look_through import ERA3D_OT_look_through
from .open_folder import ERA3D_OT_open_folder
from .open_log import ERA3D_OT_open_log
from .rebuild import ERA3D_OT_rebuild
from .remove_backend import ERA3D_OT_remove_backend
from .set_up import ERA3D_OT_set_up
from .show_cameras import ERA3D_OT_show_cameras
from .update_job import ERA3D_OT_update_job

CLASSES = (
    ERA3D_OT_cancel,
    ERA3D_OT_cancel_set_up,
    ERA3D_OT_check_backend,
    ERA3D_OT_choose_picture,
    ERA3D_OT_copy_details,
    ERA3D_OT_generate,
    ERA3D_OT_import_job,
    ERA3D_OT_look_through,
    ERA3D_OT_open_folder,
    ERA3D_OT_open_log,
    ERA3D_OT_rebuild,
    ERA3D_OT_remove_backend,
    ERA3D_OT_set_up,
    ERA3D_OT_show_cameras,
    ERA3D_OT_update_job,
)
