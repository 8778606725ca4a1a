# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python, the packages this software needs, and those that are known to break it."""

import importlib
import importlib.util
import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from era3d.doctor.finding import Finding, ok, problem

REPAIR = "Repair the environment: in Blender in the add-on's preferences, else `make clean demo`."


def look_at_software() -> Iterator[Finding]:
    """Look at Python and packages; imports none but a torchvision that may do harm."""
    yield _python()
    yield _packages()
    if importlib.util.find_spec("torchvision") is not None:
        yield _torchvision()
    version = _version("xformers")
    yield ok("packages", f"xformers {version}" if version else "xformers: absent, and not needed")


def torch_starts() -> Finding | None:
    """Say why PyTorch cannot be used; None if it can."""
    if importlib.util.find_spec("torch") is None:
        return problem("torch", "PyTorch is not installed, so no model can run.", REPAIR)
    try:
        importlib.import_module("torch")
    except Exception as error:
        text = f"PyTorch is installed but does not start: {_first_line(error)}"
        advice = REPAIR
        if sys.platform == "win32" and isinstance(error, OSError):
            advice = f"Install Microsoft's Visual C++ Redistributable. If that is no help: {REPAIR}"
        return problem("torch", text, advice)
    return None


def _python() -> Finding:
    text = f"Python {platform.python_version()} at {sys.executable}"
    if sys.version_info >= (3, 11):  # noqa: UP036
        return ok("python", text)
    return problem("python", f"{text} is too old.", "Use Python 3.11 or later.")


def _packages() -> Finding:
    """Compare what is installed with what our own package asks for."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires("era3d") or ()]
    except metadata.PackageNotFoundError:
        return problem("packages", "era3d itself is not installed as a package.", REPAIR)
    wanted = [each for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    wrong = []
    for each in wanted:
        version = _version(each.name)
        if version is None:
            wrong.append(f"{each.name} is missing")
        elif not each.specifier.contains(version, prereleases=True):
            wrong.append(f"{each.name} is {version}, not {each.specifier}")
    if wrong:
        return problem("packages", "; ".join(wrong) + ".", REPAIR)
    return ok("packages", f"all {len(wanted)} packages are there in versions that fit")


def _torchvision() -> Finding:
    """Say whether torchvision, which nothing here needs, was made for another PyTorch."""
    version = _version("torchvision")
    try:
        importlib.import_module("torchvision")
    except Exception as error:
        return problem(
            "packages",
            f"torchvision {version} does not fit this PyTorch ({_first_line(error)}), and with it "
            "there transformers fails too.",
            f"Remove it, nothing here needs it: `{sys.executable} -m pip uninstall torchvision`.",
        )
    return ok("packages", f"torchvision {version}, which is not needed")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
