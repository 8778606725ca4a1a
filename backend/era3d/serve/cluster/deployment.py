# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ray: a cluster that is started or joined, and the stages as deployments of Ray Serve on it."""

import asyncio
import logging
import os
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from era3d.errors import InputError
from era3d.serve.cluster.executor import ClusterExecutor, ReplicaDied, Run, Start
from era3d.serve.cluster.parcel import Parcel
from era3d.serve.cluster.plan import Share, shares
from era3d.serve.cluster.replica import StageReplica, Told
from era3d.serve.cluster.scratch import own_folder

if TYPE_CHECKING:
    from ray.serve.api import Application
    from ray.serve.handle import DeploymentHandle

LOCAL = "local"
_UPSCALE_SECONDS, _DOWNSCALE_SECONDS = 10.0, 300.0
_CHECK_EVERY, _CHECK_SECONDS = 10.0, 30.0
_CONNECT_SECONDS = 10.0

# Nothing about its use is sent anywhere.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
# A cluster of one machine listens on loopback alone, as it does by default on macOS and Windows;
# and other users of the machine, who could run code of theirs in it, lack the token.
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
}


@contextmanager
def deployed(
    address: str, wanted: Mapping[str, tuple[int, int]], job_seconds: float
) -> Iterator[list[ClusterExecutor]]:
    """Deploy the stages; gives as many executors as there may be replicas.

    Parameters
    ----------
    address : str
        Of a cluster, as Ray has it, or `LOCAL` to start one on this machine.
    wanted : Mapping
        Least and most replicas by stage; see `shares`.
    job_seconds : float
        So long a replica that is no longer needed may go on with what it does.

    Raises
    ------
    InputError
        If there is no such cluster, or it has too little for what is wanted.
    """
    with _cluster(address):
        import ray
        from ray import serve

        have = ray.cluster_resources()
        alone = address == LOCAL
        plan = shares(wanted, have.get("CPU", 1.0), have.get("GPU", 0.0))
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        # The only door is the server's own.
        serve.start(proxy_location="Disabled")
        try:
            targets = [
                serve.RunTarget(
                    _application(name, share, job_seconds, alone), f"era3d-{name}", None
                )
                for name, share in plan.items()
            ]
            starts = dict(zip(plan, map(_start, serve.run_many(targets)), strict=True))
            count = sum(share.most for share in plan.values())
            yield [ClusterExecutor(starts) for _ in range(count)]
        finally:
            if not alone:  # a cluster of our own goes as a whole
                serve.shutdown()


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    """Start a cluster or join one, and leave it as it was."""
    os.environ.update(_QUIET)
    folder = None
    _knock(address)
    if address == LOCAL:
        folder = str(own_folder("ray"))
        # The replicas' folders lie in it, too.
        os.environ.update(_ALONE, RAY_AUTH_TOKEN=secrets.token_hex(32), TMPDIR=folder)
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.WARNING,
            **({"include_dashboard": False, "_temp_dir": folder} if folder else {}),
        )
    except Exception as error:  # Ray raises nothing more exact where its processes start too slowly
        what = "Ray does not start here" if folder else f"There is no cluster of Ray at {address}"
        raise InputError(f"{what}: {error}") from None
    signal.signal(signal.SIGTERM, handler)  # Ray ends the process at once
    try:
        yield
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _knock(address: str) -> None:
    """See that somebody answers at HOST:PORT; Ray itself would try for many minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"There is no cluster of Ray at {address}: {error}") from None


def _application(stage: str, share: Share, job_seconds: float, alone: bool) -> "Application":
    """Return a stage as Ray Serve is to run it."""
    from ray import serve

    made = serve.deployment(
        Replica,
        name=stage,
        ray_actor_options={"num_cpus": share.cpus, "num_gpus": share.gpus},
        autoscaling_config={
            "min_replicas": share.least,
            "initial_replicas": share.least,
            "max_replicas": share.most,
            "target_ongoing_requests": 1,
            "upscale_delay_s": _UPSCALE_SECONDS,
            "downscale_delay_s": _DOWNSCALE_SECONDS,
        },
        max_ongoing_requests=1,
        graceful_shutdown_timeout_s=job_seconds,
        health_check_period_s=_CHECK_EVERY,
        health_check_timeout_s=_CHECK_SECONDS,
    )
    return made.bind(stage, alone)


def _start(handle: "DeploymentHandle[Any]") -> Start:
    """Return what starts a stage on a job."""
    stream = handle.options(stream=True)

    def start(files: Parcel, again: bool, seconds: float) -> Run:
        return _Stream(stream.run.remote(files, again, seconds))

    return start


class Replica(StageReplica):
    """A `StageReplica` as Ray Serve wants one.

    Parameters
    ----------
    stage : str
    alone : bool
        Whether the cluster is this machine.
    """

    def __init__(self, stage: str, alone: bool) -> None:
        super().__init__(stage)
        if alone:
            _listen_on_loopback()

    async def check_health(self) -> None:
        """Raise if this replica had better be replaced."""
        await self.check()

    async def __del__(self) -> None:
        await self.stop()


def _listen_on_loopback() -> None:
    """Bind a replica's own port, which we do not use, where no other machine can reach it.

    Every replica of Ray Serve (2.60) takes pickled calls on all addresses, without a password and
    without a setting for it. It binds the port after its deployment was made, so here is the place;
    that it was the right one is seen by the test that looks at all that listens.
    """
    from ray.serve._private import replica

    add = replica.add_port_to_grpc_server

    def add_on_loopback(server: Any, address: str) -> int:
        port: int = add(server, f"127.0.0.1:{address.rpartition(':')[2]}")
        return port

    replica.add_port_to_grpc_server = add_on_loopback


class _Stream:
    """A run on a replica, in our own words."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    async def __aiter__(self) -> AsyncIterator[Told]:
        from ray.exceptions import RayActorError, RayTaskError, TaskCancelledError
        from ray.serve.exceptions import RequestCancelledError

        try:
            async for told in self._answers:
                yield told
        except (RequestCancelledError, TaskCancelledError):
            raise asyncio.CancelledError from None
        except RayTaskError:  # a fault of ours, not of the replica
            raise
        except RayActorError:
            raise ReplicaDied from None

    def cancel(self) -> None:
        self._answers.cancel()
