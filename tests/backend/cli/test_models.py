# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d models``: what it asks, says and leaves behind."""

import contextlib
import io
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from era3d.cli import main
from era3d.store import consent
from tests.backend.store.conftest import hub, machine, released_folder  # noqa: F401
from tests.backend.test_cli import heed_ctrl_c

ERA3D = [sys.executable, "-m", "era3d"]
UNET = "unet/diffusion_pytorch_model.safetensors"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(capfd, *arguments):
    """Return exit code, standard output and the last line of standard error."""
    code = main(["models", *arguments])
    said = capfd.readouterr()
    return code, said.out, (said.err.strip().splitlines() or [""])[-1]


@pytest.fixture
def copy(released_folder, machine, tmp_path):  # noqa: F811
    """A checkpoint to damage, on a machine with nothing on it."""
    return shutil.copytree(released_folder, tmp_path / "my model")


def test_the_licence_is_shown_and_asked_about_once(hub, capfd, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert main(["models", "download", "6view"]) == 2
    said = capfd.readouterr().err
    assert all(words in said for words in ("AGPL-3.0", "Apache-2.0", "research only"))
    assert "Nothing was done" in said
    assert hub.requests == []
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    code, out, _ = run(capfd, "download", "6view")
    assert code == 0
    assert out.strip().endswith(hub.commit)
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    assert run(capfd, "download", "6view")[0] == 0
    monkeypatch.setattr(consent, "NOTICE", "other words")
    assert run(capfd, "download", "6view")[0] == 2


def test_scripts_must_say_yes(hub, capfd, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, said = run(capfd, "download", "6view")
    assert (code, hub.requests) == (2, [])
    assert "give --yes" in said
    assert run(capfd, "download", "6view", "--yes")[0] == 0


def test_events_for_a_program(hub, capfd):  # noqa: F811
    code, out, _ = run(capfd, "download", "6view", "--yes", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    steps = [event["step"] for event in events if event.get("stage") == "download"]
    assert steps == sorted(steps)
    assert len(steps) > 3
    assert events[-1]["kind"] == "done"
    code, out, _ = run(capfd, "verify", "6view", "--json")
    assert json.loads(out.splitlines()[-1])["kind"] == "done"


def test_the_list(hub, capfd):  # noqa: F811
    def states():
        listed = json.loads(run(capfd, "list", "--json")[1])
        return {model["name"]: model["state"] for model in listed["models"]}, listed["licence"]

    before, licence = states()
    assert before == {"mini": "ready", "6view": "absent", "ortho": "absent"}
    assert licence == {"notice": consent.NOTICE, "agreed": False}
    run(capfd, "download", "6view", "--yes")
    after, licence = states()
    assert after["6view"] == "ready"
    assert licence["agreed"]
    _, out, _ = run(capfd, "list")
    row = next(line for line in out.splitlines() if line.startswith("6view"))
    assert "ready" in row
    assert "pengHTYX/MacLab-Era3D-512-6view@00732de5cb34" in row
    assert "AGPL-3.0" in row


def test_damage_is_told_and_mended(hub, machine, capfd):  # noqa: F811
    run(capfd, "download", "6view", "--yes")
    (path,) = machine.rglob(f"snapshots/*/{UNET}")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    code, _, said = run(capfd, "verify", "6view")
    assert code == 2
    assert f"{UNET}; they were deleted; run `era3d models download 6view`" in said
    assert run(capfd, "download", "6view")[0] == 0
    assert run(capfd, "verify", "6view")[0] == 0


def test_removing_asks(hub, machine, capfd, monkeypatch):  # noqa: F811
    run(capfd, "download", "6view", "--yes")
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert run(capfd, "remove", "6view")[0] == 2
    assert run(capfd, "verify", "6view")[0] == 0
    code, out, _ = run(capfd, "remove", "6view", "--yes")
    assert code == 0
    assert "freed" in out
    code, _, said = run(capfd, "verify", "6view")
    assert code == 2
    assert "not on this machine" in said


def test_an_imported_folder_has_a_name(copy, capfd):
    code, _, said = run(capfd, "import", str(copy))
    assert code == 2
    assert "give another with --name" in said
    code, out, _ = run(capfd, "import", str(copy), "--name", "mine")
    assert code == 0
    assert out.splitlines()[-1] == str(copy)
    listed = json.loads(run(capfd, "list", "--json")[1])["models"]
    assert listed[-1] | {"size": 0} == {
        "name": "mine",
        "state": "ready",
        "source": str(copy),
        "folder": str(copy),
        "size": 0,
        "licence": "unknown",
    }
    assert run(capfd, "verify", "mine")[0] == 0
    (copy / UNET).write_bytes((copy / UNET).read_bytes()[:-1] + b"?")
    code, _, said = run(capfd, "verify", "mine")
    assert code == 2
    assert said.endswith(f"{UNET}; restore them.")
    assert (copy / UNET).is_file()
    code, out, _ = run(capfd, "remove", "mine")
    assert code == 0
    assert f"its files stay in {copy}" in out
    assert (copy / UNET).is_file()


def test_an_imported_folder_can_be_a_released_model(copy, capfd):
    assert run(capfd, "import", str(copy), "--name", "6view")[0] == 0
    assert run(capfd, "verify", "6view")[0] == 0
    shutil.rmtree(copy)
    assert "was imported from" in run(capfd, "verify", "6view")[2]
    listed = json.loads(run(capfd, "list", "--json")[1])["models"]
    assert {model["name"]: model["state"] for model in listed}["6view"] == "gone"
    assert run(capfd, "remove", "6view")[0] == 0


def test_importing_encodes_the_prompts(copy, machine, capfd):  # noqa: F811
    assert run(capfd, "import", str(copy), "--name", "mine")[0] == 0
    assert len(list((machine / "home/cache/prompts").iterdir())) == 1


class Attack:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code in the checkpoint was run')",))


def damages(folder):
    """What is wrong with a folder, by words of the message."""
    bad = folder / "unet/diffusion_pytorch_model.bin"
    return {
        "unet/diffusion_pytorch_model.safetensors is missing": (folder / UNET).unlink,
        "can run code": lambda: (
            (folder / UNET).unlink(),
            bad.write_bytes(pickle.dumps({"conv_in.weight": Attack()})),
        ),
        "cannot be read": lambda: (folder / UNET).write_bytes((folder / UNET).read_bytes()[:5000]),
        "There is no complete model": lambda: (shutil.rmtree(folder), folder.mkdir()),
        "is not a folder": lambda: shutil.rmtree(folder),
    }


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "words",
    [
        "unet/diffusion_pytorch_model.safetensors is missing",
        "can run code",
        "cannot be read",
        "There is no complete model",
        "is not a folder",
    ],
)
def test_what_is_no_checkpoint_is_not_imported(copy, capfd, words):
    damages(copy)[words]()
    code, _, said = run(capfd, "import", str(copy), "--name", "mine")
    assert code == 2
    assert words in said
    assert len(json.loads(run(capfd, "list", "--json")[1])["models"]) == 3


@pytest.mark.parametrize("name", ["verify", "remove"])
def test_unknown_models_are_named(machine, capfd, name):  # noqa: F811
    code, _, said = run(capfd, name, "nothing", *["--yes"][: name == "remove"])
    assert code == 2
    assert "nothing" in said


def test_listing_and_asking_the_hub_need_no_pytorch(machine):  # noqa: F811
    code = (
        "import sys; from era3d.cli import main; main(['models', 'list']);"
        "import era3d.store.download; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_whole_way_in_a_process_of_its_own(hub, machine):  # noqa: F811
    """The library reads its settings when it starts, so this is what a user's machine does."""
    from huggingface_hub import constants

    own = {"HF_ENDPOINT": constants.ENDPOINT, "HF_HUB_CACHE": str(machine / "hub")}
    done = subprocess.run(
        [*ERA3D, "models", "download", "6view", "--yes"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(hub.commit)
    assert all("[transformers]" not in line for line in done.stderr.splitlines())


def sizes_of_parts(folder: Path) -> list[int]:
    """Of the files that are not whole yet; none while one of them becomes whole."""
    with contextlib.suppress(FileNotFoundError):
        return [part.stat().st_size for part in folder.rglob("*.incomplete")]
    return []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_download_that_is_stopped_goes_on_later(hub, machine, capfd, number, code):  # noqa: F811
    from huggingface_hub import constants

    hub.stall_after[UNET] = 70_000
    own = {"HF_ENDPOINT": constants.ENDPOINT, "HF_HUB_CACHE": str(machine / "hub")}
    command = [*ERA3D, "models", "download", "6view", "--yes", "--json"]
    with subprocess.Popen(
        command,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    ) as child:
        assert hub.stalled.wait(60)
        end = time.monotonic() + 60
        while sizes_of_parts(machine) != [70_000]:
            assert time.monotonic() < end
            time.sleep(0.02)
        child.send_signal(number)
        assert child.wait(60) == code
    (part,) = machine.rglob("*.incomplete")
    assert part.stat().st_size == 70_000
    assert run(capfd, "download", "6view")[0] == 0
    assert ("GET", UNET, "bytes=70000-") in hub.requests
