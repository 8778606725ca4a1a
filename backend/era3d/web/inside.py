# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's HTTP interface, called from within its own process: no socket, the same rules."""

from typing import Any

import gradio as gr
import httpx
from fastapi import FastAPI

CLIENT = "page"
"""Who asks, where others have an address."""


class Refused(Exception):
    """The server said no; the message says why and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Inside:
    """Sends requests to an app, as the person whose browser asks."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(CLIENT, 0))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    async def ask(self, http: gr.Request, method: str, path: str, **parts: Any) -> dict[str, Any]:
        """Return what the server answers.

        Parameters
        ----------
        http : gradio.Request
            Whose token is passed on.
        method, path : str
            Of the request; the path is that below ``/v1``.
        parts
            Of `httpx.AsyncClient.request`: ``data``, ``files``, ``json``, ``content``, ``params``.

        Raises
        ------
        Refused
            For every answer that is no success.
        """
        token = http.headers.get("authorization")
        headers = {"Authorization": token} if token else {}
        answer = await self._client.request(method, f"/v1/{path}", headers=headers, **parts)
        told: dict[str, Any] = answer.json() if answer.content else {}
        if answer.is_error:
            raise Refused(answer.status_code, told.get("error", answer.reason_phrase))
        return told
