# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random numbers: drawn on the CPU whatever the device, so that one seed is one result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor


class Noise:
    """Standard normal numbers in the order in which they are asked for: seeded, or given."""

    def __init__(self, seed: int, given: Iterable[Tensor] | None, device: torch.device) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self.given: Iterator[Tensor] | None = None if given is None else iter(given)
        self.device = device

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """Return the next numbers of a shape, float32."""
        if self.given is None:
            return torch.randn(shape, generator=self.generator).to(self.device)
        noise = next(self.given, None)
        if noise is None or noise.shape != shape:
            found = "nothing" if noise is None else tuple(noise.shape)
            raise ValueError(f"noise of shape {shape} was needed and {found} given")
        return noise.to(self.device, torch.float32)
