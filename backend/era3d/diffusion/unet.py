# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Era3D's network: a UNet over six normal maps and six colour images at once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from era3d.diffusion.blocks import BlockSettings, DownLevel, MidLevel, UpLevel
from era3d.diffusion.camera import Regressor, pool_pairs, pose_code, repeat_groups

# What a level's name in a configuration file means: does it have transformers? The names are those
# of the released checkpoint; they are looked up here and never resolved to a class.
DOWN_LEVELS = {"CrossAttnDownBlockMV2D": True, "DownBlock2D": False}
UP_LEVELS = {"CrossAttnUpBlockMV2D": True, "UpBlock2D": False}

# Options of a released configuration that would change the network but of which only one value is
# built. Another value must be an error: the weights might fit and the pictures be wrong.
ONLY_VALUES: Mapping[str, Any] = {
    "act_fn": "silu",
    "addition_downsample": False,
    "addition_embed_type": None,
    "cd_attention_last": False,
    "cd_attention_mid": False,
    "center_input_sample": False,
    "class_embed_type": "projection",
    "class_embeddings_concat": False,
    "conv_in_kernel": 3,
    "conv_out_kernel": 3,
    "cross_attention_norm": None,
    "downsample_padding": 1,
    "dual_cross_attention": False,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "mid_block_only_cross_attention": None,
    "mid_block_scale_factor": 1,
    "mid_block_type": "UNetMidBlockMV2DCrossAttn",
    "multiview_attention": True,
    "mvcd_attention": True,
    "num_attention_heads": None,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "projection_camera_embeddings_input_dim": 4,
    "resnet_out_scale_factor": 1.0,
    "resnet_skip_time_act": False,
    "resnet_time_scale_shift": "default",
    "selfattn_block": "self_rowwise",
    "time_cond_proj_dim": None,
    "time_embedding_act_fn": None,
    "time_embedding_dim": None,
    "time_embedding_type": "positional",
    "timestep_post_act": None,
    "transformer_layers_per_block": 1,
    "use_dino": False,
    "use_linear_projection": True,
}


class UNetOutput(NamedTuple):
    """The prediction and, from a network with regressors, the camera of the input photo.

    ``sample`` is ``(2 * groups * views, out_channels, height, width)``. ``pose`` is
    ``(groups, 2)``: elevation in radians and 24 mm / focal length (0: orthographic); None without
    regressors.
    """

    sample: Tensor
    pose: Tensor | None


class Era3DUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Denoise six normal maps and six colour images of one or more objects.

    The batch is ``[normals of all groups | colours of all groups]``; a group is one object or one
    guidance half of it, ``num_views`` images in the order of `era3d.cameras.VIEWS`. Groups never
    influence each other. Parameters carry the names of the released checkpoints.

    Parameters
    ----------
    sample_size : int
        Height and width of the latents the network is meant for; any multiple of
        ``2 ** (levels - 1)`` works.
    in_channels, out_channels : int
        Noisy latent channels plus condition channels; predicted channels.
    block_out_channels : sequence of int
        Width of each level, finest first. Every width must divide by ``norm_num_groups``.
    attention_head_dim : int or sequence of int
        *Number* of attention heads of each level (the name is the released file's).
    layers_per_block : int
        Residual layers of a level on the way down; one more on the way up.
    down_block_types, up_block_types : sequence of str
        Keys of `DOWN_LEVELS` (finest first) and `UP_LEVELS` (coarsest first): which levels have
        transformers. ``up_block_types=None`` mirrors the way down.
    cross_attention_dim : int
        Channels of the prompt tokens.
    projection_class_embeddings_input_dim : int
        Length of a class label vector.
    regress_elevation, regress_focal_length : bool
        Build the camera regressors: both or neither.
    num_regress_blocks, regress_hidden_size : int
        Depth and width of the regressors.
    """

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        sample_size: int = 64,
        in_channels: int = 8,
        out_channels: int = 4,
        block_out_channels: Sequence[int] = (320, 640, 1280, 1280),
        attention_head_dim: int | Sequence[int] = (5, 10, 20, 20),
        layers_per_block: int = 2,
        down_block_types: Sequence[str] = (*["CrossAttnDownBlockMV2D"] * 3, "DownBlock2D"),
        up_block_types: Sequence[str] | None = None,
        cross_attention_dim: int = 1024,
        projection_class_embeddings_input_dim: int = 2048,
        regress_elevation: bool = True,
        regress_focal_length: bool = True,
        num_regress_blocks: int = 3,
        regress_hidden_size: int = 1280,
        num_views: int = 6,
        norm_num_groups: int = 32,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        widths = list(block_out_channels)
        heads = _per_level(attention_head_dim, len(widths))
        down = [DOWN_LEVELS[name] for name in _known(down_block_types, DOWN_LEVELS, len(widths))]
        if up_block_types is None:
            up = down[::-1]
        else:
            up = [UP_LEVELS[name] for name in _known(up_block_types, UP_LEVELS, len(widths))]
        embedding = 4 * widths[0]
        self.views = num_views
        settings = BlockSettings(
            embedding, cross_attention_dim, num_views, norm_num_groups, norm_eps
        )
        self.time_proj = Timesteps(widths[0], flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(widths[0], embedding)
        self.class_embedding = TimestepEmbedding(projection_class_embeddings_input_dim, embedding)
        self.conv_in = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.down_blocks, kept = _down_levels(widths, heads, down, layers_per_block, settings)
        self.mid_block = MidLevel(widths[-1], heads[-1], settings)
        self.up_blocks = _up_levels(widths, heads, up, layers_per_block, settings, kept)
        self.conv_norm_out = nn.GroupNorm(norm_num_groups, widths[0], eps=norm_eps)
        self.conv_out = nn.Conv2d(widths[0], out_channels, 3, padding=1)
        if regress_elevation != regress_focal_length:
            raise ValueError("regress_elevation and regress_focal_length must be the same")
        self.regresses_pose = regress_elevation
        if regress_elevation:
            regressor = (2 * widths[-1], regress_hidden_size, num_regress_blocks)
            self.elevation_regressor = Regressor(*regressor)
            self.focal_regressor = Regressor(*regressor)
            self.camera_embedding = TimestepEmbedding(4, embedding)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], **overrides: Any) -> Self:  # type: ignore[override]
        """Build the network of a configuration file, with the released checkpoints' keys.

        Keys that only the training knew are ignored.

        Raises
        ------
        ValueError
            An option that changes the network has a value that is not built here.
        """
        for name, value in ONLY_VALUES.items():
            if config.get(name, value) != value:
                raise ValueError(f"the network option {name} = {config[name]!r} is not supported")
        known = inspect.signature(cls).parameters
        return cls(**{k: v for k, v in config.items() if k in known} | overrides)

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | float,
        encoder_hidden_states: Tensor,
        class_labels: Tensor,
    ) -> UNetOutput:
        """Predict noise, velocity or clean latents, whatever the weights were trained for.

        Parameters
        ----------
        sample : Tensor
            ``(2 * groups * views, in_channels, height, width)``.
        timestep : Tensor or number
            One for all, or ``(batch,)``: one per image.
        encoder_hidden_states : Tensor
            Prompt tokens, ``(batch, words, cross_attention_dim)``.
        class_labels : Tensor
            Image embeddings, ``(batch, projection_class_embeddings_input_dim)``.
        """
        kept, embedding = self._descend(sample, timestep, encoder_hidden_states, class_labels)
        pose = None
        if self.regresses_pose:
            pose = self._regress(kept[-1])
            camera = self.camera_embedding(pose_code(pose))
            embedding = embedding + repeat_groups(camera, self.views)
        for level in self.up_blocks:
            level(kept, embedding, encoder_hidden_states)
        return UNetOutput(self.conv_out(F.silu(self.conv_norm_out(kept.pop()))), pose)

    def read_pose(
        self,
        sample: Tensor,
        timestep: Tensor | float,
        encoder_hidden_states: Tensor,
        class_labels: Tensor,
    ) -> Tensor:
        """The camera alone, see `UNetOutput`: only the regressors can learn from it.

        Parameters are those of `forward`.
        """
        with torch.no_grad():
            kept, _ = self._descend(sample, timestep, encoder_hidden_states, class_labels)
        return self._regress(kept[-1])

    def _descend(
        self,
        sample: Tensor,
        timestep: Tensor | float,
        encoder_hidden_states: Tensor,
        class_labels: Tensor,
    ) -> tuple[list[Tensor], Tensor]:
        """What the way down keeps for the way up, the middle last; and time and label embedded."""
        self._check_shape(sample)
        embedding = self._embed(timestep, class_labels, sample)
        x = self.conv_in(sample)
        kept = [x]
        for level in self.down_blocks:
            x, outputs = level(x, embedding, encoder_hidden_states)
            kept += outputs
        kept.append(self.mid_block(x, embedding, encoder_hidden_states))
        return kept, embedding

    def _check_shape(self, sample: Tensor) -> None:
        factor = 2 ** (len(self.down_blocks) - 1)
        if len(sample) % (2 * self.views):
            raise ValueError(
                f"a batch of {len(sample)} is not 2 domains x groups x {self.views} views"
            )
        if sample.shape[2] % factor or sample.shape[3] % factor:
            raise ValueError(f"latent height and width must be multiples of {factor}")

    def _embed(self, timestep: Tensor | float, class_labels: Tensor, sample: Tensor) -> Tensor:
        times = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        time_code = self.time_proj(times).to(sample.dtype)
        return self.time_embedding(time_code) + self.class_embedding(class_labels)

    def _regress(self, features: Tensor) -> Tensor:
        pairs = pool_pairs(features)
        per_pair = torch.cat([self.elevation_regressor(pairs), self.focal_regressor(pairs)], dim=1)
        return per_pair.unflatten(0, (-1, self.views)).mean(dim=1)


def _per_level(value: int | Sequence[int], levels: int) -> list[int]:
    values = [value] * levels if isinstance(value, int) else list(value)
    if len(values) != levels:
        raise ValueError(f"attention_head_dim has {len(values)} entries for {levels} levels")
    return values


def _known(names: Sequence[str], known: Mapping[str, bool], levels: int) -> Sequence[str]:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"unknown level type {unknown[0]!r}; known are {', '.join(known)}")
    if len(names) != levels:
        raise ValueError(f"{len(names)} level types for {levels} levels")
    return names


def _down_levels(
    widths: list[int], heads: list[int], attention: list[bool], layers: int, settings: BlockSettings
) -> tuple[nn.ModuleList, list[int]]:
    """Build the way down; also return the widths of what it keeps for the way up, in order."""
    levels = nn.ModuleList()
    kept = [widths[0]]
    for index, width in enumerate(widths):
        last = index == len(widths) - 1
        level = DownLevel(
            widths[max(index - 1, 0)],
            width,
            heads[index] if attention[index] else None,
            settings,
            layers=layers,
            downsample=not last,
        )
        levels.append(level)
        kept += [width] * (layers + (not last))
    return levels, kept


def _up_levels(
    widths: list[int],
    heads: list[int],
    attention: list[bool],
    layers: int,
    settings: BlockSettings,
    kept: list[int],
) -> nn.ModuleList:
    """Build the way up, coarsest level first; ``kept`` is what `_down_levels` returned."""
    levels = nn.ModuleList()
    remaining = list(kept)
    width_in = widths[-1]
    for index, (width, head_count) in enumerate(zip(widths[::-1], heads[::-1], strict=True)):
        level = UpLevel(
            width_in,
            [remaining.pop() for _ in range(layers + 1)],
            width,
            head_count if attention[index] else None,
            settings,
            upsample=index < len(widths) - 1,
        )
        levels.append(level)
        width_in = width
    return levels
