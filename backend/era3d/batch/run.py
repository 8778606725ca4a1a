# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs jobs one after another or side by side, each in a process that may fail alone."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

from era3d.diffusion.warm import keep_models
from era3d.errors import Cancelled
from era3d.job import Request, parse_request
from era3d.outcome import FAILED, OK, Outcome, outcome_of
from era3d.stages import create_from_picture, run


@dataclass(frozen=True)
class Result:
    """What became of one picture."""

    picture: Path
    job: Path
    code: int
    message: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether there is a mesh."""
        return self.code == OK


def run_batch(
    pictures: list[Path],
    folders: list[Path],
    request: Request,
    workers: int,
    tell: Callable[[Result], None],
) -> list[Result]:
    """Make a job of each picture; what is up to date is skipped, what fails holds nobody up.

    Parameters
    ----------
    pictures, folders : list of Path
        Each picture and its job folder.
    request : Request
        The same for all.
    workers : int
        Jobs side by side.
    tell : callable
        Called with each result as it comes.

    Returns
    -------
    list of Result
        In the order of the pictures.
    """
    found: dict[Path, Result] = {}
    waiting = list(zip(pictures, folders, strict=True))
    while waiting:
        for result in _until_broken(waiting, request, min(workers, len(waiting))):
            found[result.picture] = result
            tell(result)
        waiting = [pair for pair in waiting if pair[0] not in found]
        workers = 1  # one by one, it shows which picture a process dies of
    return [found[picture] for picture in pictures]


def _until_broken(
    waiting: list[tuple[Path, Path]], request: Request, workers: int
) -> Iterator[Result]:
    """Yield results until all are there or a process dies; a single one dies of its picture."""
    # Processes are started afresh: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    values = asdict(request)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        running = {pool.submit(work, *pair, values): pair for pair in waiting}
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                broken = {f for f in done if isinstance(f.exception(), BrokenProcessPool)}
                for future in done - broken:
                    del running[future]
                    yield future.result()
                if broken:
                    if workers == 1:
                        pair = next(iter(running.values()))
                        yield Result(*pair, FAILED, "Its process died, or was ended.", 0.0)
                    return
        except (KeyboardInterrupt, Cancelled):
            pool.shutdown(wait=False, cancel_futures=True)
            # Where no terminal tells them, too, they would finish their jobs first.
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def _begin() -> None:
    """Prepare a process for job after job."""
    keep_models()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Whoever was killed cannot tell the processes that they are not needed any more."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(FAILED)


def work(picture: Path, folder: Path, values: dict[str, object]) -> Result:
    """Make one job; errors become its result."""
    began = time.monotonic()
    outcome = Outcome()
    try:
        run(create_from_picture(folder, parse_request(dict(values)), picture))
    except Exception as error:
        outcome = outcome_of(error)
    seconds = round(time.monotonic() - began, 1)
    return Result(picture, folder, outcome.code, outcome.message, seconds)
