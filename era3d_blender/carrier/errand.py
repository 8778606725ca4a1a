# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job taken to a server, watched there, and brought home."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mirror import (
    VIEW_PARTS,
    digest,
    digest_of,
    fetch,
    fetch_changes,
    may_be_written,
    send_changes,
)
from server import RefusedError, Server

_LOOK_EVERY = 0.25


class CancelledError(Exception):
    """Whoever gave the order does not want it any more."""


@dataclass
class Twin:
    """What is remembered of a job's twin on a server, in ``.remote.json`` of the folder.

    Attributes
    ----------
    key : str
        Under which it was sent: the server makes one job of it, however often it comes.
    asked : str
        Checksum of all that was sent.
    picture : str
        Checksum of the picture.
    since, length : int
        Events up to here, there, are repeated in so many bytes of events.jsonl here.
    """

    server: str
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    id: str = ""
    asked: str = ""
    picture: str = ""
    since: int = 0
    length: int = 0

    @classmethod
    def of(cls, folder: Path, server: str) -> Twin:
        """Return what is remembered, or a new one if that is of another server."""
        try:
            twin = cls(**json.loads((folder / ".remote.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            twin = cls(server)
        return twin if twin.server == server else cls(server)

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
    order : Mapping
        As a worker takes it.
    stopped : callable
        Whether the order was taken back.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        order: Mapping[str, Any],
        stopped: Callable[[], bool],
    ) -> None:
        self._server, self._folder, self._order, self._stopped = server, folder, order, stopped
        self._twin = Twin.of(folder, server.url)

    def carry_out(self) -> int:
        """Do what the order says; return an exit code."""
        if self._order.get("command") == "generate":
            self._generate(Path(self._order["picture"]), self._order.get("request", {}))
        else:
            self._run()
        return self._follow()

    def _generate(self, picture: Path, request: Mapping[str, Any]) -> None:
        """Make a job of a picture, or go on with the one that was made of it before."""
        now = digest(picture)
        same = self._twin.picture == now
        if not (same and self._again({"request": dict(request), **self._stages("until")})):
            mask = self._folder / "mask.png"
            files = {"picture": picture, **({"mask": mask} if mask.is_file() else {})}
            self._submit(request, files)
            self._twin.picture = now
            self._twin.remember(self._folder)

    def _run(self) -> None:
        """Run a job again, with the picture, the mask and the views as they are here now."""
        request = json.loads((self._folder / "request.json").read_text("utf-8"))
        request.update(changes := self._order.get("request", {}))
        wanted = {"request": request} if changes else {}
        if self._twin.id and self._sent() and self._again({**wanted, **self._stages()}):
            return
        names = {"picture": "input.png", "mask": "mask.png", **VIEW_PARTS}
        files = {part: self._folder / name for part, name in names.items()}
        files = {part: path for part, path in files.items() if path.is_file()}
        # To a server that does not know the job the views are given, unless they are to be made.
        given = files.keys() >= VIEW_PARTS.keys()
        made = self._order.get("from") in ("prepare", "views")
        self._submit(request, files, **({"from": "mesh"} if given and not made else {}))

    def _stages(self, *names: str) -> dict[str, Any]:
        """Return which stages the order wants to be run, as the server is told."""
        wanted = {name: self._order.get(name) for name in names or ("from", "until")}
        return {name: stage for name, stage in wanted.items() if stage}

    def _submit(self, request: Mapping[str, Any], files: Mapping[str, Path], **stages: str) -> None:
        """Send a job; what was sent already, and broke off before its id came, is the same job."""
        fields = {"request": json.dumps(dict(request), sort_keys=True)}
        fields |= {**stages, **self._stages("until")}
        asked = digest_of([fields, {name: digest(path) for name, path in files.items()}])
        if self._twin.id or self._twin.asked != asked:
            self._twin = Twin(self._server.url, asked=asked)
            self._twin.length = _length(self._folder)
        self._twin.remember(self._folder)  # the key first: a second try must find the same job
        self._twin.id = self._server.submit(fields, files, self._twin.key)
        note(self._folder, f"{self._server.url} has it as job {self._twin.id[:6]}…")
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
                return self._code(page)
            if not page["events"]:
                time.sleep(_LOOK_EVERY)

    def _repeat(self, page: Mapping[str, Any]) -> None:
        """Tell the events of a page here, but not those that a killed carrier has told already."""
        if self._twin.since == page["next"]:
            return
        told = _lines(self._folder, self._twin.length)
        for event in page["events"]:
            preview = event.get("preview")
            if may_be_written(preview):
                self._fetch_preview(preview)
            if (line := json.dumps(event)) not in told:
                tell(self._folder, line)
        self._twin.since, self._twin.length = int(page["next"]), _length(self._folder)
        self._twin.remember(self._folder)

    def _fetch_preview(self, name: str) -> None:
        """Fetch a preview; one that is gone already was not worth waiting for."""
        try:
            fetch(self._server, self._twin.id, self._folder, name)
        except RefusedError as error:
            if error.status != 404:
                raise

    def _code(self, page: Mapping[str, Any]) -> int:
        """How the job ended, as a worker would have told it."""
        note(self._folder, f"{page['state']} {page['message']}".rstrip())
        return int(page["code"])


def tell(folder: Path, line: str) -> None:
    """Append a line to events.jsonl, after the end of one that a kill cut."""
    with (folder / "events.jsonl").open("ab+") as file:
        if file.seek(0, 2) and file.seek(-1, 2) >= 0 and file.read(1) != b"\n":
            line = f"\n{line}"
        file.write(f"{line}\n".encode())


def note(folder: Path, line: str) -> None:
    """Append a line to log.txt: what was asked of which server, what came of it; not a must."""
    with contextlib.suppress(OSError), (folder / "log.txt").open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def _lines(folder: Path, start: int) -> frozenset[str]:
    """Return the lines of events.jsonl after so many bytes."""
    try:
        content = (folder / "events.jsonl").read_bytes()[start:]
    except FileNotFoundError:
        return frozenset()
    return frozenset(content.decode("utf-8", "replace").split("\n"))


def _length(folder: Path) -> int:
    path = folder / "events.jsonl"
    return path.stat().st_size if path.exists() else 0
