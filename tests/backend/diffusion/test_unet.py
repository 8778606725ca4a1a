# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network, against the reference's numbers."""

import hashlib
import json

import pytest
import torch

from era3d.diffusion.attention import split_domains, split_rows
from era3d.diffusion.unet import Era3DUNet
from tests.backend.diffusion.golden import difference, inputs, read, tensors, timestep, unet

CASES = ("unet_regress_small", "unet_ortho_small", "unet_regress_h1280")
CALLS = ("cfg.t981", "cfg.t501", "cfg.t21", "cfg.t1", "nocfg2obj.t501", "nocfg2obj.tmixed")


@pytest.mark.parametrize("case", CASES)
def test_the_weights_are_those_of_the_reference_run(case):
    digest = hashlib.sha256()
    for name, tensor in sorted(unet(case).state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.half().numpy().tobytes())
    assert digest.hexdigest() == read(f"{case}/weights.json")["sha256_of_fp16_weights"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", CASES)
def test_output_is_the_reference_s(case, call):
    wanted = tensors(f"{case}/outputs.safetensors")
    name, time = call.split(".")
    sample, prompts, labels = inputs(name)
    with torch.inference_mode():
        output = unet(case)(sample, timestep(time), prompts, labels)
    assert difference(output.sample, wanted[f"{call}.sample"]) < 5e-5
    if case == "unet_ortho_small":
        assert output.pose is None
    else:
        assert difference(output.pose, wanted[f"{call}.pose"]) < 2e-5


def test_intermediate_results_are_the_reference_s():
    network = unet("unet_regress_small")
    block = network.down_blocks[0].attentions[0].transformer_blocks[0]
    modules = {
        "time_embedding": network.time_embedding,
        "class_embedding": network.class_embedding,
        "camera_embedding": network.camera_embedding,
        "elevation_regressor": network.elevation_regressor,
        "focal_regressor": network.focal_regressor,
        "mid_block": network.mid_block,
        "down0.attn0.block0": block,
        "down0.attn0.block0.attn1": block.attn1,
        "down0.attn0.block0.attn_mv": block.attn_mv,
        "down0.attn0.block0.attn2": block.attn2,
    }
    seen = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
        for name, module in modules.items()
    ]
    sample, prompts, labels = inputs("cfg")
    with torch.inference_mode():
        network(sample, 501, prompts, labels)
    for hook in hooks:
        hook.remove()
    wanted = tensors("unet_regress_small/taps.safetensors")
    assert {f"cfg.t501.{name}" for name in seen} == set(wanted)
    seen["down0.attn0.block0.attn1"] = split_domains(seen["down0.attn0.block0.attn1"])
    seen["down0.attn0.block0.attn_mv"] = split_rows(seen["down0.attn0.block0.attn_mv"], 6, 16)
    for name, value in seen.items():
        value = value[[0, 9, 18]] if name.startswith("down0") else value
        assert difference(value, wanted[f"cfg.t501.{name}"]) < 5e-5, name


@pytest.mark.parametrize("regress", [True, False])
def test_the_released_network_has_the_released_tensors(regress):
    keys = read("full_size_keys.json")
    wanted = dict(keys["regress"])
    config = read("released/unet/config.json")
    if not regress:
        config |= {"regress_elevation": False, "regress_focal_length": False}
        for name in keys["ortho_is_regress_minus"]:
            del wanted[name]
    with torch.device("meta"):
        network = Era3DUNet.from_config(config)
    assert {k: list(v.shape) for k, v in network.state_dict().items()} == wanted
    assert len(wanted) == (838 if regress else 802)


def test_objects_in_one_batch_do_not_meet():
    sample, prompts, labels = inputs("nocfg2obj")
    network = unet("unet_regress_small")
    wanted = tensors("unet_regress_small/outputs.safetensors")["nocfg2obj.t501.sample"]
    for own in (slice(0, 6), slice(6, 12)):
        one = [x.unflatten(0, (2, 12))[:, own].flatten(0, 1) for x in (sample, prompts, labels)]
        with torch.inference_mode():
            output = network(one[0], 501, one[1], one[2])
        assert difference(output.sample, wanted.unflatten(0, (2, 12))[:, own].flatten(0, 1)) < 5e-5


def test_views_in_another_order_come_out_in_that_order():
    """Only the inputs tell views apart, so a permuted batch must give permuted results."""
    order = torch.tensor([0, 1, 2, 3, 5, 4])
    given = [x.unflatten(0, (4, 6))[:, order].flatten(0, 1) for x in inputs("cfg")]
    with torch.inference_mode():
        output = unet("unet_regress_small")(given[0], 501, *given[1:])
    wanted = tensors("unet_regress_small/outputs.safetensors")["cfg.t501.sample"]
    assert difference(output.sample.unflatten(0, (4, 6))[:, order].flatten(0, 1), wanted) < 5e-5
    assert difference(output.sample, wanted) > 0.1


def test_domains_in_the_wrong_order_are_noticed():
    given = [x.unflatten(0, (4, 6))[[0, 2, 1, 3]].flatten(0, 1) for x in inputs("cfg")]
    with torch.inference_mode():
        output = unet("unet_regress_small")(given[0], 501, *given[1:])
    wanted = tensors("unet_regress_small/outputs.safetensors")["cfg.t501.sample"]
    assert difference(output.sample.unflatten(0, (4, 6))[[0, 2, 1, 3]].flatten(0, 1), wanted) > 0.1


def small_unet(**changes):
    torch.manual_seed(0)
    config = {
        "sample_size": 4,
        "in_channels": 10,
        "out_channels": 5,
        "block_out_channels": (8, 16),
        "attention_head_dim": (2, 4),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlockMV2D"),
        "cross_attention_dim": 6,
        "projection_class_embeddings_input_dim": 7,
        "regress_hidden_size": 12,
        "norm_num_groups": 4,
    }
    return Era3DUNet(**(config | changes))


def small_inputs(objects=1):
    torch.manual_seed(1)
    count = 12 * objects
    return torch.randn(count, 10, 4, 4), torch.randn(count, 3, 6), torch.randn(count, 7)


def test_small_networks_of_two_and_three_levels():
    sample, prompts, labels = small_inputs(objects=2)
    three = {"block_out_channels": (8, 8, 16), "attention_head_dim": 2}
    three["down_block_types"] = ("DownBlock2D", *["CrossAttnDownBlockMV2D"] * 2)
    for network in (small_unet(), small_unet(**three)):
        output = network(sample, torch.randint(0, 1000, (24,)), prompts, labels)
        assert output.sample.shape == (24, 5, 4, 4)
        assert output.pose.shape == (2, 2)
    assert not len(small_unet().up_blocks[-1].attentions), "the way up mirrors the way down"


def test_a_configuration_survives_its_file():
    network = small_unet()
    again = Era3DUNet.from_config(json.loads(json.dumps(dict(network.config))))
    shapes = {k: v.shape for k, v in network.state_dict().items()}
    assert {k: v.shape for k, v in again.state_dict().items()} == shapes


def test_training_with_checkpointing_and_autocast():
    sample, prompts, labels = small_inputs()
    times = torch.tensor([900] * 6 + [40] * 6)
    gradients = []
    for checkpointing in (False, True):
        network = small_unet().train()
        if checkpointing:
            network.enable_gradient_checkpointing()
        with torch.autocast("cpu", torch.bfloat16):
            output = network(sample, times, prompts, labels)
        (output.sample.float().square().mean() + output.pose.float().square().mean()).backward()
        assert all(p.grad is not None for p in network.parameters())
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert difference(*gradients) < 1e-6


def test_the_pose_error_does_not_reach_the_trunk():
    network = small_unet()
    network(small_inputs()[0], 5, *small_inputs()[1:]).pose.sum().backward()
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert reached == {"elevation_regressor", "focal_regressor"}


@pytest.mark.parametrize(
    "change",
    [
        {"use_dino": True},
        {"selfattn_block": "self"},
        {"down_block_types": ("DownBlock2D", "os.system")},
        {"up_block_types": ("UpBlock2D",)},
        {"attention_head_dim": (2, 4, 4)},
        {"attention_head_dim": 3},
        {"regress_elevation": False},
    ],
)
def test_a_configuration_that_is_not_built_is_refused(change):
    with pytest.raises(ValueError, match=r"\w"):
        Era3DUNet.from_config(dict(small_unet().config) | change)


def test_batches_and_sizes_that_do_not_fit_are_refused():
    sample, prompts, labels = small_inputs()
    with pytest.raises(ValueError, match="batch of 10"):
        small_unet()(sample[:10], 5, prompts[:10], labels[:10])
    with pytest.raises(ValueError, match="multiples of 2"):
        small_unet()(sample[..., :3], 5, prompts, labels)
