# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of `era3d serve` that cannot be are refused before anything starts."""

import sys

import pytest

from era3d.cli import main


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0"], "positive"),
        (["--keep-hours", "-1"], "positive"),
        (["--certificate", "none.pem"], "needs both"),
        (["--certificate", "none.pem", "--key", "none.pem"], "no file none.pem"),
        (["--host", "192.0.2.1"], "--new-token"),
    ],
)
def test_bad_options_end_with_a_sentence(tmp_path, capsys, options, words):
    assert main(["serve", "--folder", str(tmp_path / "jobs"), *options]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "jobs").exists()


def test_a_short_token_is_refused_and_not_repeated(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ERA3D_TOKEN", "hunter2")
    assert main(["serve", "--folder", str(tmp_path / "jobs")]) == 2
    told = capsys.readouterr().err
    assert "24 characters" in told
    assert "hunter2" not in told


def test_a_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "era3d.serve.listen", raising=False)
    monkeypatch.delitem(sys.modules, "era3d.serve.http", raising=False)
    assert main(["serve"]) == 2
    assert "extra serve" in capsys.readouterr().err
