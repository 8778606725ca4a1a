# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server answers, for its clients and for OpenAPI."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from era3d.serve.store import State


class Error(BaseModel):
    """Why something was refused, and what to do."""

    error: str


class Made(BaseModel):
    """A job that was taken in."""

    id: str


class JobState(BaseModel):
    """How far a job is."""

    id: str
    state: State
    ahead: int | None = Field(description="Jobs before it, while it waits.")
    message: str = Field(description="Why it failed.")
    created: float = Field(description="Seconds since 1970, by the server's clock.")
    first: str | None = Field(description="The stage that it was run again from.")
    last: str | None = Field(description="The stage that its run ends after.")
    request: dict[str, Any]


class EventPage(BaseModel):
    """Events since some place, for clients that cannot keep a stream open."""

    events: list[dict[str, Any]]
    next: int = Field(description="To be given as `since` the next time.")
    state: State
    message: str
    code: int = Field(description="How it ended, as the command line would have: 2 is bad input.")


class FileEntry(BaseModel):
    """A file of a job."""

    path: str
    size: int
    sha256: str


class FileList(BaseModel):
    """All files of a job."""

    files: list[FileEntry]


class Run(BaseModel):
    """Run a job again."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: str | None = Field(None, alias="from", description="The stage to begin with.")
    last: str | None = Field(None, alias="until", description="The stage to end after.")
    request: dict[str, Any] | None = Field(None, description="Other settings than before.")


class Health(BaseModel):
    """That the server is there; the rest only for those who may use it."""

    status: Literal["ok"] = "ok"
    protocol: int
    version: str | None = None
    workers: int | None = None
    running: int | None = None
    queued: int | None = None
    models: list[str] | None = None
    limits: dict[str, float] | None = None


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": text}
    for status, text in {
        400: "Not understood",
        401: "Without a token, or with a wrong one",
        403: "From another web page",
        404: "No such job or file of yours",
        405: "Not so",
        408: "Too slow",
        409: "Another version, or the job is busy",
        413: "Too large",
        422: "Cannot be used; says why",
        429: "Busy; come back after Retry-After seconds",
        507: "Disk full",
    }.items()
}
