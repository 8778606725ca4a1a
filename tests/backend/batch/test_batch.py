# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of pictures: what counts as one, what fails alone, what is reported."""

import csv
import json
import os
import re
import signal
from pathlib import Path

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
