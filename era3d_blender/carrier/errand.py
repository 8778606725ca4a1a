# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job taken to a server, watched there, and brought home."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mirror import VIEW_FILES, digest, fetch, fetch_changes, may_be_written, send_changes
from server import RefusedError, Server

_LOOK_EVERY = 0.25
OK, FAILED, BAD_INPUT, CANCELLED = 0, 1, 2, 143


class CancelledError(Exception):
    """Whoever gave the order does not want it any more."""


@dataclass
class Twin:
    """What is remembered of a job's twin on a server, in ``.remote.json`` of the folder."""

    server: str
    key: str
    id: str = ""
    picture: str = ""
    since: int = 0

    @classmethod
    def of(cls, folder: Path, server: str) -> Twin:
        """Return what is remembered, or a new one if that is of another server."""
        try:
            twin = cls(**json.loads((folder / ".remote.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            twin = cls(server, secrets.token_hex(16))
        return twin if twin.server == server else cls(server, secrets.token_hex(16))

    def remember(self, folder: Path) -> None:
        """Write it down, whole or not at all."""
        partial = folder / ".tmp-remote.json"
        partial.write_text(json.dumps(asdict(self)), "utf-8")
        partial.replace(folder / ".remote.json")


class Errand:
    """One order, carried out by a server.

    Parameters
    ----------
    server : Server
    folder : Path
        The job folder here.
    stopped : callable
        Whether the order was taken back.
    """

    def __init__(self, server: Server, folder: Path, stopped: Callable[[], bool]) -> None:
        self._server, self._folder, self._stopped = server, folder, stopped
        self._twin = Twin.of(folder, server.url)

    def generate(self, picture: Path, request: Mapping[str, Any]) -> int:
        """Make a job of a picture; return an exit code."""
        twin, now = self._twin, digest(picture)
        if twin.picture != now or not self._again({"request": dict(request)}):
            self._twin = Twin(self._server.url, secrets.token_hex(16), picture=now)
            self._submit(request, {"picture": picture})
        return self._follow()

    def run(self, first: str | None) -> int:
        """Run a job again from a stage on, with the views as they are here now."""
        known = bool(self._twin.id)
        if known:
            known = self._sent() and self._again({"from": first} if first else {})
        if not known:
            request = json.loads((self._folder / "request.json").read_text("utf-8"))
            views = {Path(name).name: self._folder / name for name in VIEW_FILES}
            self._twin = Twin(self._server.url, secrets.token_hex(16))
            self._submit({**request, "source": "views"}, views)
        return self._follow()

    def _submit(self, request: Mapping[str, Any], files: Mapping[str, Path]) -> None:
        self._twin.remember(self._folder)  # the key first: a second try must find the same job
        self._twin.id = self._server.submit(request, files, self._twin.key)
        self._twin.remember(self._folder)

    def _sent(self) -> bool:
        """Send what was changed; False if the server has forgotten the job."""
        try:
            send_changes(self._server, self._twin.id, self._folder)
        except RefusedError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _again(self, wanted: Mapping[str, Any]) -> bool:
        """Run the twin again, or go on watching one that runs; False if there is none."""
        if not self._twin.id:
            return False
        address = f"/v1/jobs/{self._twin.id}"
        try:
            if self._server.get(address)["state"] not in ("queued", "running"):
                self._server.post(f"{address}/run", wanted)
        except RefusedError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _follow(self) -> int:
        """Repeat the events here as they come; fetch everything before telling of the end."""
        address = f"/v1/jobs/{self._twin.id}"
        asked = False
        while True:
            if self._stopped() and not asked:
                self._server.post(f"{address}/cancel", {})
                asked = True
            page = self._server.get(f"{address}/events?since={self._twin.since}")
            over = page["state"] not in ("queued", "running")
            if over:
                fetch_changes(self._server, self._twin.id, self._folder)
            self._repeat(page)
            if over and not page["events"]:
                return self._code(page["state"], str(page["message"]))
            if not page["events"]:
                time.sleep(_LOOK_EVERY)

    def _repeat(self, page: Mapping[str, Any]) -> None:
        with (self._folder / "events.jsonl").open("a", encoding="utf-8") as file:
            for event in page["events"]:
                preview = event.get("preview")
                if may_be_written(preview):
                    self._fetch_preview(preview)
                file.write(json.dumps(event) + "\n")
        if self._twin.since != page["next"]:
            self._twin.since = int(page["next"])
            self._twin.remember(self._folder)

    def _fetch_preview(self, name: str) -> None:
        """Fetch a preview; one that is gone already was not worth waiting for."""
        try:
            fetch(self._server, self._twin.id, self._folder, name)
        except RefusedError as error:
            if error.status != 404:
                raise

    def _code(self, state: str, message: str) -> int:
        if state == "cancelled":
            return CANCELLED
        if state == "failed":
            print(message)  # noqa: T201
            return FAILED
        return OK
