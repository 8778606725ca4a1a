# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both released checkpoints at full size, through the loader, in files that are all holes."""

import json
import shutil

import pytest
import torch
from accelerate import init_empty_weights
from safetensors.torch import save_file

from benchmarks.full_size import CONFIGS, autoencoder, config_of, image_encoder
from era3d.diffusion import checkpoint, load_pipeline
from era3d.diffusion.checkpoint import _load_unet as load_unet
from era3d.errors import InputError
from tests.backend.diffusion.golden import read

UNET = "diffusion_pytorch_model.safetensors"


def write_holes(path, shapes):
    """Write a safetensors file of float16 zeros that take no room on the disk."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * torch.Size(shape).numel()
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)


def unet_shapes(regress):
    """The tensors of the released networks, as they were listed from the published code."""
    keys = read("full_size_keys.json")
    less = () if regress else keys["ortho_is_regress_minus"]
    return {name: shape for name, shape in keys["regress"].items() if name not in less}


def shapes_of(make):
    with init_empty_weights():
        return {name: tensor.shape for name, tensor in make().state_dict().items()}


@pytest.fixture(scope="module", params=["6view", "ortho"])
def folder(request, tmp_path_factory):
    """A released checkpoint of holes; do not change it."""
    regress = request.param == "6view"
    folder = tmp_path_factory.mktemp("released") / request.param
    unet = config_of("unet")
    if not regress:
        unet |= {"regress_elevation": False, "regress_focal_length": False}
    parts = {
        "unet": (unet, "diffusion_pytorch_model", unet_shapes(regress)),
        "vae": (config_of("vae"), "diffusion_pytorch_model", shapes_of(autoencoder)),
        "image_encoder": (config_of("image_encoder"), "model", shapes_of(image_encoder)),
    }
    for part, (config, stem, shapes) in parts.items():
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text(json.dumps(config))
        write_holes(folder / part / f"{stem}.safetensors", shapes)
    (folder / "image_normalizer").mkdir()
    statistics = {"mean": torch.zeros(1, 1024), "std": torch.ones(1, 1024)}
    save_file(statistics, folder / "image_normalizer/diffusion_pytorch_model.safetensors")
    (folder / "scheduler").mkdir()
    name = "scheduler/scheduler_config.json"
    shutil.copyfile(CONFIGS / name, folder / name)
    (folder / "feature_extractor").mkdir()
    about = {"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}}
    about |= {"image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    (folder / "feature_extractor/preprocessor_config.json").write_text(json.dumps(about))
    save_file({"prompt_embeds": torch.zeros(12, 77, 1024)}, folder / "prompt_embeds.safetensors")
    return folder


@pytest.fixture(autouse=True)
def unhashed(monkeypatch):
    """Hashing four gigabytes of nothing takes seconds."""
    monkeypatch.setattr(checkpoint, "revision", lambda folder: "holes")


def test_each_tensor_of_a_released_checkpoint_has_its_place(folder):
    pipeline = load_pipeline(folder, dtype=torch.float16)
    counts = [
        (len(list(part.parameters())), sum(p.numel() for p in part.parameters()))
        for part in (pipeline.unet, pipeline.image_encoder, pipeline.codec)
    ]
    regress = folder.name == "6view"
    assert counts[0] == ((838, 947_664_646) if regress else (802, 919_783_684))
    assert counts[1:] == [(520, 632_076_800), (248, 83_653_863)]
    assert pipeline.image_size == 512
    assert {p.dtype for p in pipeline.unet.parameters()} == {torch.float16}


@pytest.mark.parametrize("damage", ["missing", "extra", "shape"])
def test_one_wrong_tensor_among_all_is_named(folder, tmp_path, damage):
    shutil.copy(folder / "unet/config.json", tmp_path)
    shapes = unet_shapes(folder.name == "6view")
    name = "up_blocks.3.attentions.2.transformer_blocks.0.attn_mv.to_q.weight"
    if damage == "missing":
        del shapes[name]
    elif damage == "extra":
        shapes[f"{name}.more"] = [1]
    else:
        shapes[name] = [320, 321]
    write_holes(tmp_path / UNET, shapes)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        load_unet(tmp_path, torch.float16)


def test_the_network_of_one_with_the_settings_of_the_other_is_refused(folder, tmp_path):
    (tmp_path / UNET).symlink_to(folder / "unet" / UNET)
    config = json.loads((folder / "unet/config.json").read_text())
    turned = not config["regress_elevation"]
    config |= {"regress_elevation": turned, "regress_focal_length": turned}
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = "is missing" if turned else "is not part of it"
    with pytest.raises(InputError, match=f"(camera_embedding|_regressor).* {words} and 33 more"):
        load_unet(tmp_path, torch.float16)
