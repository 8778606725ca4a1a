# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What browsers pass before the server's own gate: their cookie becomes the token it holds."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from era3d.serve.refusal import Refusal
from era3d.serve.settings import ServerSettings
from era3d.serve.tokens import owner_of
from era3d.web.login import COOKIE, PATH

# Gradio can do far more than this page needs of it: fetch addresses, record runs, edit code.
_OURS = re.compile(r"/(v1|web)/.*|/login|/logout")
_OF_GRADIO = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/(assets|static)/.+"
    r"|/gradio_api/(upload|upload_progress|run/predict|startup-events|heartbeat/\w+|file=/?.+)"
)
_WITH_PROTOCOL = re.compile(r"/gradio_api/file=/*\w+:/.*", re.IGNORECASE)
_UPLOAD = "/gradio_api/upload"
# The page works without the internet; this is what holds it to that.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio makes functions of text
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Door:
    """ASGI middleware round all others."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._tokens = app, settings.tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its token, or send its browser to where tokens are shown."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not is_known(scope["path"]):
            missing = JSONResponse({"error": "There is nothing here."}, HTTPStatus.NOT_FOUND)
            await missing(scope, receive, send)
            return
        token = token_of(Headers(scope=scope))
        if token and self._tokens.are_asked_for:
            MutableHeaders(scope=scope)["authorization"] = f"Bearer {token}"
        if scope["path"] == _UPLOAD and (refusal := _no_room(scope)):
            full = JSONResponse({"error": refusal.message}, refusal.status)
            await full(scope, receive, send)
            return
        stranger = owner_of(token, self._tokens.now) is None
        if self._tokens.are_asked_for and _is_visit(scope) and stranger:
            await RedirectResponse(PATH, HTTPStatus.SEE_OTHER)(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, with_policy)


def is_known(path: str) -> bool:
    """Whether a path is one of the server's or one that the page needs of Gradio."""
    if _OURS.fullmatch(path):
        return True
    return bool(_OF_GRADIO.fullmatch(path)) and not _WITH_PROTOCOL.fullmatch(path)


def token_of(headers: Headers) -> str:
    """Return the token that a request comes with, in its header or, from our own page, a cookie."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower():
        return ""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _no_room(scope: Scope) -> Refusal | None:
    """Why nothing is taken in now: what a page uploads fills the same disk."""
    try:
        scope["app"].state.service.check_room()
    except Refusal as refusal:
        return refusal
    return None


def _is_visit(scope: Scope) -> bool:
    return scope["method"] == "GET" and scope["path"] == "/"
