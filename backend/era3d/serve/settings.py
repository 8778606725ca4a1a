# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server is told once: where its jobs lie, what it allows and how much of it."""

from dataclasses import dataclass, field
from pathlib import Path

from era3d.serve.tokens import Owners

PROTOCOL = 1
"""Of the HTTP interface; clients name theirs in the header ``Era3D-Protocol``."""

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """How much of everything a client may take.

    Attributes
    ----------
    upload_bytes : int
        The largest body of a request.
    megapixels : float
        The largest picture.
    view_side : int
        Width and height of the largest views, in pixels.
    queue_length : int
        Jobs that wait; more are told to come back.
    jobs_per_token : int
        Jobs of one token (without tokens: of everybody) that wait or run.
    job_seconds : float
        A run that takes longer is ended.
    keep_hours : float
        So long a job that has ended is kept, counted while the server is up.
    free_bytes : int
        Nothing is taken in while the disk has less room than this.
    connections : int
        Open connections; more are refused.
    header_bytes, header_seconds : int, float
        Size of a request's header, and the time in which it must be complete.
    upload_patience, upload_rate : float
        After so many seconds a body must have arrived at so many bytes a second on the whole.
    """

    upload_bytes: int = 128 * MIB
    megapixels: float = 40.0
    view_side: int = 2048
    queue_length: int = 64
    jobs_per_token: int = 16
    job_seconds: float = 3600.0
    keep_hours: float = 7 * 24.0
    free_bytes: int = 512 * MIB
    connections: int = 512
    header_bytes: int = 16 * 1024
    header_seconds: float = 10.0
    upload_patience: float = 10.0
    upload_rate: float = 16 * 1024.0


@dataclass(frozen=True)
class ServerSettings:
    """Builds a server; see `era3d.serve.app.create_app`.

    Attributes
    ----------
    folder : Path
        The job folders, and beside them what the server keeps for itself.
    tokens : Owners
        Who may come in; if no token is asked for, everybody who reaches the server's address, which
        must then be loopback.
    models : tuple of str
        Names that a request may choose from. Never paths: those are of the server's disk.
    workers : int
        Jobs that run at a time, each in a process of its own.
    device, vram_limit : str, float or None
        What jobs run on; here the server decides, not the request.
    heartbeat : float
        Seconds of silence after which a stream of events shows that it is alive.
    """

    folder: Path
    tokens: Owners = field(default_factory=lambda: Owners(frozenset()))
    models: tuple[str, ...] = ("mini", "6view", "ortho")
    workers: int = 1
    device: str = "auto"
    vram_limit: float | None = None
    heartbeat: float = 2.0
    limits: Limits = field(default_factory=Limits)
