# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening: the socket, TLS, and going down in order."""

import contextlib
import json
import logging
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from era3d.errors import Cancelled, InputError
from era3d.serve.gate import is_loopback
from era3d.serve.http import GuardedProtocol
from era3d.serve.settings import PROTOCOL, Limits

_STREAMS_END_SECONDS = 3


@dataclass(frozen=True)
class Address:
    """Where a server listens, and with which certificate."""

    host: str = "127.0.0.1"
    port: int = 8501
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether no other machine can reach it."""
        return is_loopback(self.host)


def serve(app: FastAPI, address: Address, limits: Limits, as_json: bool = False) -> None:
    """Serve until a signal says to stop, which is no error.

    Parameters
    ----------
    app : FastAPI
    address : Address
    limits : Limits
    as_json : bool
        Say where on standard output with a line of JSON instead of a sentence.

    Raises
    ------
    InputError
        If the address cannot be had or the certificate not be read.
    """
    listener = listen(address)
    with contextlib.suppress(KeyboardInterrupt, Cancelled):
        Server(configuration(app, address, limits), address, as_json).run(sockets=[listener])


def configuration(app: FastAPI, address: Address, limits: Limits) -> uvicorn.Config:
    """Return what uvicorn is told; raises `InputError` if the certificate cannot be used."""
    config = uvicorn.Config(
        app,
        http=type("Protocol", (GuardedProtocol,), {"header_seconds": limits.header_seconds}),
        ws="none",
        h11_max_incomplete_event_size=limits.header_bytes,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=_STREAMS_END_SECONDS,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    try:
        config.load()
    except OSError as error:  # what OpenSSL says is one, too
        raise InputError(f"The certificate or its key cannot be used: {error}.") from None
    return config


def listen(address: Address) -> socket.socket:
    """Bind the address."""
    try:
        family, _, _, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio switches Nagle's algorithm off only where the protocol is given; with it every
        # answer on a connection that stays open would come tens of milliseconds late.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":  # there it would let two servers have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"{address.host} port {address.port} cannot be had ({error}); choose another --port."
        ) from None
    return listener


class Server(uvicorn.Server):
    """Says where it is when it is there, and lets streams end before it goes."""

    def __init__(self, config: uvicorn.Config, address: Address, as_json: bool) -> None:
        super().__init__(config)
        self._address, self._as_json = address, as_json

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self.started and sockets:
            self._announce(sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Go down: let streams end, which would last as long as their jobs."""
        if self.started:
            self.config.app.state.service.stopping = True  # type: ignore[union-attr]
        super().handle_exit(sig, frame)

    def _announce(self, port: int) -> None:
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        url = f"http{'s' if self._address.certificate else ''}://{host}:{port}"
        told = {"url": url, "port": port, "process": os.getpid(), "protocol": PROTOCOL}
        print(json.dumps(told) if self._as_json else f"Era3D serves at {url}", flush=True)  # noqa: T201
