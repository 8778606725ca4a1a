# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of jobs as its client sees it: requests that are sent again when the line breaks."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

PROTOCOL = 1
_TIMEOUT_SECONDS = 30.0
_PATIENCE_SECONDS = 300.0
_FIRST_PATIENCE_SECONDS = 30.0  # an address that never answered may be a wrong one
_LONGEST_PAUSE = 15.0
_CHUNK = 2**16
_THIS_COMPUTER = frozenset({"localhost", "127.0.0.1", "::1"})


class RefusedError(Exception):
    """The server said no; the message is its reason.

    Attributes
    ----------
    status : int
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnreachableError(Exception):
    """The server could not be reached for minutes."""


class StorageError(Exception):
    """What arrives cannot be written here, which no second try would mend."""


class Download:
    """A file that arrives, in parts if the line is cut.

    Parameters
    ----------
    into : file
        What it already holds is the beginning.
    """

    def __init__(self, into: IO[bytes]) -> None:
        self._into, self._tag = into, ""

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self._into.seek(0, 2)

    def headers(self) -> dict[str, str]:
        """Ask for what is missing; for everything if the file is another one by now."""
        wanted = {"Range": f"bytes={self.size}-"} if self.size else {}
        return wanted | ({"If-Range": self._tag} if self._tag else {})

    def take(self, answer: http.client.HTTPResponse) -> None:
        """Append what an answer brings; raises `http.client.IncompleteRead` if it was cut."""
        if answer.status == 200 and self.size:  # all of it again
            self._write(b"", truncate=True)
        self._tag = answer.getheader("ETag", "")
        while chunk := answer.read(_CHUNK):
            self._write(chunk)
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)

    def _write(self, content: bytes, truncate: bool = False) -> None:
        try:
            if truncate:
                self._into.truncate(0)
            self._into.write(content)
            self._into.flush()
        except OSError as error:
            raise StorageError(str(error)) from error


class Server:
    """A server's address and our token for it.

    Parameters
    ----------
    url : str
        As in ``https://studio.example:8501``.
    token : str
        Empty for a server that asks for none.
    pause : callable
        Waits so many seconds between two tries; may raise to give up.
    """

    def __init__(self, url: str, token: str, pause: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RefusedError(0, f"{url!r} is no address of a server; it begins with https://")
        if token and parts.scheme == "http" and parts.hostname not in _THIS_COMPUTER:
            raise RefusedError(0, f"The token would be readable on the way; use https for {url}")
        self.url = url.rstrip("/")
        self._parts, self._token, self._pause = parts, token, pause
        self._connection: http.client.HTTPConnection | None = None
        self._patience = _FIRST_PATIENCE_SECONDS

    def get(self, path: str) -> dict[str, Any]:
        """Return what the server has at a path, as an object of JSON."""
        return self._object(self._send("GET", path))

    def post(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Send an object of JSON, return the answer."""
        headers = {"Content-Type": "application/json"}
        return self._object(self._send("POST", path, json.dumps(content).encode(), headers))

    def put(self, path: str, file: Path) -> None:
        """Send a file."""
        self._send("PUT", path, file.read_bytes())

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._send("DELETE", path)

    def submit(self, fields: Mapping[str, str], files: Mapping[str, Path], key: str) -> str:
        """Send a job and return its id; the same key never makes two."""
        body, kind = _form(fields, files)
        headers = {"Content-Type": kind, "Idempotency-Key": key}
        return str(self._object(self._send("POST", "/v1/jobs", body, headers))["id"])

    def fetch(self, path: str, into: IO[bytes]) -> None:
        """Append a file's bytes from where ``into`` ends; an interrupted one goes on there.

        Raises
        ------
        StorageError
            When they cannot be written.
        """
        try:
            self._send("GET", path, download=Download(into))
        except RefusedError as error:
            if error.status != 416:  # there is nothing after what we have
                raise

    def _send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        download: Download | None = None,
    ) -> bytes:
        """Send a request until it is answered; wait where the server says that it is busy.

        Raises
        ------
        RefusedError
            When the answer is no.
        UnreachableError
            When there is none for minutes.
        """
        began, tries, here = time.monotonic(), 0, download.size if download else 0
        while True:
            wait = min(0.5 * 2**tries, _LONGEST_PAUSE)
            tries += 1
            late = time.monotonic() > began + self._patience
            try:
                status, told, content = self._once(method, path, body, headers or {}, download)
            except ssl.SSLCertVerificationError as error:
                raise RefusedError(
                    0,
                    f"The certificate of {self.url} is not trusted ({error.verify_message}); name "
                    "a file with it in the environment variable SSL_CERT_FILE, or get one that is.",
                ) from None
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                if download and download.size > here:  # it comes, if slowly
                    began, tries, here = time.monotonic(), 0, download.size
                elif late:
                    raise UnreachableError(f"{self.url} cannot be reached: {error}") from error
            else:
                self._patience = _PATIENCE_SECONDS
                if status < 300:
                    return content
                if status not in (429, 502, 503, 504) or late:
                    raise RefusedError(status, _reason(status, content, self.url))
                wait = _seconds(told, wait)
            self._pause(min(wait, _LONGEST_PAUSE))

    def _once(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        download: Download | None,
    ) -> tuple[int, str, bytes]:
        """Send a request once; return status, Retry-After, and the content if nothing takes it."""
        if self._connection is None:
            kind = http.client.HTTPSConnection
            if self._parts.scheme == "http":
                kind = http.client.HTTPConnection
            self._connection = kind(
                self._parts.hostname, self._parts.port, timeout=_TIMEOUT_SECONDS
            )
        ours = {"Era3D-Protocol": str(PROTOCOL), **(download.headers() if download else {})}
        if self._token:
            ours["Authorization"] = f"Bearer {self._token}"
        target = self._parts.path.rstrip("/") + path
        self._connection.request(method, target, body, {**ours, **headers})
        with self._connection.getresponse() as answer:
            later = answer.getheader("Retry-After", "")
            if download and answer.status < 300:
                download.take(answer)
                return answer.status, later, b""
            return answer.status, later, answer.read()

    def _object(self, content: bytes) -> dict[str, Any]:
        """Return the object of JSON that an answer holds."""
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RefusedError(200, _reason(200, content, self.url))
        return found

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _reason(status: int, content: bytes, url: str) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return f"{url} answered {status}; is it a server of Era3D?"


def _seconds(later: str, otherwise: float) -> float:
    """How long a server wants us to wait; a date, which is as good, is not looked at."""
    return float(later) if later.isascii() and later.isdigit() else otherwise


def _form(fields: Mapping[str, str], files: Mapping[str, Path]) -> tuple[bytes, str]:
    """Return a multipart form and its content type."""
    line = secrets.token_hex(16)
    body = b"".join(_parts(line, fields, files)) + f"--{line}--\r\n".encode()
    return body, f"multipart/form-data; boundary={line}"


def _parts(line: str, fields: Mapping[str, str], files: Mapping[str, Path]) -> Iterator[bytes]:
    start = f'--{line}\r\nContent-Disposition: form-data; name="'
    for name, value in fields.items():
        yield f'{start}{name}"\r\n\r\n{value}\r\n'.encode()
    for name, path in files.items():
        yield f'{start}{name}"; filename="{name}"\r\n\r\n'.encode()
        yield path.read_bytes() + b"\r\n"
