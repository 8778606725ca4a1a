# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the server says no: a status, a sentence, and which errors mean what."""

import errno
from pathlib import Path

from era3d.errors import InputError
from era3d.lock import InUseError

_LONGEST_MESSAGE, _IN_USE_SECONDS = 600, 2


class Refusal(Exception):
    """An answer other than what was asked for.

    Parameters
    ----------
    status : int
        Of HTTP.
    message : str
        What is wrong and what to do, for people.
    headers : dict
        To send along.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message = status, message[:_LONGEST_MESSAGE]
        self.headers = headers or {}


def busy(message: str, seconds: int) -> Refusal:
    """Refuse for now: 429, to be asked again after some seconds."""
    return Refusal(429, message, {"Retry-After": str(seconds)})


def refusal_of(error: BaseException) -> Refusal | None:
    """What an error means to a client; None if it is a fault of ours."""
    match error:
        case Refusal():
            return error
        case InUseError():  # by the worker of a server that was killed, which is about to end
            return busy(str(error), _IN_USE_SECONDS)
        case InputError():
            return Refusal(422, str(error))
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Refusal(507, "The server's disk is full; try again when it has been cleared.")
    return None


def without_folder(text: str, folder: Path) -> str:
    """Take the place of a job on the server's disk out of a text."""
    for place in {folder, folder.resolve()}:
        for slash in ("/", "\\"):
            text = text.replace(f"{place}{slash}", "")
        text = text.replace(str(place), "the job")
    return text
