# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading and saving; nothing broken, foreign or hostile gets through."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from era3d.diffusion import load_pipeline, revision, save_pipeline
from era3d.diffusion.codec import PatchCodec
from era3d.diffusion.conditioning import Preprocessor
from era3d.diffusion.pipeline import Era3DPipeline
from era3d.diffusion.schedules import Presets, Sampling
from era3d.diffusion.unet import Era3DUNet
from era3d.errors import InputError
from tests.backend.diffusion.golden import FOLDER, difference, unet

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def copy(checkpoint, tmp_path):
    """A checkpoint to damage."""
    return shutil.copytree(checkpoint, tmp_path / "copy")


def test_float16_files_become_float32(checkpoint):
    pipeline = load_pipeline(checkpoint)
    assert pipeline.unet.dtype == pipeline.image_encoder.dtype == torch.float32
    loaded = pipeline.unet.state_dict()
    assert all(
        torch.equal(loaded[k], v) for k, v in unet("unet_regress_small").state_dict().items()
    )
    assert not any(p.requires_grad or p.is_meta for p in pipeline.unet.parameters())


def test_a_saved_pipeline_is_the_same_pipeline(checkpoint, tmp_path):
    pipeline = load_pipeline(checkpoint)
    pipeline.presets = Presets.same(Sampling(steps=1, guidance=1.0, eta=0.0))
    save_pipeline(pipeline, tmp_path / "saved")
    again = load_pipeline(tmp_path / "saved")
    assert again.presets == pipeline.presets
    assert again.preprocessor == pipeline.preprocessor
    assert again.scheduler.config["prediction_type"] == "v_prediction"
    for name in ("prompts", "label_codes", "embedding_mean", "embedding_std"):
        assert difference(getattr(again, name), getattr(pipeline, name)) < 1e-2, name
    for name in ("unet", "codec", "image_encoder"):
        saved, loaded = (getattr(p, name).state_dict() for p in (pipeline, again))
        assert saved.keys() == loaded.keys()
        assert all(torch.equal(loaded[key], tensor) for key, tensor in saved.items()), name
    assert "_class_name" not in (tmp_path / "saved/unet/config.json").read_text()


def test_a_small_pipeline_with_patches_and_label_codes(checkpoint, tmp_path):
    """The shape of model that ships with the package."""
    torch.manual_seed(0)
    codec = PatchCodec(4)
    parts = load_pipeline(checkpoint)
    network = Era3DUNet(
        sample_size=8,
        in_channels=codec.channels + codec.condition_channels,
        out_channels=codec.channels,
        block_out_channels=(8, 16),
        attention_head_dim=2,
        layers_per_block=1,
        down_block_types=["CrossAttnDownBlockMV2D"] * 2,
        cross_attention_dim=6,
        projection_class_embeddings_input_dim=32 + 12,
        regress_hidden_size=8,
        norm_num_groups=4,
    )
    pipeline = Era3DPipeline(
        network,
        codec,
        parts.scheduler,
        parts.image_encoder,
        Preprocessor(56, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        parts.embedding_mean,
        parts.embedding_std,
        prompts=torch.randn(12, 2, 6),
        label_codes=torch.eye(12),
        presets=Presets.same(Sampling(steps=2, guidance=1.5, eta=0.0)),
    )
    save_pipeline(pipeline, tmp_path, torch.float32)
    assert not (tmp_path / "vae").exists()
    again = load_pipeline(tmp_path)
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.abs(pipeline(picture).normal - again(picture).normal).max() < 1e-5
    assert again.revision == revision(tmp_path)


def change_tensors(path, change):
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: w.pop("mid_block.attentions.0.norm.bias"),
            "mid_block.attentions.0.norm.bias is missing",
        ),
        (lambda w: w.update(surplus=torch.zeros(1)), "surplus is not part of it"),
        (
            lambda w: w.update({"conv_in.bias": torch.zeros(3)}),
            r"conv_in.bias is \(3,\), not \(32,\)",
        ),
        (lambda w: w.clear() or w.update(a=torch.zeros(1)), "and .* more"),
    ],
)
def test_weights_that_do_not_fit_are_named(copy, change, message):
    change_tensors(copy / UNET, change)
    with pytest.raises(InputError, match=message):
        load_pipeline(copy)


@pytest.mark.parametrize(
    "part", ["vae", "image_encoder", "image_normalizer", "prompt_embeds.safetensors"]
)
def test_every_part_is_read_strictly(copy, part):
    path = copy / part
    path = path if path.is_file() else next(path.glob("*.safetensors"))
    change_tensors(path, lambda w: w.update(surplus=torch.zeros(1)))
    with pytest.raises(InputError, match="surplus"):
        load_pipeline(copy)


@pytest.mark.parametrize(
    "part", ["unet", "vae", "image_encoder", "image_normalizer", "scheduler", "feature_extractor"]
)
def test_missing_and_broken_files_are_named(copy, part):
    config = next((copy / part).glob("*.json"))
    config.write_text("{")
    if part != "image_normalizer":  # whose configuration says nothing that its tensors do not
        with pytest.raises(InputError, match=config.name):
            load_pipeline(copy)
    shutil.rmtree(copy / part)
    with pytest.raises(InputError, match=part):
        load_pipeline(copy)


def test_a_truncated_file_is_named(copy):
    path = copy / UNET
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"diffusion_pytorch_model\.safetensors cannot be read"):
        load_pipeline(copy)


def test_pickled_weights_are_read_as_data(copy):
    path = copy / UNET
    torch.save(load_file(path), path.with_suffix(".bin"))
    path.unlink()
    assert load_pipeline(copy).unet.dtype == torch.float32


class Attack:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code in the checkpoint was run')",))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", ["zip", "plain"])
def test_a_pickle_with_code_is_refused(copy, protocol):
    path = copy / UNET
    path.unlink()
    bad = path.with_suffix(".bin")
    if protocol == "zip":
        torch.save({"conv_in.weight": Attack()}, bad)
    else:
        bad.write_bytes(pickle.dumps({"conv_in.weight": Attack()}))
    with pytest.raises(InputError, match="was not opened"):
        load_pipeline(copy)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("unet/config.json", {"use_dino": True}, "use_dino"),
        ("unet/config.json", {"down_block_types": ["subprocess.Popen"] * 4}, "subprocess.Popen"),
        ("unet/config.json", {"norm_num_groups": 7}, "unet"),
        ("vae/config.json", {"down_block_types": ["AttnDownBlock2D"] * 4}, "autoencoder"),
        ("scheduler/scheduler_config.json", {"beta_schedule": "magic"}, "scheduler_config.json"),
        ("image_encoder/config.json", {"hidden_size": "wide"}, "image_encoder"),
        ("image_encoder/config.json", {"hidden_act": "magic"}, "image_encoder"),
        ("image_encoder/config.json", {"intermediate_size": -1}, "image_encoder"),
        ("unet/config.json", {"cross_attention_dim": -1}, "unet"),
        ("unet/config.json", {"num_views": None}, "unet"),
        ("scheduler/scheduler_config.json", {"trained_betas": []}, "scheduler_config.json"),
        ("feature_extractor/preprocessor_config.json", {"crop_size": {"height": 1}}, "crops"),
        ("sampling.json", {"standard": {"steps": -1}}, "steps"),
        ("codec/config.json", {"type": "magic"}, "unknown codec"),
    ],
)
def test_configurations_that_make_no_sense_are_named(copy, file, change, message):
    path = copy / file
    path.parent.mkdir(exist_ok=True)
    content = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(content | change))
    with pytest.raises(InputError, match=message):
        load_pipeline(copy)


def test_parts_of_different_models_are_refused(copy):
    save_file({"prompt_embeds": torch.zeros(8, 7, 32)}, copy / "prompt_embeds.safetensors")
    with pytest.raises(InputError, match="prompts 8, not 12"):
        load_pipeline(copy)


def test_the_released_scheduler_file_is_understood(copy):
    released = "scheduler/scheduler_config.json"
    shutil.copyfile(FOLDER / "released" / released, copy / released)
    scheduler = load_pipeline(copy).scheduler
    assert scheduler.config["prediction_type"] == "v_prediction"
    scheduler.set_timesteps(40)
    assert scheduler.timesteps[[0, 1, -2, -1]].tolist() == [976, 951, 26, 1]


def test_the_revision_follows_weights_and_settings(copy):
    before = revision(copy)
    assert before == revision(copy)
    (copy / "README.md").write_text("words do not count")
    assert revision(copy) == before
    (copy / "sampling.json").write_text(json.dumps({"steps": 3}))
    after = revision(copy)
    assert after != before
    change_tensors(copy / UNET, lambda w: w["conv_in.bias"].add_(1))
    assert revision(copy) not in (before, after)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_precision_is_as_asked_but_the_codec_s(checkpoint, dtype):
    pipeline = load_pipeline(checkpoint, dtype=dtype)
    assert {p.dtype for p in pipeline.unet.parameters()} == {dtype}
    assert {p.dtype for p in pipeline.image_encoder.parameters()} == {dtype}
    assert {p.dtype for p in pipeline.codec.parameters()} == {torch.float32}


def test_former_names_in_an_autoencoder_are_understood(copy):
    before = load_pipeline(copy).codec.state_dict()
    former = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def rename(weights):
        for now, once in former.items():
            for name in [name for name in weights if f".{now}." in name]:
                weights[name.replace(f".{now}.", f".{once}.")] = weights.pop(name)
        assert any("proj_attn" in name for name in weights)

    change_tensors(copy / "vae/diffusion_pytorch_model.safetensors", rename)
    after = load_pipeline(copy).codec.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_positions_that_old_versions_saved_are_no_surprise(copy):
    path = copy / "image_encoder/model.safetensors"
    name = "vision_model.embeddings.position_ids"
    change_tensors(path, lambda w: w.update({name: torch.arange(17)[None]}))
    load_pipeline(copy)
    change_tensors(path, lambda w: w.update({name: torch.arange(17).flip(0)[None]}))
    with pytest.raises(InputError, match="position_ids is not part of it"):
        load_pipeline(copy)


@pytest.mark.parametrize("kind", [".fp16.safetensors", ".bin", ".fp16.bin"])
def test_other_usual_names_of_weights_are_found(copy, kind):
    for path in list(copy.glob("*/*.safetensors")):
        stem = path.name.removesuffix(".safetensors")
        if kind.endswith(".bin"):
            stem = stem.replace("model", "pytorch_model") if stem == "model" else stem
            torch.save(load_file(path), path.with_name(stem + kind))
            path.unlink()
        else:
            path.rename(path.with_name(stem + kind))
    assert load_pipeline(copy).revision != ""


def test_importing_the_package_does_not_import_torch():
    code = "import sys, era3d.diffusion, era3d.store.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
