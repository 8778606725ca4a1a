# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs one stage of jobs that come as parcels, in a worker process of its own."""

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from era3d.outcome import Outcome
from era3d.serve.child import Child
from era3d.serve.cluster.parcel import Parcel, checksums, pack, unpack
from era3d.serve.cluster.scratch import own_folder
from era3d.serve.events import read_lines

_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Told:
    """What a replica tells of a run: events as they come, and at last how it ended.

    Attributes
    ----------
    events : list of dict
    files : Parcel
        What has changed: previews with their events, the rest at the end.
    outcome : Outcome or None
        With the last one.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    files: Parcel = field(default_factory=dict)
    outcome: Outcome | None = None


class StageReplica:
    """Runs a stage of one job at a time.

    Parameters
    ----------
    stage : str
    """

    def __init__(self, stage: str) -> None:
        self._stage, self._folder = stage, own_folder("replica")
        self._child = Child(self._folder / ".workers", stage)

    async def run(self, files: Parcel, again: bool, seconds: float) -> AsyncIterator[Told]:
        """Run the stage on a job.

        Parameters
        ----------
        files : Parcel
            All of the job.
        again : bool
            Even if nothing has changed.
        seconds : float
            A run that takes longer is ended.
        """
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        await asyncio.to_thread(unpack, files, folder)
        before = await asyncio.to_thread(checksums, folder)
        first = self._stage if again else None
        run = asyncio.create_task(self._child.run(folder, first, self._stage, seconds))
        try:
            async for told in self._follow(folder, run):
                yield told
            yield Told(files=await asyncio.to_thread(pack, folder, before), outcome=await run)
        finally:
            # Nobody listens any more, or all is over; the next job finds the worker idle.
            self._child.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(run)
            shutil.rmtree(folder, ignore_errors=True)

    async def check(self) -> None:
        """See that jobs can be taken in: raises what is wrong with the disk."""
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(b"x")

    async def stop(self) -> None:
        """End the worker."""
        await self._child.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _follow(self, folder: Path, run: asyncio.Task[Outcome]) -> AsyncIterator[Told]:
        place, over = 0, False
        while not over:
            over = run.done()  # asked before reading: then nothing is missed
            lines, place = read_lines(folder, place)
            events = [json.loads(line.text) for line in lines]
            if found := [each for each in events if each.get("stage") == self._stage]:
                names = {str(each["preview"]) for each in found if "preview" in each}
                yield Told(found, _previews(folder, names))
            if not over:
                await asyncio.wait([run], timeout=_LOOK_EVERY)


def _previews(folder: Path, names: set[str]) -> Parcel:
    """Take up previews; one that is gone already was not worth waiting for."""
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
