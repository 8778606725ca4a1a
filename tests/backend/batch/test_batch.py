# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of pictures: what counts as one, what fails alone, what is reported."""

import base64
import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import psutil
import pytest
from PIL import Image

from era3d.batch import run as batch
from era3d.batch.pictures import find_pictures, job_folders
from era3d.batch.report import write_report
from era3d.batch.run import Result, run_batch
from era3d.cli import main
from era3d.errors import InputError
from era3d.job import Request


@pytest.fixture
def pictures(tmp_path):
    """A folder with three pictures and things that are none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("b.png", "a.png", "a.JPG"):
        Image.new("RGB", (64, 64), "red").save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").touch()
    (folder / "folder.png").mkdir()
    return folder


def test_pictures_are_found_by_name(pictures):
    assert [path.name for path in find_pictures(pictures)] == ["a.JPG", "a.png", "b.png"]


def test_jobs_of_the_same_name_get_folders_of_their_own(pictures, tmp_path):
    folders = job_folders(find_pictures(pictures), tmp_path)
    assert [path.name for path in folders] == ["a.JPG", "a.png", "b"]


@pytest.mark.parametrize(("name", "words"), [("nowhere", "not a folder"), ("empty", "no pictures")])
def test_nothing_to_do_is_said(tmp_path, name, words):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=words):
        find_pictures(tmp_path / name)


def fake_work(picture: Path, folder: Path, values: dict) -> Result:
    """Stands in for minutes of work; `b` kills its process."""
    if picture.stem == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    return Result(picture, folder, 0, "", 0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_that_dies_takes_nobody_with_it(pictures, tmp_path, monkeypatch, workers):
    monkeypatch.setattr(batch, "work", fake_work)
    found = find_pictures(pictures)
    told = []
    results = run_batch(found, job_folders(found, tmp_path), Request(), workers, told.append)
    assert [result.good for result in results] == [True, True, False]
    assert sorted(each.picture for each in told) == found
    assert "died" in results[2].message


def test_what_was_finished_just_before_a_process_dies_counts(pictures, tmp_path, monkeypatch):
    """On a busy machine we hear of both at once."""
    monkeypatch.setattr(batch, "work", fake_work)
    monkeypatch.setattr(batch, "wait", lambda futures, return_when: wait(futures))
    found = find_pictures(pictures)
    results = run_batch(found, job_folders(found, tmp_path), Request(), 1, lambda _: None)
    assert [result.good for result in results] == [True, True, False]


def test_what_cannot_be_used_fails_alone_with_a_report(pictures, tmp_path, capsys):
    """Plain red pictures show no subject: a real job says so."""
    (pictures / "a.JPG").write_text("a letter")
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="1"):
        main(["batch", str(pictures), "--out", str(out)])
    assert "0 of 3 pictures" in capsys.readouterr().out
    rows = json.loads((out / "report.json").read_text())
    assert [row["code"] for row in rows] == [2, 2, 2]
    assert "not a picture" in rows[0]["message"]
    assert "No subject" in rows[1]["message"]
    with (out / "report.csv").open(newline="") as file:
        assert [row["job"] for row in csv.DictReader(file)] == ["a.JPG", "a.png", "b"]


def test_the_page_shows_pictures_and_escapes_what_it_says(pictures, tmp_path):
    good = Result(pictures / "a.png", tmp_path / "a", 0, "", 2.5)
    bad = Result(pictures / "b.png", tmp_path / "<b>", 1, "Traceback\n<script>alert()</script>", 0)
    (tmp_path / "a/views").mkdir(parents=True)
    Image.new("RGBA", (512, 512)).save(tmp_path / "a/views/color_front.png")
    write_report([good, bad], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "1 of 2 pictures" in page
    assert len(re.findall("<img", page)) == 3
    assert "<script>" not in page
    assert "<b>" not in page


def test_the_page_does_without_pictures_that_are_damaged(pictures, tmp_path):
    """A chunk of a PNG that is none is found only while its pixels are decoded."""
    path = pictures / "a.png"
    Image.effect_noise((64, 64), 50).save(path)
    content = path.read_bytes()
    half = content.index(b"IDAT") + 200
    length = (200 - 4).to_bytes(4, "big")
    start = content.index(b"IDAT") - 4
    path.write_bytes(content[:start] + length + content[start + 4 : half] + b"\0" * 4 + b"\1" * 99)
    write_report([Result(path, tmp_path / "a", 2, "It is damaged.", 0.1)], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "It is damaged." in page
    assert "<img" not in page


def test_the_page_shows_photos_upright_and_leads_to_any_name(pictures, tmp_path):
    path = pictures / "50% off#1?.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (64, 32), "red").save(path, exif=turned)
    (tmp_path / path.stem).mkdir()
    write_report([Result(path, tmp_path / path.stem, 0, "", 0.1)], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert 'href="50%25%20off%231%3F/"' in page
    shown = base64.b64decode(re.search('base64,([^"]+)', page)[1])
    assert Image.open(io.BytesIO(shown)).size == (32, 64)


WAIT = """
import sys, time
from concurrent.futures import wait
from pathlib import Path
from era3d.batch import run as batch
from era3d.job import Request
def work(picture, folder, values):
    while True:
        time.sleep(1.0)
if __name__ == "__main__":
    batch.work = work
    batch.run_batch([Path(sys.argv[1])] * 2, [Path()] * 2, Request(), 2, print)
"""


def runs(process):
    """Whether it has not ended, whoever has yet to ask how it did."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_who_ends_a_batch_ends_its_processes(tmp_path, how):
    """Also where only the batch itself is told, as with `kill`, and no terminal tells the rest."""
    script = tmp_path / "wait.py"
    script.write_text(WAIT)
    process = subprocess.Popen([sys.executable, str(script), "picture"], stderr=subprocess.DEVNULL)
    end, children = time.monotonic() + 60.0, []
    while len(children) < 3 and time.monotonic() < end:  # two that work, and one of Python's own
        time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
    time.sleep(1.0)
    process.send_signal(how)
    family, end = [psutil.Process(process.pid), *children], time.monotonic() + 60.0
    while any(map(runs, family)) and time.monotonic() < end:
        time.sleep(0.05)
    left = list(filter(runs, family))
    process.kill()
    process.wait()
    for child in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    assert len(children) >= 3
    assert not left
