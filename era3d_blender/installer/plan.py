# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installer is asked to make; the add-on writes it, the installer's process reads it."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

STAGES = ("tool", "environment", "packages", "torch", "backend", "check")
READY = "ready.json"


@dataclass(frozen=True)
class Plan:
    """One environment for the backend.

    Attributes
    ----------
    root : str
        Folder of all environments.
    wheel, requirements : str
        The backend's wheel, and its hash-pinned requirements without torch.
    torch : str
        Requirement, as in ``torch==2.13.0``.
    build : str
        Build of torch as uv names them: auto, cpu, cu130, rocm7.1, xpu and so on.
    python : str
        Interpreter to build on; empty: found.
    wheels : str
        Folder of wheels to install from without a network; empty: from the package index.
    """

    root: str
    wheel: str
    requirements: str
    torch: str
    build: str = "auto"
    python: str = ""
    wheels: str = ""

    @property
    def key(self) -> str:
        """Name of the environment: another lock or another backend is another environment."""
        files = [Path(self.wheel), Path(self.requirements)]
        digests = [_digest(file, file.stat().st_mtime_ns) for file in files]
        return hashlib.sha256(repr((self.torch, self.build, digests)).encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """The environment's folder; it is good once it holds `READY`."""
        return Path(self.root) / self.key

    def save(self, path: Path) -> None:
        """Write the plan for the installer's process."""
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan."""
        return cls(**json.loads(path.read_text("utf-8")))


@functools.cache
def _digest(file: Path, modified: int) -> str:
    """Return the SHA-256 of a file; kept, since the preferences ask at every drawing."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def installed_python(plan: Plan) -> Path | None:
    """Return the interpreter of the plan's environment, or None while there is no good one."""
    try:
        ready = json.loads((plan.folder / READY).read_text("utf-8"))
        python = python_of(plan.folder / ready["environment"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return python if python.is_file() else None


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    windows = environment / "Scripts" / "python.exe"
    return windows if windows.exists() else environment / "bin" / "python"
