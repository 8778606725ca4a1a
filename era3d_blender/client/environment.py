# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the backend's Python is, how to call it, and what it must not inherit from Blender."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What the artist asked for.

    Attributes
    ----------
    picture : Path
    request : Mapping
        Entries of request.json; what is not among them is as the backend has it by default.
    until : str, optional
        The last stage to run.
    """

    picture: Path
    request: Mapping[str, Any] = field(default_factory=dict)
    until: str | None = None

    def entries(self) -> dict[str, Any]:
        """Return the request for a process that runs in another folder."""
        model = Path(self.request.get("model", ""))
        return dict(self.request) | ({"model": str(model.absolute())} if _is_folder(model) else {})


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
    command = [str(python), "-I", "-m", "era3d", "generate", str(wanted.picture.absolute())]
    command += ["--out", str(job.absolute()), "--json"]
    command += ["--until", wanted.until] if wanted.until else []
    for name, value in wanted.entries().items():
        command += _option(name, value)
    return command


def _option(name: str, value: Any) -> list[str]:
    """Return an entry of a request as the backend's command line has it."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, str | int | float):
        return [f"--{option}", str(value)]
    return [] if value is None else [f"--{option}", ",".join(str(each) for each in value)]


def _is_folder(model: Path) -> bool:
    return model != Path() and model.is_dir()


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
    order = {"command": "generate", "job": str(job.absolute()), "request": wanted.entries()}
    order["picture"] = str(wanted.picture.absolute())
    return order | ({"until": wanted.until} if wanted.until else {})


def rebuild_order(
    job: Path,
    stage: str | None = None,
    request: Mapping[str, Any] | None = None,
    until: str | None = None,
) -> dict[str, Any]:
    """Return what tells a worker to run a job again.

    Parameters
    ----------
    job : Path
    stage : str, optional
        Run from here on even if nothing changed; by default what an edit or a setting changed.
    request : Mapping, optional
        Entries of request.json to change first.
    until : str, optional
        The last stage to run.
    """
    order: dict[str, Any] = {"command": "run", "job": str(job.absolute())}
    given = {"from": stage, "request": dict(request or {}), "until": until}
    return order | {name: value for name, value in given.items() if value}


def check_command(python: Path) -> list[str]:
    """Return the command that prints the backend's version and leaves torch alone."""
    return [str(python), "-I", "-c", _ASK_VERSION]
