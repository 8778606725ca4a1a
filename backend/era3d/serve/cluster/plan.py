# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many replicas each stage has, and what each of them takes of the cluster."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from era3d.errors import InputError
from era3d.stages import ALL_STAGES, STAGES

ON_GPUS = frozenset({"views"})
"""Stages that compute on a GPU where there is one."""

_ENTRY = re.compile(r"([a-z]+)=([0-9]{1,4})(?::([0-9]{1,4}))?")


@dataclass(frozen=True)
class Share:
    """What a stage gets.

    Attributes
    ----------
    least, most : int
        Replicas that are always there, and that there may be when many jobs wait.
    cpus, gpus : float
        Of a replica.
    """

    least: int
    most: int
    cpus: float
    gpus: float


def read_replicas(given: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Read ``STAGE=LEAST[:MOST]``; where only one number is given, that many there are.

    Raises
    ------
    InputError
        If something else stands there.
    """
    found: dict[str, tuple[int, int]] = {}
    names = [stage.name for stage in ALL_STAGES]
    for text in given:
        match = _ENTRY.fullmatch(text)
        if match is None or match[1] not in names:
            raise InputError(f"{text} is not STAGE=LEAST:MOST with one of {', '.join(names)}.")
        least = int(match[2])
        most = int(match[3] or least)
        if not 1 <= least <= most:
            raise InputError(f"{text}: a stage needs one replica or more, and most after least.")
        found[match[1]] = (least, most)
    return found


def shares(wanted: Mapping[str, tuple[int, int]], cpus: float, gpus: float) -> dict[str, Share]:
    """Divide a cluster among the stages.

    Where nothing is wanted, a stage has one replica, and as many as the cluster has GPUs or, for
    what computes on CPUs, cores when jobs wait. What is not a stage of every job has one only then.
    On a machine with fewer cores than stages, these share them.

    Raises
    ------
    InputError
        If more replicas are wanted on GPUs than there are.
    """
    counts = {}
    for stage in ALL_STAGES:
        on_gpu = stage.name in ON_GPUS and gpus >= 1
        most = max(1, int(gpus if on_gpu else cpus))
        counts[stage.name] = wanted.get(stage.name, (1 if stage in STAGES else 0, most))
        if on_gpu and counts[stage.name][0] > gpus:
            raise InputError(f"There are {gpus:g} GPUs for {counts[stage.name][0]} replicas.")
    at_once = sum(max(least, 1) for least, _ in counts.values())
    each = min(1.0, int(100 * cpus / at_once) / 100)
    return {
        name: Share(least, most, each, float(name in ON_GPUS and gpus >= 1))
        for name, (least, most) in counts.items()
    }
