# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Optimisers: orthogonalised momentum for the matrices inside the network, AdamW for the rest."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_ITERATIONS = 5
# Quintic whose iteration drives every singular value towards 1, fastest from small ones.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_UPDATE_RMS = 0.2  # of an entry, in units of the learning rate; about that of Adam
_SMALLEST_SIDE = 32
_NOT_HIDDEN = (
    "conv_in",
    "conv_out",
    "prompts",
    "patch_embedding",
    "position_embedding",
    "regressor",
    "class_embedding.linear_1",
)


class Muon(torch.optim.Optimizer):
    """Steps of which every direction of a matrix has the same length.

    The momentum of a matrix is replaced by the nearest semi-orthogonal matrix, found by
    Newton-Schulz iteration in bfloat16. Convolution kernels count as (out, in * h * w) matrices.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters from their gradients."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                alike.setdefault(parameter.flatten(1).shape, []).append(parameter)
            for shape, parameters in alike.items():
                self._step_alike(shape, parameters, group)

    def _step_alike(
        self, shape: torch.Size, parameters: list[nn.Parameter], group: dict[str, float]
    ) -> None:
        ahead = []
        for parameter in parameters:
            assert parameter.grad is not None
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead.append(parameter.grad.lerp(momentum, group["momentum"]).flatten(1))
        length = group["lr"] * _UPDATE_RMS * max(shape) ** 0.5
        for parameter, update in zip(parameters, orthogonalize(torch.stack(ahead)), strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.sub_(update.view_as(parameter), alpha=length)


def orthogonalize(matrices: Tensor) -> Tensor:
    """Semi-orthogonal matrices near those given, (n, rows, columns); singular values 0.7 to 1.2."""
    a, b, c = _QUINTIC
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.bfloat16().mT if tall else matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


def make_optimizers(
    module: nn.Module, matrix_lr: float, lr: float, weight_decay: float
) -> tuple[torch.optim.Optimizer, ...]:
    """Muon for the hidden matrices of a module, AdamW for vectors, inputs, outputs and codes.

    With a `matrix_lr` of 0 AdamW is for all; what needs no gradient is left alone.
    """
    hidden: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        is_matrix = parameter.ndim >= 2 and min(parameter.flatten(1).shape) >= _SMALLEST_SIDE
        inner = bool(matrix_lr) and is_matrix and not any(part in name for part in _NOT_HIDDEN)
        (hidden if inner else rest).append(parameter)
    adam = torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.99), weight_decay=weight_decay)
    if not hidden:
        return (adam,)
    return Muon(hidden, lr=matrix_lr, weight_decay=weight_decay), adam
