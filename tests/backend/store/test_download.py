# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching from a local hub, with everything that can go wrong on the way."""

import errno
import shutil
import socket
from collections import namedtuple

import pytest

from era3d.diffusion import load_pipeline
from era3d.errors import InputError
from era3d.store import download as download_module
from era3d.store import hub as hub_module
from era3d.store.download import download, remove, verify
from era3d.store.layout import files_in
from era3d.store.models import RELEASED, model_folder, revision
from tests.backend.store.conftest import OTHERS

UNET = "unet/diffusion_pytorch_model.safetensors"


def partials(machine):
    return list(machine.rglob("*.incomplete"))


def ranges(hub, name=UNET):
    return [wanted for method, file, wanted in hub.requests if method == "GET" and file == name]


def test_what_is_needed_is_fetched_and_no_more(hub, machine, released_folder):
    seen = []
    folder = download("6view", lambda step, of: seen.append((step, of)))
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == set(hub.files) - set(OTHERS)
    assert names == set(files_in(folder))
    assert all((folder / n).read_bytes() == (released_folder / n).read_bytes() for n in names)
    assert seen[-1] == (sum(len(hub.files[name]) for name in names),) * 2
    assert seen == sorted(seen)
    assert model_folder("6view") == folder
    assert revision("6view") == revision(released_folder)
    assert verify("6view") == []
    assert not partials(machine)
    assert load_pipeline("6view").prompts.shape == (12, 77, 32)


def test_a_second_download_fetches_nothing(hub):
    download("6view")
    hub.requests.clear()
    seen = []
    download("6view", lambda step, of: seen.append((step, of)))
    assert hub.requests == []
    assert seen[-1][0] == seen[-1][1]


def test_a_cut_connection_is_taken_up_again(hub, machine):
    hub.cut_after[UNET] = [70_000, 0, 50_000]
    seen = []
    folder = download("6view", lambda step, of: seen.append(step))
    assert ranges(hub) == [None, "bytes=70000-", "bytes=70000-", "bytes=120000-"]
    assert (folder / UNET).read_bytes() == hub.files[UNET]
    assert seen == sorted(seen)


def test_a_hub_that_knows_no_ranges_sends_all_again(hub):
    hub.cut_after[UNET] = [70_000]
    hub.ignores_ranges = True
    folder = download("6view")
    assert (folder / UNET).read_bytes() == hub.files[UNET]


def test_a_later_run_goes_on_where_one_gave_up(hub, machine):
    hub.cut_after[UNET] = [70_000, *[0] * (hub_module.RETRIES + 1)]
    with pytest.raises(InputError, match="What came so far is kept"):
        download("6view")
    assert [path.stat().st_size for path in partials(machine)] == [70_000]
    with pytest.raises(InputError, match="era3d models download 6view"):
        model_folder("6view")
    hub.requests.clear()
    folder = download("6view")
    assert ranges(hub) == ["bytes=70000-"]
    assert (folder / UNET).read_bytes() == hub.files[UNET]
    assert not partials(machine)


def test_an_interrupted_download_goes_on(hub, machine):
    def interrupt(step, of):
        if any(path.stat().st_size for path in partials(machine)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("6view", interrupt)
    (part,) = partials(machine)
    came = part.stat().st_size
    assert came
    hub.requests.clear()
    download("6view")
    assert [wanted for _, _, wanted in hub.requests if wanted] == [f"bytes={came}-"]


@pytest.mark.parametrize("name", [UNET, "scheduler/scheduler_config.json"])
def test_wrong_contents_are_thrown_away(hub, machine, name):
    hub.corrupt.add(name)
    with pytest.raises(InputError, match=f"{name} arrived with wrong contents"):
        download("6view")
    assert not partials(machine)
    assert not any(path.as_posix().endswith(name) for path in machine.rglob("*"))
    hub.corrupt.clear()
    assert verify("6view" if download("6view") else "") == []


def test_a_beginning_of_something_else_is_thrown_away(hub, machine):
    file = next(f for f in hub_module.list_files(RELEASED["6view"]) if f.name == UNET)
    part = hub_module.partial(RELEASED["6view"], file)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"y" * (file.size + 10))
    with pytest.raises(InputError, match="wrong contents"):
        download("6view")
    download("6view")


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (404, "RevisionNotFound", "no longer has version 00732de5cb34.*import it"),
        (404, "RepoNotFound", "has no model pengHTYX"),
        (403, "GatedRepo", "accept its terms"),
        (503, "", "answered 503"),
    ],
)
def test_answers_of_the_hub_are_put_into_words(hub, answer, code, message):
    hub.answer, hub.error_code = answer, code
    with pytest.raises(InputError, match=message):
        download("6view")


def test_a_file_that_vanishes_meanwhile_is_told(hub):
    listing = hub.describe()
    hub.describe = lambda: listing
    del hub.files[UNET]
    with pytest.raises(InputError, match="answered 404"):
        download("6view")


def test_a_model_that_lacks_a_file_is_told(hub):
    del hub.files["vae/config.json"]
    with pytest.raises(InputError, match=r"vae/config\.json is missing"):
        download("6view")


def test_without_a_network_it_says_so(machine, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"  # nobody listens
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        with pytest.raises(InputError, match=r"cannot be reached.*models import DIR"):
            download("6view")


@pytest.mark.parametrize("how", ["ERA3D_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_means_offline(hub, monkeypatch, how):
    if how == "ERA3D_OFFLINE":
        monkeypatch.setenv(how, "1")
    else:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="switched off"):
        download("6view")
    assert hub.requests == []


def test_a_disk_that_is_too_small_is_told_before(hub, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(download_module.shutil, "disk_usage", lambda path: usage(9, 9, 2**28 + 9))
    with pytest.raises(InputError, match=r"needs 0\.0 GB and .* free: free some space"):
        download("6view")
    assert hub.requests == []


def test_a_disk_that_fills_is_told_and_nothing_is_lost(hub, machine, monkeypatch):
    def append(model, file, stream):
        stream.write(hub.files[file.name][:5000])
        stream.flush()
        yield 5000
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(hub_module, "_append", append)
        with pytest.raises(InputError, match=r"is full.*HF_HOME"):
            download("6view")
    (part,) = partials(machine)
    assert part.stat().st_size == 5000
    download("6view")
    assert verify("6view") == []


def test_two_downloads_at_once_do_not_mix(hub, machine):
    from filelock import FileLock

    file = next(f for f in hub_module.list_files(RELEASED["6view"]) if f.sha256)
    part = hub_module.partial(RELEASED["6view"], file)
    part.parent.mkdir(parents=True)
    with FileLock(f"{part}.lock"), pytest.raises(InputError, match="by somebody else"):
        hub_module.fetch(RELEASED["6view"], file, lambda count: None)


def test_damage_is_found_and_mended(hub, machine):
    folder = download("6view")
    path = (folder / UNET).resolve()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (folder / "vae/config.json").unlink()
    with pytest.raises(InputError, match=r"vae/config\.json is missing.*download 6view"):
        verify("6view")
    download("6view")
    assert verify("6view") == [UNET]
    download_module.discard("6view", [UNET])
    assert not path.exists()
    download("6view")
    assert verify("6view") == []


def test_a_model_that_another_program_fetched_is_compared_with_the_hub(hub, machine):
    download("6view")
    shutil.rmtree(machine / "home/checksums")
    assert verify("6view") == []


def test_what_is_removed_is_gone(hub, machine):
    download("6view")
    freed = remove("6view")
    assert freed > sum(len(c) for n, c in hub.files.items() if n.endswith("tensors")) / 2
    assert not any(path.is_file() for path in machine.rglob("*.safetensors"))
    with pytest.raises(InputError, match="not on this machine"):
        model_folder("6view")
    assert remove("6view") == 0
    download("6view")


def test_what_cannot_be_removed_is_told(hub, monkeypatch):
    download("6view")
    monkeypatch.setattr("huggingface_hub.DeleteCacheStrategy.execute", lambda self: None)
    with pytest.raises(InputError, match="in use or protected"):
        remove("6view")


def test_an_unfinished_download_can_be_removed(hub, machine):
    hub.cut_after[UNET] = [70_000, *[0] * (hub_module.RETRIES + 1)]
    with pytest.raises(InputError):
        download("6view")
    assert remove("6view") >= 70_000
    assert not partials(machine)


def test_where_there_are_no_links_files_are_kept_once(hub, machine, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda *_: False)
    folder = download("6view")
    assert not (folder / UNET).is_symlink()
    assert (
        sum(path.read_bytes() == hub.files[UNET] for path in machine.rglob("*") if path.is_file())
        == 1
    )
    assert verify("6view") == []
