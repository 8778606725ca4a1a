# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six views from a Gradio Space that runs Era3D, through gradio_client."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from era3d.cameras import VIEWS
from era3d.errors import InputError
from era3d.sources.address import Space, locate, token_for
from era3d.sources.signature import GIVES, find_endpoint
from era3d.store.hub import is_offline
from era3d.views import Views, load_views

if TYPE_CHECKING:
    from gradio_client import Client
    from gradio_client.client import Job

Tell = Callable[[str], None]
_ASLEEP = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds.

    Attributes
    ----------
    waking : float
        Until a Space that sleeps answers.
    answer : float
        Until the views are there, with the time in the Space's queue.
    network : float
        Until the other side says anything at all.
    look : float
        Between two looks.
    """

    waking: float = 600.0
    answer: float = 1800.0
    network: float = 60.0
    look: float = 2.0


def views_from_space(
    space: Space,
    subject: Path,
    *,
    seed: int,
    steps: int | None = None,
    guidance: float | None = None,
    tell: Tell = lambda _: None,
    patience: Patience | None = None,
) -> Views:
    """Have a Space make six views; the picture of the subject leaves this machine for it.

    Parameters
    ----------
    space : Space
    subject : Path
        RGBA, cut out and framed: nothing around the subject is sent.
    seed, steps, guidance
        As of a request; by default the Space's own numbers, 40 and 3.
    tell : callable
        Called with a sentence whenever there is something to say, and often enough without any
        (an empty one) that an exception which it raises ends the waiting.
    patience : Patience, optional

    Returns
    -------
    Views

    Raises
    ------
    InputError
        If the Space cannot be reached, does not answer in time, is none of Era3D's, refuses, or
        gives something else than twelve pictures. The message says which.
    """
    if is_offline():
        raise InputError(
            "Views from a Space need the network, and ERA3D_OFFLINE or HF_HUB_OFFLINE is set."
        )
    # Both are read when they are needed: nobody is told that this runs.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    _check_installed()
    patience = patience or Patience()
    address = locate(space)
    tell(f"The picture of the subject is sent to {address}.")
    _wake(space, address, tell, patience)
    with tempfile.TemporaryDirectory(prefix="era3d-space-") as folder:
        with _client(space, address, Path(folder), patience) as client:
            endpoint = find_endpoint(
                client.view_api(print_info=False, return_format="dict"), address
            )
            job = _submit(client, endpoint, subject, seed, steps, guidance)
            pictures = _result(job, address, tell, patience)
        return _views(pictures, Path(folder), address)


def _check_installed() -> None:
    try:
        import gradio_client  # noqa: F401
    except ModuleNotFoundError:
        raise InputError(
            "Views from a Space need the package gradio_client: install era3d with the extra space."
        ) from None


def _wake(space: Space, address: str, tell: Tell, patience: Patience) -> None:
    """Ask a Space for its description until it gives one: being asked wakes one that sleeps."""
    import httpx

    token = token_for(space)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    end, said = time.monotonic() + patience.waking, False
    with httpx.Client(headers=headers, timeout=patience.network, follow_redirects=True) as http:
        while True:
            try:
                answer = http.get(f"{address.rstrip('/')}/config")
            except httpx.HTTPError as error:
                raise InputError(
                    f"{address} cannot be reached ({type(error).__name__}); see whether the "
                    "address is right and you are connected."
                ) from None
            if answer.status_code not in _ASLEEP:
                _check_description(answer, address)
                return
            if time.monotonic() > end:
                raise InputError(
                    f"{address} did not wake up within {_minutes(patience.waking)}; open it in a "
                    "browser to see why, or try again later."
                )
            tell("" if said else "The Space sleeps and is being woken; this takes minutes.")
            said = True
            _rest(patience.look, tell)


def _check_description(answer: Any, address: str) -> None:
    if answer.status_code in (401, 403, 404):
        raise InputError(
            f"{address} lets nobody in, or is not there (HTTP {answer.status_code}); for a private "
            "Space of the hub set HF_TOKEN."
        )
    try:
        good = answer.is_success and "dependencies" in answer.json()
    except ValueError:
        good = False
    if not good:
        raise InputError(f"{address} is no Gradio app (HTTP {answer.status_code}).")


@contextmanager
def _client(space: Space, address: str, folder: Path, patience: Patience) -> Iterator[Client]:
    from gradio_client import Client

    # Given none, it would look for one on this machine and send it to whatever address.
    token: Any = token_for(space) or False
    try:
        client = Client(
            address,
            token=token,
            verbose=False,
            download_files=folder,
            httpx_kwargs={"timeout": patience.network},
            analytics_enabled=False,
        )
    except Exception as error:  # it raises whatever happens to it
        raise InputError(f"{address} cannot be used: {_first_line(error)}.") from None
    try:
        yield client
    finally:
        client.close()


def _submit(
    client: Client,
    endpoint: str,
    subject: Path,
    seed: int,
    steps: int | None,
    guidance: float | None,
) -> Job:
    from gradio_client import handle_file

    return client.submit(
        single_image=handle_file(str(subject)),
        guidance_scale=3.0 if guidance is None else guidance,
        steps=40 if steps is None else steps,
        seed=seed,
        crop_size=-1,  # the subject is framed already
        chk_group=[],  # nothing is kept there
        api_name=endpoint,
    )


def _result(job: Job, address: str, tell: Tell, patience: Patience) -> tuple[Any, ...]:
    """Wait for a Space's answer, telling how far it is."""
    end, said = time.monotonic() + patience.answer, ""
    try:
        while not job.done():
            now = _state_in_words(job)
            tell("" if now == said else now)
            said = now
            if time.monotonic() > end:
                raise InputError(
                    f"{address} gave no views within {_minutes(patience.answer)}; try again later."
                )
            time.sleep(patience.look)
        answer = job.result()
    except BaseException as error:
        job.cancel()
        if type(error).__module__.partition(".")[0] in ("gradio_client", "httpx"):
            raise _refusal(error, address) from None
        raise
    return tuple(answer) if isinstance(answer, tuple | list) else (answer,)


def _state_in_words(job: Job) -> str:
    status = job.status()
    if status.code.name == "IN_QUEUE" and status.rank is not None:
        return f"Place {status.rank + 1} in the Space's queue."
    return "The Space works." if status.code.name in ("PROCESSING", "PROGRESS") else ""


def _refusal(error: BaseException, address: str) -> InputError:
    """What the Space says, as it says it; over quota also what to do."""
    told = _first_line(error)
    if "quota" in told.lower():
        return InputError(
            f"{address} says: {told} Wait as long as it says, or set HF_TOKEN to use the quota of "
            "your own account."
        )
    return InputError(f"{address} could not make the views. It says: {told}")


def _views(pictures: tuple[Any, ...], folder: Path, address: str) -> Views:
    """Read what came: colours of six views, then their normals."""
    if len(pictures) != GIVES:
        raise InputError(f"{address} gave {len(pictures)} pictures; {GIVES} were expected.")
    sorted_out = folder / "views"
    sorted_out.mkdir()
    names = [f"{kind}_{view}.png" for kind in ("color", "normal") for view in VIEWS]
    for name, picture in zip(names, pictures, strict=True):
        if not isinstance(picture, str) or not Path(picture).is_file():
            raise InputError(f"{address} gave no picture for {name}.")
        shutil.copyfile(picture, sorted_out / name)
    try:
        return load_views(sorted_out)
    except InputError as error:
        told = str(error).replace(f"{sorted_out}{os.sep}", "")
        raise InputError(f"{address} gave pictures that cannot be used: {told}") from None


def _rest(seconds: float, tell: Tell) -> None:
    """Wait a while, so that somebody who cancels is heard."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tell("")
        time.sleep(min(left, 1.0))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:400]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
