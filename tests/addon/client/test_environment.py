# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the backend and what it inherits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from era3d_blender.client.environment import (
    BackendMissingError,
    Generation,
    check_command,
    find_python,
    generate_command,
    generate_order,
    rebuild_order,
    scrubbed,
    worker_command,
)


def test_preference_comes_before_the_variable(tmp_path):
    assert find_python(sys.executable, {"ERA3D_PYTHON": str(tmp_path)}) == Path(sys.executable)
    assert find_python(" ", {"ERA3D_PYTHON": sys.executable}) == Path(sys.executable)


def test_a_folder_is_a_virtual_environment(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    assert find_python(str(tmp_path), {}) == tmp_path / "bin/python"  # the link is not followed


@pytest.mark.parametrize(
    ("preferred", "environ", "words"),
    [
        ("", {}, "ERA3D_PYTHON"),
        ("/nowhere/python", {}, "preferences does not exist: /nowhere/python"),
        ("", {"ERA3D_PYTHON": "/nowhere/python"}, "ERA3D_PYTHON does not exist"),
        (__file__, {}, "cannot be run"),
    ],
)
def test_no_backend_is_one_clear_sentence(preferred, environ, words):
    with pytest.raises(BackendMissingError, match=words) as caught:
        find_python(preferred, environ)
    assert "\n" not in str(caught.value)


def test_blenders_own_variables_stay_behind():
    leaking = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_INDEX_URL")
    leaking += ("PXR_MTLX_STDLIB_SEARCH_PATHS", "MATERIALX_SEARCH_PATH", "OCIO")
    environ = dict.fromkeys(leaking, "x") | {"PATH": "/bin", "HOME": "/root", "CUDA_HOME": "/c"}
    assert scrubbed(environ) == {"PATH": "/bin", "HOME": "/root", "CUDA_HOME": "/c"}


def test_commands_are_the_backends_own():
    request = {"model": "ortho", "seed": 4, "view_weights": (1.0, 0.5), "refine": False}
    wanted = Generation(Path("/a b/cat.png"), request | {"symmetric": True, "steps": None}, "views")
    start = ["/py", "-I", "-m", "era3d"]
    options = ["--out", "/job", "--json", "--until", "views", "--model", "ortho", "--seed", "4"]
    options += ["--view-weights", "1.0,0.5", "--no-refine", "--symmetric"]
    assert generate_command(Path("/py"), wanted, Path("/job")) == (
        [*start, "generate", "/a b/cat.png", *options]
    )
    assert worker_command(Path("/py")) == [*start, "worker"]


def test_orders_name_whole_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    wanted = Generation(Path("cat.png"), {"model": "weights", "seed": 4}, "prepare")
    assert generate_order(wanted, Path("job")) == {
        "command": "generate",
        "job": str(tmp_path / "job"),
        "picture": str(tmp_path / "cat.png"),
        "request": {"model": str(tmp_path / "weights"), "seed": 4},
        "until": "prepare",
    }
    run = {"command": "run", "job": str(tmp_path / "job")}
    assert rebuild_order(Path("job"), "texture") == run | {"from": "texture"}
    assert rebuild_order(Path("job"), request={"faces": 900}) == run | {"request": {"faces": 900}}


def test_a_picture_named_like_an_option_is_still_a_picture():
    command = generate_command(Path("/py"), Generation(Path("--version")), Path("/job"))
    assert not any(part == "--version" for part in command)


def test_check_tells_the_version_or_fails(tmp_path):
    answer = subprocess.run(
        check_command(Path(sys.executable)), capture_output=True, text=True, env=scrubbed()
    )
    assert answer.stdout.startswith("era3d ") or "era3d" in answer.stderr
