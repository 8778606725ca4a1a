# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the last job, kept in the host's memory for the next one where that pays.

A pipeline frees its device after each job, so what stays warm are the weights in the host's memory
and the libraries; a GPU is never held between jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from era3d.store.models import revision

if TYPE_CHECKING:
    import torch

    from era3d.diffusion.pipeline import Era3DPipeline

_keeping = False
_kept: dict[tuple[str, str, torch.dtype], Era3DPipeline] = {}


def keep_models() -> None:
    """Keep the last model from now on; for processes that run job after job."""
    global _keeping
    _keeping = True


def forget_models() -> None:
    """Let go of the model that is kept."""
    _kept.clear()


def load_warm(model: str, dtype: torch.dtype) -> Era3DPipeline:
    """Return a model's pipeline: the one that is kept, or a new one; arguments as `load_pipeline`.

    The weights on disk decide: of a folder that has changed nothing is kept.
    """
    from era3d.diffusion.checkpoint import load_pipeline

    key = (model, revision(model), dtype)
    if key in _kept:
        return _kept[key]
    forget_models()
    pipeline = load_pipeline(model, dtype=dtype)
    if _keeping:
        _kept[key] = pipeline
    return pipeline
