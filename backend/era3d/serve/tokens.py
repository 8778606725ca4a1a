# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: made here, shown once, kept as hashes in a file that is nobody else's."""

import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from era3d.errors import InputError

_log = logging.getLogger("era3d.serve")
SHORTEST_TOKEN = 24
_LINE = re.compile(r"([0-9a-f]{64})(?: .*)?")


def new_token(path: Path) -> str:
    """Make a token and add its hash to a file, which is made with mode 600 if need be.

    Returns
    -------
    str
        The token itself, which is kept nowhere.
    """
    token = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _check_file(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="ascii") as file:
        file.write(f"{hash_of(token)} made {time.strftime('%Y-%m-%d')}\n")
    return token


def hash_of(token: str) -> str:
    """SHA-256 of a token; tokens are random enough to need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Path) -> frozenset[str]:
    """Read the hashes of a token file; none if there is no file.

    Raises
    ------
    InputError
        If others may read or write the file, or if it holds something else.
    """
    if not path.exists():
        return frozenset()
    _check_file(path)
    found = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(
                f"{path}, line {number}, is no hash of a token: remove the line, or the file and "
                "make new tokens with `era3d serve --new-token`."
            )
        found.add(match[1])
    return frozenset(found)


class Owners:
    """Who may come in, as the token file says now: it is read again when it has changed.

    Parameters
    ----------
    fixed : frozenset of str
        Hashes that need no file.
    path : Path, optional
        A token file; it may come later.
    """

    def __init__(self, fixed: frozenset[str], path: Path | None = None) -> None:
        self._fixed, self._path = fixed, path
        self._seen, self._found = _state(path), frozenset[str]()
        if path is not None:
            self._found = read_tokens(path)
        self._guarded = bool(self._fixed | self._found)

    @property
    def are_asked_for(self) -> bool:
        """Whether a token is needed; once one was, it is, even if all have been withdrawn."""
        return self._guarded or bool(self.now)

    @property
    def now(self) -> frozenset[str]:
        """Hashes of the tokens that are good; a file that cannot be used leaves those before."""
        state = _state(self._path)
        if self._path is not None and state != self._seen:
            self._seen = state
            try:
                self._found = read_tokens(self._path)
                _log.info("%d tokens may come in", len(self._fixed | self._found))
            except (InputError, OSError) as error:
                _log.warning("the tokens stay as they were: %s", error)
        self._guarded = self._guarded or bool(self._found)
        return self._fixed | self._found


def _state(path: Path | None) -> tuple[int, ...] | None:
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return status and (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)


def owner_of(token: str, owners: Iterable[str]) -> str | None:
    """Return the hash that a token has, in a time that does not tell how near it came."""
    hashed, found = hash_of(token), None
    for owner in owners:
        if hmac.compare_digest(hashed, owner):
            found = owner
    return found


def _check_file(path: Path) -> None:
    """Refuse a token file that others could read or write (Windows has no such modes)."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is no file; choose another --token-file.")
    if os.name != "posix":
        return
    if status.st_uid != os.getuid():
        raise InputError(f"{path} belongs to another user; choose another --token-file.")
    if mode := stat.S_IMODE(status.st_mode) & 0o077:
        raise InputError(
            f"{path} is open to other users (mode {mode | 0o600:o}): run `chmod 600 {path}`; if "
            "others use this machine, remove the file and make new tokens."
        )
