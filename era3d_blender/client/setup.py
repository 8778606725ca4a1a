# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's environment: what came in the zip, a plan for it, what is there, its removal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..installer.plan import READY, STAGES, Plan, installed_python
from .environment import BackendMissingError, scrubbed
from .supervisor import Supervisor

# In the zip: the backend's wheel, its requirements and the version of PyTorch.
SHIPPED = Path(__file__).parents[1] / "backend"
_INSTALLER = Path(__file__).parents[1] / "installer"


@dataclass(frozen=True)
class Installed:
    """An environment that is good."""

    python: Path
    megabytes: int


def plan(root: Path, build: str = "auto", wheels: str = "") -> Plan:
    """Return the plan of the environment that this add-on needs.

    Parameters
    ----------
    root : Path
        Folder of all environments.
    build, wheels : str
        As in `Plan`.

    Raises
    ------
    BackendMissingError
        When the add-on runs from its sources and nothing came with it.
    """
    found = sorted(SHIPPED.glob("era3d-*.whl"))
    if not found:
        raise BackendMissingError("This copy of the add-on has no backend inside; install its zip")
    torch = "torch==" + (SHIPPED / "torch-version.txt").read_text("utf-8").strip()
    requirements = str(SHIPPED / "requirements.txt")
    return Plan(str(root), str(found[-1]), requirements, torch, build, wheels=wheels)


def installed(wanted: Plan) -> Installed | None:
    """Return the environment of a plan, or None while there is no good one."""
    python = installed_python(wanted)
    if python is None:
        return None
    ready = json.loads((wanted.folder / READY).read_text("utf-8"))
    return Installed(python, int(ready.get("megabytes", 0)))


def installation(wanted: Plan, environ: Mapping[str, str]) -> Supervisor:
    """Return the installer's process, ready to start, followed as a job is."""
    wanted.folder.mkdir(parents=True, exist_ok=True)
    file = wanted.folder / "plan.json"
    wanted.save(file)
    # pip's own settings stay: behind a company's mirror nothing can be had without them.
    kept = {name: value for name, value in environ.items() if name.upper().startswith("PIP_")}
    command = [sys.executable, "-I", str(_INSTALLER), str(file)]
    return Supervisor(command, wanted.folder, scrubbed(environ) | kept, stage_names=STAGES)


def remove(root: Path) -> None:
    """Remove every environment, and the tool that made them."""
    shutil.rmtree(root, ignore_errors=True)
