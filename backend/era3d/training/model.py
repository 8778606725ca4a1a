# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that are trained together: network, image encoder and prompt tokens."""

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from era3d.diffusion.codec import PatchCodec
from era3d.diffusion.conditioning import Preprocessor
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.diffusion.schedules import Presets
from era3d.diffusion.unet import Era3DUNet, UNetOutput
from era3d.training.config import ModelConfig

IMAGES = 12


class Trainee(nn.Module):
    """Everything of a pipeline that has weights, and the pipeline around it.

    View and domain of an image are told twice: by its prompt tokens, and by a code behind the image
    embedding in its class label, which an untrained network hears sooner.
    """

    codes: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.codec = PatchCodec(config.patch)
        self.unet = _unet(config, self.codec)
        self.image_encoder = _image_encoder(config)
        self.prompts = nn.Parameter(torch.randn(IMAGES, config.prompt_words, config.prompt_width))
        self.register_buffer("codes", torch.eye(IMAGES) * IMAGES**0.5)
        self._start_from_white()

    def _start_from_white(self) -> None:
        """Let the network begin deaf to noise, with white as its zero."""
        white = self.codec.encode(torch.ones(1, 3, self.config.patch, self.config.patch))
        white = white[0, :, 0, 0]
        conv, last = self.unet.conv_in, self.unet.conv_out
        assert conv.bias is not None
        assert last.bias is not None
        with torch.no_grad():
            conv.weight[:, : self.codec.channels] = 0
            told = conv.weight[:, self.codec.channels : 2 * self.codec.channels]
            conv.bias.copy_(-torch.einsum("oikl,i->o", told, white))
            last.weight.mul_(0.1)
            last.bias.copy_(0.8 * white)

    def forward(self, noisy: Tensor, times: Tensor, photo: Tensor, dropped: Tensor) -> UNetOutput:
        """Predict clean latents of a batch of objects.

        Parameters
        ----------
        noisy : (12, n, C, h, w) float
            Noisy latents: normal maps, then colours.
        times : (2, n) int64
            Timestep of each domain of each object.
        photo : (n, 3, S, S) float
            -1..1 on white.
        dropped : (n,) bool
            Whose photo is withheld.
        """
        count = len(photo)
        condition = self.codec.condition(photo / 2 + 0.5)
        nothing = self.codec.no_condition(condition)
        condition = torch.where(dropped[:, None, None, None], nothing, condition)
        embedding = self.image_encoder(photo).image_embeds
        labels = torch.cat([_spread(embedding), _repeat(self.codes, count)], 1)
        labels = labels * ~_spread(dropped[:, None])
        sample = torch.cat([order(noisy), _spread(condition)], 1)
        time = times[:, :, None].expand(2, count, 6).reshape(-1)
        return self.unet(sample, time, _repeat(self.prompts, count), labels)

    def pixels(self, latents: Tensor) -> Tensor:
        """Latents (n, C, h, w) as pictures in -1..1, not clamped.

        The codec's transform as one matrix product, which is several times faster to train through
        than its transposed convolution.
        """
        patch, (height, width) = self.config.patch, latents.shape[-2:]
        patches = latents.flatten(2).mT @ self.codec.filters.flatten(1) / self.codec.scale
        grid = patches.unflatten(2, (3, patch, patch)).unflatten(1, (height, width))
        return grid.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)

    def latents(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, S, S) in -1..1 as latents; the inverse of `pixels`."""
        patch, size = self.config.patch, pictures.shape[-1] // self.config.patch
        grid = pictures.unflatten(3, (size, patch)).unflatten(2, (size, patch))
        patches = grid.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        latents = patches @ self.codec.filters.flatten(1).T * self.codec.scale
        return latents.mT.unflatten(2, (size, size))

    def pipeline(self, presets: Presets) -> Era3DPipeline:
        """What the product runs."""
        half = (0.5, 0.5, 0.5)
        width = self.config.embedding
        return Era3DPipeline(
            self.unet,
            self.codec,
            scheduler(),
            self.image_encoder,
            Preprocessor(self.config.image_size, half, half),
            torch.zeros(1, width),
            torch.ones(1, width),
            self.prompts.detach(),
            self.codes,
            presets,
        )


def scheduler() -> DDIMScheduler:
    """Era3D's linear schedule, rescaled so that the last step holds noise only."""
    return DDIMScheduler(
        beta_schedule="linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=True,
        prediction_type="sample",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
    )


def order(images: Tensor) -> Tensor:
    """Images (12, n, ...) as the network's batch: domain, object, view."""
    return images.unflatten(0, (2, 6)).transpose(1, 2).flatten(0, 2)


def unorder(batch: Tensor) -> Tensor:
    """Undo `order`."""
    return batch.unflatten(0, (2, -1, 6)).transpose(1, 2).flatten(0, 1)


def _spread(per_object: Tensor) -> Tensor:
    """Rows of objects (n, ...) for each image of the network's batch."""
    return order(per_object.expand(IMAGES, *per_object.shape))


def _repeat(per_image: Tensor, count: int) -> Tensor:
    """Rows of images (12, ...) for each image of the network's batch."""
    return order(per_image[:, None].expand(IMAGES, count, *per_image.shape[1:]))


def _unet(config: ModelConfig, codec: PatchCodec) -> Era3DUNet:
    blocks = {True: "CrossAttnDownBlockMV2D", False: "DownBlock2D"}
    return Era3DUNet(
        sample_size=config.image_size // config.patch,
        in_channels=codec.channels + codec.condition_channels,
        out_channels=codec.channels,
        block_out_channels=config.widths,
        attention_head_dim=[width // config.head_size for width in config.widths],
        layers_per_block=config.layers,
        down_block_types=[blocks[attends] for attends in config.attention],
        cross_attention_dim=config.prompt_width,
        projection_class_embeddings_input_dim=config.embedding + IMAGES,
        num_regress_blocks=config.regressor_layers,
        regress_hidden_size=config.regressor_width,
        norm_num_groups=config.norm_groups,
    )


def _image_encoder(config: ModelConfig) -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=config.encoder_width,
            intermediate_size=4 * config.encoder_width,
            projection_dim=config.embedding,
            num_hidden_layers=config.encoder_layers,
            num_attention_heads=config.encoder_width // config.head_size,
            image_size=config.image_size,
            patch_size=config.encoder_patch,
            hidden_act="gelu",
        )
    )
