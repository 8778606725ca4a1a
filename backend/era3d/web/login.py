# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a browser shows its token: once, for a cookie that no script can read."""

import html
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from era3d.serve.api.service import ServiceOf
from era3d.serve.tokens import owner_of

COOKIE = "era3d-token"
PATH = "/login"
_SECONDS = 30 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def form() -> HTMLResponse:
    """Ask for the token."""
    return _page("", HTTPStatus.OK)


@router.post(PATH)
async def enter(
    service: ServiceOf, http: Request, token: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Check the token and keep it in a cookie, which goes to this server alone.

    The cookie is the token, so that a token which is withdrawn lets no browser in either, and so
    that a server which starts again knows its users.
    """
    if owner_of(token.strip(), service.settings.tokens.now) is None:
        return _page("This token is not known here.", HTTPStatus.UNAUTHORIZED)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        token.strip(),
        max_age=_SECONDS,
        httponly=True,
        samesite="strict",
        secure=http.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def leave() -> Response:
    """Forget the token."""
    answer = RedirectResponse(PATH, HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _page(message: str, status: HTTPStatus) -> HTMLResponse:
    template = files("era3d.web").joinpath("login.html").read_text("utf-8")
    return HTMLResponse(template.replace("{message}", html.escape(message)), status)
