# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D's multiview diffusion: one picture in, six colour views and six normal maps out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from era3d.diffusion.checkpoint import load_pipeline as load_pipeline
    from era3d.diffusion.checkpoint import save_pipeline as save_pipeline
    from era3d.diffusion.codec import KLCodec as KLCodec
    from era3d.diffusion.codec import PatchCodec as PatchCodec
    from era3d.diffusion.conditioning import Preprocessor as Preprocessor
    from era3d.diffusion.pipeline import Era3DPipeline as Era3DPipeline
    from era3d.diffusion.pose import Pose as Pose
    from era3d.diffusion.pose import pose_of as pose_of
    from era3d.diffusion.result import GeneratedViews as GeneratedViews
    from era3d.diffusion.result import views_of as views_of
    from era3d.diffusion.schedules import Presets as Presets
    from era3d.diffusion.schedules import Sampling as Sampling
    from era3d.diffusion.unet import Era3DUNet as Era3DUNet
    from era3d.store.models import model_folder as model_folder
    from era3d.store.models import revision as revision

# torch and diffusers take seconds to import; who only reads a job folder must not wait for them.
_HOMES = {
    "Era3DPipeline": "diffusion.pipeline",
    "Era3DUNet": "diffusion.unet",
    "GeneratedViews": "diffusion.result",
    "KLCodec": "diffusion.codec",
    "PatchCodec": "diffusion.codec",
    "Pose": "diffusion.pose",
    "Preprocessor": "diffusion.conditioning",
    "Presets": "diffusion.schedules",
    "Sampling": "diffusion.schedules",
    "load_pipeline": "diffusion.checkpoint",
    "model_folder": "store.models",
    "pose_of": "diffusion.pose",
    "revision": "store.models",
    "save_pipeline": "diffusion.checkpoint",
    "views_of": "diffusion.result",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"era3d.{_HOMES[name]}"), name)
