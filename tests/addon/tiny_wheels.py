# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels of a few bytes, so that real environments can be made in a moment."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

WORKS = "import json; print(json.dumps({'ok': True}))"


def wheel(folder: Path, name: str, main: str = "") -> Path:
    """Write a wheel that holds one empty module, and what `python -m` runs."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {f"{name}/__init__.py": "", f"{name}/__main__.py": main}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = []
    for file, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        record.append(f"{file},sha256={digest.rstrip('=')},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(path, "w") as packed:
        for file, text in files.items():
            packed.writestr(file, text)
    return path


def shipped(folder: Path, wheels: Path) -> None:
    """Write what lies in the zip into one folder, and what it needs into another."""
    wheels.mkdir()
    folder.mkdir()
    tiny = wheel(wheels, "tiny")
    wheel(wheels, "torch")
    wheel(folder, "era3d", WORKS)
    digest = hashlib.sha256(tiny.read_bytes()).hexdigest()
    (folder / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    (folder / "torch-version.txt").write_text("1.0\n")
