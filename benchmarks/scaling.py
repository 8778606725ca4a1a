# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 1, 8 and 64 GPUs carry, where it breaks, and what an asset costs: a simulation.

Jobs arrive at random (Poisson) and pass a server, then cores and GPUs stage by stage, each with a
queue in the order of arrival. The stages' times on cores are measured here, on example pictures;
that of the views on a GPU is reckoned from counted arithmetic and is an assumption.
"""

import argparse
import heapq
import itertools
import json
import math
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.chart import draw_panels
from benchmarks.machine import machine
from era3d.job import Request
from era3d.stages import create_from_picture, run

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
# Counted by benchmarks/diffusion.py: one guided step of the released network, and what goes before
# and after all steps, in TFLOP.
STEP_TFLOP, AROUND_TFLOP, STEPS = 23.79, 31.6, 40
GPUS = (1, 8, 64)
LOADS = (0.3, 0.6, 0.8, 0.9, 0.95, 1.05)
Draw = Callable[[], float]


class Pool:
    """Some equal servers with one queue."""

    def __init__(self, clock: "Clock", servers: int) -> None:
        self._clock, self.servers, self._free = clock, servers, servers
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self.busy_seconds, self.longest = 0.0, 0

    def serve(self, seconds: float, then: Callable[[], None]) -> None:
        """Take a server for some seconds, now or when one is free."""
        self._waiting.append((seconds, then))
        self._begin()
        self.longest = max(self.longest, len(self._waiting))

    def _begin(self) -> None:
        if self._free and self._waiting:
            seconds, then = self._waiting.popleft()
            self._free -= 1
            self.busy_seconds += seconds
            self._clock.after(seconds, lambda: self._end(then))

    def _end(self, then: Callable[[], None]) -> None:
        self._free += 1
        then()
        self._begin()


class Clock:
    """Runs what is to happen in the order of its times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._to_come: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._to_come, (self.now + seconds, next(self._numbers), what))

    def run(self) -> None:
        """Go on until nothing is left to happen."""
        while self._to_come:
            self.now, _, what = heapq.heappop(self._to_come)
            what()


@dataclass
class Cluster:
    """What jobs pass, in seconds of a pool's server for each.

    Attributes
    ----------
    gpus, cores, servers : int
    route : list of (str, Draw)
        Names of pools (``server``, ``cores``, ``gpus``) and how long a job takes there.
    """

    gpus: int
    cores: int
    route: Sequence[tuple[str, Draw]]
    servers: int = 1

    def capacity(self) -> float:
        """Jobs a second that the busiest pool can bear, at most."""
        sizes = {"gpus": self.gpus, "cores": self.cores, "server": self.servers}
        means = dict.fromkeys(sizes, 0.0)
        for pool, draw in self.route:
            means[pool] += float(np.mean([draw() for _ in range(2000)]))
        return min(sizes[pool] / mean for pool, mean in means.items() if mean)


@dataclass
class Seen:
    """What came of a simulation.

    Attributes
    ----------
    seconds : list of float
        From a job's arrival to its end.
    busy : dict
        Share of the time that each pool's servers were at work.
    """

    seconds: list[float] = field(default_factory=list)
    busy: dict[str, float] = field(default_factory=dict)

    def percentile(self, share: float) -> float:
        """The time within which so many percent of the jobs ended; the first tenth is left out."""
        return float(np.percentile(self.seconds[len(self.seconds) // 10 :], share))


def simulate(cluster: Cluster, rate: float, jobs: int, seed: int = 0) -> Seen:
    """Let jobs arrive at a rate (a second) and see how long each takes."""
    luck, clock, seen = random.Random(seed), Clock(), Seen()
    pools = {
        "server": Pool(clock, cluster.servers),
        "cores": Pool(clock, cluster.cores),
        "gpus": Pool(clock, cluster.gpus),
    }

    def arrive(left: int) -> None:
        go_on(clock.now, list(cluster.route))
        if left > 1:
            clock.after(luck.expovariate(rate), lambda: arrive(left - 1))

    def go_on(began: float, route: list[tuple[str, Draw]]) -> None:
        if not route:
            seen.seconds.append(clock.now - began)
            return
        (pool, draw), *rest = route
        pools[pool].serve(draw(), lambda: go_on(began, rest))

    arrive(jobs)
    clock.run()
    seen.busy = {
        name: pool.busy_seconds / (clock.now * pool.servers) for name, pool in pools.items()
    }
    return seen


def measure() -> dict[str, list[float]]:
    """Return processor seconds of the stages on cores, for each example picture."""
    found: dict[str, list[float]] = {"prepare": [], "mesh": [], "texture": []}
    for picture in sorted(EXAMPLES.glob("*.png")):
        with tempfile.TemporaryDirectory() as folder:
            job = create_from_picture(Path(folder) / "job", Request(), picture)
            began: dict[str, float] = {}

            def listen(event: dict[str, object], began: dict[str, float] = began) -> None:
                stage, now = str(event.get("stage")), time.process_time()
                if event["kind"] == "started":
                    began[stage] = now
                elif event["kind"] == "finished" and stage in found:
                    found[stage].append(round(now - began[stage], 3))

            log = job.events()
            log.listeners.append(listen)
            run(job, None, log)
    return found


def main() -> None:
    """Measure or read the stages' times, simulate, print tables and draw the chart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=Path, help="JSON of measured times; written if absent")
    parser.add_argument("--server-seconds", type=float, required=True, help="processor's, a job")
    parser.add_argument(
        "--tflops", type=float, default=790.0, help="of a GPU, dense half precision"
    )
    parser.add_argument("--efficiency", type=float, default=0.36, help="of those, what is reached")
    parser.add_argument("--cores", type=int, nargs="+", default=[8, 24], help="for each GPU")
    parser.add_argument("--gpu-hour", type=float, default=3.0, help="price of one")
    parser.add_argument("--core-hour", type=float, default=0.04, help="price of one")
    parser.add_argument("--jobs", type=int, default=20_000, help="simulated, at each load")
    parser.add_argument("--chart", type=Path, default=ROOT / "docs/images/scaling.png")
    options = parser.parse_args()
    if options.stages and options.stages.is_file():
        times = json.loads(options.stages.read_text())
    else:
        times = measure()
        if options.stages:
            options.stages.write_text(json.dumps(times))
    views = (STEPS * STEP_TFLOP + AROUND_TFLOP) / (options.tflops * options.efficiency)
    print(f"{machine()}; processor seconds of the stages: {times}")
    print(f"views on a GPU: {views:.2f} s (assumed); server: {options.server_seconds} s a job")
    report(times, views, options)


def report(times: dict[str, list[float]], views: float, options: argparse.Namespace) -> None:
    """Print a table for each number of GPUs and draw how long jobs take under load."""
    luck, panels = random.Random(1), []

    def drawn(stage: str) -> Draw:
        return lambda: luck.choice(times[stage])

    route = [("server", lambda: options.server_seconds), ("cores", drawn("prepare"))]
    route += [("gpus", lambda: views), ("cores", drawn("mesh")), ("cores", drawn("texture"))]
    alone = options.server_seconds + views + sum(map(float, map(np.mean, times.values())))
    print("| GPUs | cores | servers | jobs/h | p50 s | p95 s | GPUs | cores | servers | cost |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for gpus in GPUS:
        lines: dict[str, dict[str, float]] = {}
        for cores in options.cores:
            servers = max(1, math.ceil(1.25 * options.server_seconds * gpus / views))
            cluster = Cluster(gpus, cores * gpus, route, servers)
            line = lines.setdefault(f"{cores} cores a GPU", {})
            for load in LOADS:
                rate = load * cluster.capacity()
                seen = simulate(cluster, rate, options.jobs)
                p50, p95 = seen.percentile(50), seen.percentile(95)
                price = options.gpu_hour * gpus + options.core_hour * cluster.cores
                busy = " | ".join(f"{seen.busy[pool]:.0%}" for pool in ("gpus", "cores", "server"))
                print(
                    f"| {gpus} | {cluster.cores} | {servers} | {3600 * rate:,.0f} | {p50:,.0f} | "
                    f"{p95:,.0f} | {busy} | {price / (3600 * rate):.4f} |"
                )
                if p95 < 6 * alone:
                    line[str(round(100 * load))] = p95
        panels.append((f"{gpus} GPU{'s' * (gpus > 1)}: p95 in s, by % of what can be borne", lines))
    draw_panels(options.chart, panels)


if __name__ == "__main__":
    main()
