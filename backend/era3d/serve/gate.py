# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request passes on its way in: who, from where, how much, how fast; and the log."""

import asyncio
import ipaddress
import json
import logging
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from era3d import __version__
from era3d.serve.metrics import Metrics
from era3d.serve.refusal import Refusal, refusal_of, without_folder
from era3d.serve.settings import MIB, PROTOCOL, Limits, ServerSettings
from era3d.serve.tokens import owner_of

# Whoever watches over a server has no token, and what the interface looks like is no secret.
_OPEN_TO_ALL = frozenset({"/v1/health", "/v1/openapi.json", "/login"})
_LINGER_SECONDS = 1.0
_GONE = 499  # for the log: the client left before it had said all
_PROTOCOL_HEADERS = [
    (b"era3d-protocol", str(PROTOCOL).encode()),
    (b"era3d-version", __version__.encode()),
    (b"x-content-type-options", b"nosniff"),
]
_JOB_ID = re.compile(r"[0-9a-f]{32}")
_log = logging.getLogger("era3d.serve")


class Gate:
    """ASGI middleware that lets requests in, counts what they bring and says no in JSON.

    Puts ``owner`` into the scope: the hash of the token, or nothing where none is asked for.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, answer = _Body(receive, self._settings.limits), _Answer(send)
        began = time.monotonic()
        try:
            scope["owner"] = self._admit(scope)
            await self._app(scope, body.receive, answer.send)
        except ClientDisconnect:
            answer.status = answer.status or _GONE
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or answer.status:
                raise
            await _refuse(refusal, self._settings.folder, body, answer)
        finally:
            self._metrics.received.inc(body.size)
            self._metrics.requests.labels(answer.status or 500).inc()
            if scope["path"] != "/v1/health":
                _log.info(
                    "%s %s %s %d %.0f ms",
                    (scope.get("client") or ("-",))[0],
                    scope["method"],
                    _loggable(scope["path"]),
                    answer.status or 500,
                    (time.monotonic() - began) * 1e3,
                )

    def _admit(self, scope: Scope) -> str:
        """Return whose request it is; raises a `Refusal` if it must not come in."""
        headers = Headers(scope=scope)
        owner = ""
        if not self._settings.tokens.are_asked_for:
            _check_origin(headers)
        elif scope["path"] not in _OPEN_TO_ALL:
            owner = self._owner(headers)
        spoken = headers.get("era3d-protocol", str(PROTOCOL))
        if spoken != str(PROTOCOL):
            older = "server" if spoken.isdecimal() and int(spoken[:9]) > PROTOCOL else "client"
            raise Refusal(
                409,
                f"This server (Era3D {__version__}) speaks protocol {PROTOCOL}, the client another "
                f"one: update the {older}.",
            )
        if _length(headers) > self._settings.limits.upload_bytes:
            raise _too_large(self._settings.limits)
        return owner

    def _owner(self, headers: Headers) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        owner = owner_of(token.strip(), self._settings.tokens.now)
        if scheme.lower() != "bearer" or owner is None:
            raise Refusal(
                401,
                "This server asks for a token: send the header `Authorization: Bearer TOKEN`.",
                {"WWW-Authenticate": "Bearer"},
            )
        return owner


class _Body:
    """Counts a request's body as it comes in, and does not wait for it for ever."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self._began: float | None = None
        self.size, self.complete = 0, False

    async def receive(self) -> Message:
        if self.complete:  # what follows is the client's leaving, which may take its time
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._patience())
        except TimeoutError:
            raise Refusal(408, "The request arrives too slowly; send it again.") from None
        self._count(message)
        if self.size > self._limits.upload_bytes:
            raise _too_large(self._limits)
        return message

    async def discard(self, seconds: float) -> None:
        """Read on for a moment and forget what comes."""
        end = time.monotonic() + seconds
        try:
            while not self.complete and (left := end - time.monotonic()) > 0:
                self._count(await asyncio.wait_for(self._receive(), left))
        except TimeoutError:
            pass

    def _count(self, message: Message) -> None:
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)

    def _patience(self) -> float:
        now = time.monotonic()
        self._began = self._began or now
        due = self._began + self._limits.upload_patience + self.size / self._limits.upload_rate
        return max(due - now, 0.0)


class _Answer:
    """Sends an answer, with the headers that all have, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *_PROTOCOL_HEADERS]
        await self._send(message)


async def _refuse(refusal: Refusal, folder: Path, body: _Body, answer: _Answer) -> None:
    """Send a refusal.

    If the body is still on its way, the connection must close, or all of it would have to be read.
    A client that only writes would then lose the answer with the connection: so read on a little.
    """
    content = json.dumps({"error": without_folder(refusal.message, folder)}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(content))}
    headers |= refusal.headers | ({} if body.complete else {"connection": "close"})
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await answer.send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await answer.send({"type": "http.response.body", "body": content, "more_body": True})
    await body.discard(_LINGER_SECONDS)
    await answer.send({"type": "http.response.body", "body": b"", "more_body": False})


def _check_origin(headers: Headers) -> None:
    """Refuse web pages: a browser on this machine reaches us too, on behalf of anybody's page."""
    host = headers.get("host", "")
    if not is_loopback(_hostname(f"//{host}")):
        raise Refusal(403, "This server answers only under the name localhost or 127.0.0.1.")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        raise Refusal(403, "This server takes no requests from other web pages.")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine and cannot be reached from others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _length(headers: Headers) -> int:
    given: Any = headers.get("content-length", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0


def _too_large(limits: Limits) -> Refusal:
    return Refusal(413, f"This server takes at most {limits.upload_bytes // MIB} MB at a time.")


def _loggable(path: str) -> str:
    """A path without what could open a job or break a line of the log."""
    path = _JOB_ID.sub(lambda found: f"{found[0][:6]}…", path[:300])
    return path if path.isprintable() else ascii(path)
