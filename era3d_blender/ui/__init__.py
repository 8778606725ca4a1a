# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn: one file per subject, each with its CLASSES; their order is the sidebar's."""

from . import (
    cameras,
    gallery,
    generate,
    history,
    panel,
    presets,
    preview,
    queue,
    reference,
    result,
    splats,
    thumbnails,
)

PANELS = (presets, panel, queue, reference, generate, gallery, cameras, result, splats, history)
CLASSES = tuple(cls for module in PANELS for cls in module.CLASSES)
MODULES = (preview, gallery, thumbnails, *reference.MODULES)
