# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: exit codes, messages, and what the system may do to us meanwhile."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from era3d.cli import main
from era3d.store.models import MINI_FOLDER
from era3d.views import save_views
from tests.backend.sphere import sphere_views

EXAMPLES = Path(__file__).parents[2] / "examples"
ERA3D = [sys.executable, "-m", "era3d"]
SMALL = ["--cells", "64", "--faces", "400", "--texture-size", "128"]


@pytest.fixture
def views(tmp_path):
    save_views(sphere_views(), tmp_path / "sechs Ansichten 'six' 六")
    return tmp_path / "sechs Ansichten 'six' 六"


def test_views_to_mesh_with_a_line_of_json_an_event(views, tmp_path, capfd):
    out = tmp_path / "Stuhl 'rot' \"ä\" 椅子"
    assert main(["generate", "--views", str(views), "--out", str(out), "--json", *SMALL]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    written = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert events == written
    assert [e["stage"] for e in events if e["kind"] == "finished"] == ["mesh", "texture"]
    assert any(e["kind"] == "progress" and e["step"] == e["of"] for e in events)
    assert events[-1]["kind"] == "done"
    assert main(["rebuild", str(out), "--from", "texture"]) == 0
    answer = capfd.readouterr()
    assert answer.out.strip() == str(out / "mesh.glb")
    assert "texture" in answer.err
    assert main(["rebuild", str(out), "--faces", "300", "--until", "mesh"]) == 0
    assert capfd.readouterr().out.strip() == str(out / "surface.ply")


def bad_inputs(folder: Path) -> dict[str, list[str]]:
    """Command lines that must be refused, by a word of the message."""
    (folder / "letter.png").write_text("dear model")
    Image.new("RGBA", (64, 64)).save(folder / "clear.png")
    Image.new("RGB", (64, 64), "red").save(folder / "plain.png")
    Image.new("1", (20_000, 20_000)).save(folder / "huge.png")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    (folder / "file").touch()
    picture = str(EXAMPLES / "armchair.png")
    return {
        "not a picture": [str(folder / "letter.png")],
        "transparent": [str(folder / "clear.png")],
        "No subject": [str(folder / "plain.png")],
        "scale it down": [str(folder / "huge.png")],
        "1x1": [str(folder / "dot.png")],
        "no picture at": [str(folder / "nowhere.png")],
        "There is no model": [picture, "--model", str(folder / "nothing")],
        "steps is 0": [picture, "--steps", "0"],
        "is a file": [picture, "--out", str(folder / "file")],
        "holds no views": ["--views", str(folder)],
        "not a folder of views": ["--views", str(folder / "nothing")],
    }


def test_bad_input_ends_with_code_2_and_one_line(tmp_path, capfd):
    for number, (words, arguments) in enumerate(bad_inputs(tmp_path).items()):
        out = [] if "--out" in arguments else ["--out", str(tmp_path / f"job{number}")]
        assert main(["generate", *arguments, *out]) == 2, words
        message = capfd.readouterr().err.strip().splitlines()[-1]
        assert message.startswith("era3d: "), words
        assert words in message
        assert "Traceback" not in message


def test_rebuild_of_what_is_no_job(tmp_path, capfd):
    assert main(["rebuild", str(tmp_path)]) == 2
    assert "not a job folder" in capfd.readouterr().err


def test_importing_is_quick_and_leaves_torch_alone():
    code = (
        "import time; t = time.process_time(); import era3d, era3d.cli; "
        "s = time.process_time() - t; import sys; "
        "heavy = {'torch', 'diffusers', 'transformers', 'scipy', 'cv2', 'skimage'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); print(s)"
    )
    # Time of the processor: the bound is about us, not about what else the machine does.
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(times) < 0.3


def heed_ctrl_c() -> None:
    """In a new process: a shell's background jobs, of which this may be one, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(arguments: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [*ERA3D, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )


def wait_for(process: subprocess.Popen, events: Path, kind: str, stage: str, offset: int) -> None:
    """Wait until the event stands in the file, past what an earlier run wrote."""
    mark = f'"kind": "{kind}", "stage": "{stage}"'
    deadline = time.monotonic() + 120
    while not (events.is_file() and mark in events.read_text("utf-8")[offset:]):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, f"{stage} never {kind}"
        time.sleep(0.005)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_sigkill_in_each_stage_loses_only_that_stage(tmp_path):
    job = tmp_path / "job"
    events = job / "events.jsonl"
    picture = str(EXAMPLES / "armchair.png")
    arguments = ["generate", picture, "--out", str(job), "--model", str(MINI_FOLDER), *SMALL]
    stages = ["prepare", "views", "mesh", "texture"]
    for stage in stages:
        offset = len(events.read_text("utf-8")) if events.is_file() else 0
        process = start(arguments)
        wait_for(process, events, "started", stage, offset)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    offset = len(events.read_text("utf-8"))
    process = start(arguments)
    assert process.wait() == 0, process.stderr.read()
    lines = [json.loads(line) for line in events.read_text("utf-8")[offset:].splitlines() if line]
    outcome = [(e["stage"], e["kind"]) for e in lines if e["kind"] in ("skipped", "finished")]
    assert outcome == [(s, "skipped") for s in stages[:-1]] + [("texture", "finished")]
    assert not list(job.rglob(".tmp-*"))


def test_no_library_that_catches_every_exception_keeps_a_process_from_ending(monkeypatch):
    def command(options):
        with contextlib.suppress(Exception):  # as imports of something optional do
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("era3d.cli.doctor._doctor", command)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["doctor"]) == 143
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.skipif(os.name == "nt", reason="Windows tells Ctrl-C in another way")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_terminate_have_their_own_codes(views, tmp_path, number, code):
    job = tmp_path / "job"
    process = start(["generate", "--views", str(views), "--out", str(job)])
    wait_for(process, job / "events.jsonl", "started", "mesh", 0)
    process.send_signal(number)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "what is finished is kept" in message
    assert "Traceback" not in message
    last = json.loads((job / "events.jsonl").read_text().splitlines()[-1])
    assert (last["kind"], last["stage"]) == ("cancelled", "mesh")


def mounted(options: str, folder: Path, script: str) -> subprocess.CompletedProcess:
    """Run a shell script with a file system of our own on a folder, in a namespace of our own."""
    mount = f"mount -t tmpfs -o {options} tmpfs '{folder}'"
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{mount} && {script}"],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def disk(tmp_path):
    """A folder to mount on; skips where the system lets nobody mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("unshare") is None or mounted("size=1m", folder, "true").returncode != 0:
        pytest.skip("this system does not let us mount a small disk to fill")
    return folder


def test_a_full_disk_is_said_and_keeps_what_is_done(views, disk):
    command = shlex.join(
        [*ERA3D, "generate", "--views", str(views), "--out", f"{disk}/job", *SMALL]
    )
    full = mounted("size=40k", disk, command)
    assert full.returncode == 2, full.stderr
    assert "the disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    # The same disk, made larger in between, as somebody does who frees some space.
    script = f"{command}; mount -o remount,size=8m '{disk}' && {command} && ls {disk}/job"
    mended = mounted("size=40k", disk, script)
    assert mended.returncode == 0, mended.stderr
    assert "mesh.glb" in mended.stdout


def test_a_read_only_folder_is_said(views, disk):
    command = shlex.join(
        [*ERA3D, "generate", "--views", str(views), "--out", f"{disk}/job", *SMALL]
    )
    answer = mounted("ro", disk, command)
    assert answer.returncode == 2
    assert "read-only" in answer.stderr
    assert "Traceback" not in answer.stderr
