# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 on a connection whose client may send headers without end, or none at all."""

import asyncio
import json
import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class GuardedProtocol(H11Protocol):
    """Closes connections whose header does not come, and answers 431 to one that is too long.

    The length is bounded by the server's configuration; how long a header may take is not. Nor is
    what still comes of a body after the answer, which nobody reads any more: it has the same time.
    """

    header_seconds = 10.0
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and see whether the client owes more of them."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(error)

    def send_400_response(self, msg: str) -> None:
        """Say what was wrong with a header; called while its error is handled."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        self._turn_away(status, msg)

    def _watch(self) -> None:
        answered = self.conn.our_state is h11.DONE
        owing = (h11.IDLE, h11.SEND_BODY) if answered else (h11.IDLE,)
        if self.conn.their_state not in owing or self.transport.is_closing():
            self._stop_waiting()
        elif self._overdue is None:
            self._overdue = self.loop.call_later(
                self.header_seconds, self._turn_away, 408, "The header did not come."
            )

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _turn_away(self, status: int, message: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            content = json.dumps({"error": message}).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(content))),
                ("connection", "close"),
            ]
            reason = HTTPStatus(status).phrase.encode()
            answer = h11.Response(status_code=status, headers=headers, reason=reason)
            for part in (answer, h11.Data(data=content), h11.EndOfMessage()):
                self.transport.write(self.conn.send(part) or b"")
        self.transport.close()
