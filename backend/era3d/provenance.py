# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What made a result: versions, and how much memory it took."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("era3d", "torch", "diffusers", "transformers", "numpy", "scipy", "scikit-image")


def versions() -> dict[str, str]:
    """Versions of ourselves, Python and the libraries that results depend on."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_memory_mb() -> float | None:
    """Most memory this process has held so far, in MiB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
