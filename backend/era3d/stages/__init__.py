# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages in order: what each reads, does and writes. Read this package first.

``prepare -> views -> mesh -> texture (-> splats)``. A stage reads files of the job folder and
writes files to it. It is skipped when the hash of its inputs and settings is the one in job.json,
so a changed file (a painted view, say) makes exactly the stages after it run again.

Heavy libraries are imported by the work that needs them: reading a job must stay instant.
"""

from era3d.stages.files import (
    create_from_picture,
    create_from_views,
    store_picture,
    store_views,
    write_cameras,
)
from era3d.stages.runner import ALL_STAGES, STAGES, is_current, run, stages_of

__all__ = [
    "ALL_STAGES",
    "STAGES",
    "create_from_picture",
    "create_from_views",
    "is_current",
    "run",
    "stages_of",
    "store_picture",
    "store_views",
    "write_cameras",
]
