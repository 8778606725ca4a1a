# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that falls into independent parts, on two cores at once."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# More parts at once would hold more memory than small machines have.
_AT_ONCE = min(2, os.cpu_count() or 1)


def each(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """Results of a function for each item, in order, whatever the number of cores.

    Threads suffice: torch and numpy let go of the interpreter while they work. Each part is done
    by one thread, so that it comes to the same on any machine, and as the parts share all cores,
    none has to wait for another's.
    """
    if _AT_ONCE == 1:
        return [work(item) for item in items]
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(_AT_ONCE, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(work, items))
    finally:
        torch.set_num_threads(before)
        _release_memory()


def both(one: Callable[[], _Item], other: Callable[[], _Result]) -> tuple[_Item, _Result]:
    """What two functions give that need nothing of each other."""
    work: tuple[Callable[[], Any], ...] = (one, other)
    first, second = each(lambda part: part(), work)
    return first, second


def _release_memory() -> None:
    """Let go of what finished threads have freed, which the GNU C library keeps for other threads:
    a fifth of all memory, after the larger parts.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
