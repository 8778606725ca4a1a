# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all addresses work with, and how they get at it."""

import asyncio
import shutil
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Path, Request

from era3d.serve.metrics import Metrics
from era3d.serve.refusal import Refusal
from era3d.serve.runner import Runner
from era3d.serve.settings import ServerSettings
from era3d.serve.store import ACTIVE, JobStore, Record


@dataclass
class Service:
    """The parts of a server; made by `era3d.serve.app.create_app`.

    Attributes
    ----------
    decoding : asyncio.Semaphore
        Pictures are decoded one at a time: they may be large.
    stopping : bool
        The server is going down; streams should end.
    """

    settings: ServerSettings
    store: JobStore
    runner: Runner
    metrics: Metrics
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    stopping: bool = False

    def check_room(self) -> None:
        """Refuse to take anything in while the disk is nearly full."""
        if shutil.disk_usage(self.store.root).free < self.settings.limits.free_bytes:
            raise Refusal(507, "The server's disk is nearly full; delete jobs, or try again later.")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _owner(request: Request) -> str:
    owner: str = request.scope["owner"]
    return owner


ServiceOf = Annotated[Service, Depends(_service)]
OwnerOf = Annotated[str, Depends(_owner)]


def _record(
    service: ServiceOf, owner: OwnerOf, job: Annotated[str, Path(description="The job's id.")]
) -> Record:
    return service.store.find(job, owner)


JobOf = Annotated[Record, Depends(_record)]


def check_idle(record: Record) -> None:
    """Refuse to change a job that waits or runs."""
    if record.state in ACTIVE:
        raise Refusal(409, f"The job is {record.state}; wait until it is done, or cancel it.")
