# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attention, against a textbook version and by its effect."""

import time

import torch

from era3d.diffusion import attention
from tests.backend.diffusion.golden import difference


def plain_attention(query, key, value):
    """Softmax attention as a textbook has it; ``(batch, tokens, heads, d)``."""
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / query.shape[-1] ** 0.5
    return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), value)


def test_the_fused_kernel_agrees_with_the_textbook():
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 5, 3, 8), torch.randn(2, 7, 3, 8), torch.randn(2, 7, 3, 8)
    assert (
        difference(attention.attend(query, key, value), plain_attention(query, key, value)) < 1e-6
    )


def test_the_fastest_kernel_that_runs_is_taken():
    def slow(query, key, value):
        time.sleep(0.05)
        return attention.pytorch_attention(query, key, value)

    def broken(query, key, value):
        raise NotImplementedError("No operator found")

    tokens = torch.zeros(1, 4, 1, 8)
    kernels = (broken, slow, attention.pytorch_attention)
    assert attention.fastest(kernels, tokens) is attention.pytorch_attention
    assert attention.fastest(kernels[:2], tokens) is slow


def test_domains_are_joined_pair_by_pair():
    normals, colors = torch.arange(3.0), torch.arange(3.0) + 10
    tokens = torch.cat([normals, colors])[:, None, None].repeat(1, 4, 1)
    joined = attention.join_domains(tokens)
    assert joined[1, :, 0].tolist() == [1, 1, 1, 1, 11, 11, 11, 11]
    assert torch.equal(attention.split_domains(joined), tokens)


def test_rows_are_joined_across_views():
    views, height, width = 3, 2, 4
    tokens = torch.stack(
        torch.meshgrid(
            torch.arange(2 * views), torch.arange(height), torch.arange(width), indexing="ij"
        ),
        dim=-1,
    ).reshape(2 * views, height * width, 3)
    rows = attention.join_rows(tokens, views, height)
    assert rows.shape == (2 * height, views * width, 3)
    assert rows[3, :, 1].unique().tolist() == [1], "one row of the image"
    assert rows[3, :, 0].tolist() == [3] * width + [4] * width + [5] * width, "one set, in order"
    assert torch.equal(attention.split_rows(rows, views, height), tokens)


def test_a_new_block_does_not_mix_views():
    """Multiview attention starts at zero, as it does before the published training."""
    torch.manual_seed(0)
    block = attention.MultiviewTransformerBlock(8, 2, 4, views=6)
    tokens, prompt = torch.randn(12, 4, 8), torch.randn(12, 3, 4)
    changed = tokens.clone()
    changed[1] = torch.randn(4, 8)
    before, after = block(tokens, prompt, 2), block(changed, prompt, 2)
    touched = [i for i in range(12) if difference(before[i], after[i]) > 1e-6]
    assert touched == [1, 7], "the view itself and its other domain"
