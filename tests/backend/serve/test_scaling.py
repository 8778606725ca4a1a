# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation against what queueing theory knows exactly."""

import math
import random

import pytest

from benchmarks.scaling import Cluster, simulate


def waits(cluster, rate, service, jobs=60_000):
    seen = simulate(cluster, rate, jobs)
    return sum(seen.seconds) / len(seen.seconds) - service


def test_equal_jobs_wait_at_one_gpu_as_pollaczek_and_khinchine_say():
    cluster = Cluster(1, 1, [("gpus", lambda: 1.0)])
    load = 0.7
    assert waits(cluster, load, 1.0) == pytest.approx(load / (2 * (1 - load)), rel=0.05)


def test_random_jobs_wait_at_many_gpus_as_erlang_says():
    luck, gpus, load = random.Random(2), 8, 0.8
    cluster = Cluster(gpus, 1, [("gpus", lambda: luck.expovariate(1.0))])
    offered = gpus * load
    last = offered**gpus / math.factorial(gpus) / (1 - load)
    waiting = last / (sum(offered**n / math.factorial(n) for n in range(gpus)) + last)
    assert waits(cluster, offered, 1.0) == pytest.approx(waiting / (gpus - offered), rel=0.1)


def test_the_busiest_pool_bounds_what_is_carried():
    route = [("server", lambda: 0.1), ("gpus", lambda: 2.0), ("cores", lambda: 9.0)]
    assert Cluster(4, 64, route).capacity() == pytest.approx(2.0)
    assert Cluster(64, 64, route).capacity() == pytest.approx(64 / 9.0)
    assert Cluster(64, 999, route).capacity() == pytest.approx(10.0)
    busy = simulate(Cluster(4, 64, route), 1.0, 3000).busy
    assert busy["gpus"] == pytest.approx(0.5, abs=0.05)
