# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a server: their folders, whose they are and how far they have come."""

import contextlib
import json
import logging
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from era3d.errors import InputError
from era3d.files import read_object, write_object
from era3d.serve.refusal import Refusal

State = Literal["queued", "running", "finished", "failed", "cancelled", "deleted"]
QUEUED: State = "queued"
RUNNING: State = "running"
FINISHED: State = "finished"
FAILED: State = "failed"
CANCELLED: State = "cancelled"
DELETED: State = "deleted"
ACTIVE = frozenset({QUEUED, RUNNING})

_RECORD, _NEW, _TRASH = ".server.json", ".new-", ".trash-"
_ID = re.compile(r"[0-9a-f]{32}")
_log = logging.getLogger(__name__)


@dataclass
class Record:
    """What the server knows of a job; ``.server.json`` in its folder.

    Attributes
    ----------
    owner : str
        Hash of the token that sent it, or empty.
    number : int
        Jobs run in the order of their numbers.
    first, last : str or None
        The stages to run again from, and to end after.
    key : str
        The client's own name for the request that made the job.
    code : int
        The exit code that its run ended with.
    attempts : int
        How often a worker has begun this run.
    kept_seconds : float
        How long it has been kept since it ended, on a clock that nobody can set.
    """

    id: str
    owner: str = ""
    number: int = 0
    state: State = QUEUED
    first: str | None = None
    last: str | None = None
    created: float = field(default_factory=lambda: round(time.time(), 3))
    message: str = ""
    code: int = 0
    key: str = ""
    attempts: int = 0
    kept_seconds: float = 0.0


class JobStore:
    """The folder with the job folders, and the records of all jobs in memory.

    A job's folder appears under its name when it is whole and disappears at once, so a server that
    is killed leaves no half of one.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root = root.resolve()
        for left in [*self.root.glob(f"{_NEW}*"), *self.root.glob(f"{_TRASH}*")]:
            shutil.rmtree(left, ignore_errors=True)
        records = (_read(path) for path in self.root.glob(f"*/{_RECORD}"))
        self.records = {record.id: record for record in records if record is not None}

    def folder(self, record: Record) -> Path:
        """Return the job folder."""
        return self.root / record.id

    def find(self, job: str, owner: str) -> Record:
        """Return the record of an owner's job; another's is as absent as none."""
        record = self.records.get(job)
        if record is None or record.owner != owner:
            raise Refusal(404, "There is no such job.")
        return record

    def of(self, owner: str, key: str) -> Record | None:
        """Return the job that a key has made already."""
        same = (each for each in self.records.values() if (each.owner, each.key) == (owner, key))
        return next(same, None) if key else None

    def active(self, owner: str | None = None) -> int:
        """Count the jobs, of one owner or of all, that wait or run."""
        return sum(
            each.state in ACTIVE and owner in (None, each.owner) for each in self.records.values()
        )

    def new_folder(self) -> tuple[str, Path]:
        """Return the id for a new job, which cannot be guessed, and a folder to make it in."""
        job = secrets.token_hex(16)
        folder = self.root / f"{_NEW}{job}"
        folder.mkdir(mode=0o700)
        return job, folder

    def adopt(self, record: Record, made: Path) -> None:
        """Take in a folder that is complete."""
        write_object(made / _RECORD, asdict(record))
        made.rename(self.folder(record))
        self.records[record.id] = record

    def save(self, record: Record) -> None:
        """Write a record down; of a job that was deleted meanwhile nothing is written."""
        if record.id in self.records:
            write_object(self.folder(record) / _RECORD, asdict(record))

    def next_number(self) -> int:
        """Return a number after all others."""
        return 1 + max((each.number for each in self.records.values()), default=0)

    def remove(self, record: Record) -> Path:
        """Forget a job; returns where its files wait to be deleted."""
        trash = self.root / f"{_TRASH}{record.id}"
        with contextlib.suppress(FileNotFoundError):
            self.folder(record).rename(trash)
        self.records.pop(record.id, None)
        record.state = DELETED
        return trash


def _read(path: Path) -> Record | None:
    """Read a record; a broken one leaves its job to the administrator."""
    try:
        record = Record(**read_object(path))
    except (InputError, TypeError) as error:
        _log.warning("passing over %s: %s", json.dumps(path.parent.name), error)
        return None
    return record if record.id == path.parent.name and _ID.fullmatch(record.id) else None
