# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per thing an artist can do."""

from .cancel import ERA3D_OT_cancel
from .check_backend import ERA3D_OT_check_backend
from .choose_picture import ERA3D_OT_choose_picture
from .copy_details import ERA3D_OT_copy_details
from .copy_setup import ERA3D_OT_copy_setup
from .generate import ERA3D_OT_generate
from .import_job import ERA3D_OT_import_job
from .look_through import ERA3D_OT_look_through
from .open_folder import ERA3D_OT_open_folder
from .open_log import ERA3D_OT_open_log
from .rebuild import ERA3D_OT_rebuild
from .show_cameras import ERA3D_OT_show_cameras
from .update_job import ERA3D_OT_update_job

CLASSES = (
    ERA3D_OT_cancel,
    ERA3D_OT_check_backend,
    ERA3D_OT_choose_picture,
    ERA3D_OT_copy_details,
    ERA3D_OT_copy_setup,
    ERA3D_OT_generate,
    ERA3D_OT_import_job,
    ERA3D_OT_look_through,
    ERA3D_OT_open_folder,
    ERA3D_OT_open_log,
    ERA3D_OT_rebuild,
    ERA3D_OT_show_cameras,
    ERA3D_OT_update_job,
)
