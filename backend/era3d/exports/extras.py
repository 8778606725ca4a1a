# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries that not everybody needs: asked for by name when they are missing."""

import signal
import threading
from importlib import import_module
from typing import Any

from era3d.errors import InputError


def need(module: str, extra: str, purpose: str) -> Any:
    """Import a library of an optional extra.

    Raises
    ------
    InputError
        If it is not installed; says what to install.
    """
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        return import_module(module)
    except ImportError:
        library = {"pxr": "usd-core"}.get(module, module)
        raise InputError(f"{purpose} needs {library}: pip install 'era3d[{extra}]'.") from None
    finally:
        # pycolmap takes the signal for itself, and would die of it with a dump of its stack.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminate)
