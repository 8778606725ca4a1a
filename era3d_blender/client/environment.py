# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the backend's Python is, how to call it, and what it must not inherit from Blender."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "ERA3D_PYTHON"
_CARRIER = Path(__file__).parents[1] / "carrier"
MISSING = (
    "No backend is set up: press Set Up Backend in Preferences > Add-ons > Era3D, "
    f"or name its Python there or in {VARIABLE}"
)
# What Blender (or the shell it came from) sets for its own Python and its own libraries.
SCRUBBED_PREFIXES = ("PYTHON", "CONDA", "PIP_", "PXR_", "MATERIALX")
SCRUBBED_NAMES = frozenset({"VIRTUAL_ENV", "OCIO", "__PYVENV_LAUNCHER__"})
_ASK_VERSION = (
    "import platform, importlib.metadata as metadata; "
    "print('era3d', metadata.version('era3d'), 'on Python', platform.python_version())"
)


class BackendMissingError(Exception):
    """There is no usable backend; the message is one sentence for the artist."""


@dataclass(frozen=True)
class Generation:
    """What the artist asked for."""

    picture: Path
    model: str = "mini"
    seed: int = 0
    quality: str = "standard"


def find_python(
    preferred: str = "", environ: Mapping[str, str] = os.environ, own: Path | None = None
) -> Path:
    """Return the backend's Python: the preference first, then the variable, then our own.

    Parameters
    ----------
    preferred : str
        Path from the preferences; empty when not set. A folder means the virtual environment.
    environ : Mapping
        Environment to look `ERA3D_PYTHON` up in.
    own : Path, optional
        Python of the environment that the add-on has made.

    Raises
    ------
    BackendMissingError
        When there is none, or what is set is not an executable file.
    """
    chosen, origin = preferred.strip(), "the preferences"
    if not chosen:
        chosen, origin = environ.get(VARIABLE, "").strip(), VARIABLE
    if not chosen and own is not None:
        return own
    if not chosen:
        raise BackendMissingError(MISSING)
    python = _inside_environment(Path(chosen).expanduser())
    if not python.is_file():
        raise BackendMissingError(f"The backend's Python in {origin} does not exist: {python}")
    if not os.access(python, os.X_OK):
        raise BackendMissingError(f"The backend's Python in {origin} cannot be run: {python}")
    # Not resolved: a virtual environment is found by the place of its link to Python.
    return python.absolute()


def _inside_environment(path: Path) -> Path:
    """Return the Python of a virtual environment's folder, or the path itself."""
    if not path.is_dir():
        return path
    windows = path / "Scripts" / "python.exe"
    return windows if windows.is_file() else path / "bin" / "python"


def scrubbed(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment without what would lead another Python astray."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(SCRUBBED_PREFIXES) and name.upper() not in SCRUBBED_NAMES
    }


def generate_command(python: Path, wanted: Generation, job: Path) -> list[str]:
    """Return the command that makes a job folder from a picture; it runs in any folder."""
    model = Path(wanted.model)
    command = [str(python), "-I", "-m", "era3d", "generate", str(wanted.picture.absolute())]
    command += ["--out", str(job.absolute()), "--seed", str(wanted.seed)]
    command += ["--quality", wanted.quality]
    command += ["--model", str(model.absolute()) if model.is_dir() else wanted.model]
    return [*command, "--json"]


@dataclass(frozen=True)
class Launch:
    """How the process that takes orders is started."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


def local_worker(python: Path, environ: Mapping[str, str] = os.environ) -> Launch:
    """Return how to start a worker that computes here."""
    return Launch(tuple(worker_command(python)), scrubbed(environ))


def remote_worker(server: str, token: str, environ: Mapping[str, str] = os.environ) -> Launch:
    """Return how to start one that lets a server compute; the token is on no command line."""
    command = (sys.executable, "-I", str(_CARRIER))
    told = {"ERA3D_SERVER": server, "ERA3D_TOKEN": token}
    return Launch(command, scrubbed(environ) | told)


def is_loopback(url: str) -> bool:
    """Whether an address is on this computer."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return host.rsplit(":", 1)[0].strip("[]") in {"localhost", "127.0.0.1", "::1"}


def worker_command(python: Path) -> list[str]:
    """Return the command that starts the backend's long-lived process."""
    return [str(python), "-I", "-m", "era3d", "worker"]


def generate_order(wanted: Generation, job: Path) -> dict[str, Any]:
    """Return what tells a worker to make a job of a picture."""
    model = Path(wanted.model)
    chosen = str(model.absolute()) if model.is_dir() else wanted.model
    request = {"model": chosen, "seed": wanted.seed, "quality": wanted.quality}
    picture = str(wanted.picture.absolute())
    return {
        "command": "generate",
        "job": str(job.absolute()),
        "picture": picture,
        "request": request,
    }


def rebuild_order(job: Path, stage: str) -> dict[str, Any]:
    """Return what tells a worker to run a job again from a stage on."""
    return {"command": "run", "job": str(job.absolute()), "from": stage}


def check_command(python: Path) -> list[str]:
    """Return the command that prints the backend's version and leaves torch alone."""
    return [str(python), "-I", "-c", _ASK_VERSION]
