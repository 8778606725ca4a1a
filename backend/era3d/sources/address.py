# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Gradio Space is: its name on the Hugging Face hub, or an address of its own."""

import os
import re
from dataclasses import dataclass

from era3d.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_URL = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?")
_PREFIX = "space:"
# How the hub calls Spaces that will not run until somebody does something about them.
_LYING = {
    "PAUSED": "is paused: its owner must start it",
    "STOPPED": "is stopped: its owner must start it",
    "DELETING": "is being deleted",
    "NO_APP_FILE": "has no app",
    "CONFIG_ERROR": "is broken (its configuration)",
    "BUILD_ERROR": "is broken (it could not be built)",
    "RUNTIME_ERROR": "is broken (its app has crashed)",
}


@dataclass(frozen=True)
class Space:
    """A Space by one of its two kinds of names; ``text`` is as it was given, without ``space:``."""

    text: str

    @property
    def is_address(self) -> bool:
        """Whether it is an address, of a Gradio app anywhere, and not a name on the hub."""
        return "://" in self.text


def parse_source(source: str) -> Space:
    """Return the Space that ``space:OWNER/NAME`` or ``space:https://…`` means.

    Raises
    ------
    InputError
        If it means none.
    """
    text = source.removeprefix(_PREFIX)
    if not source.startswith(_PREFIX) or not (_NAME.fullmatch(text) or _URL.fullmatch(text)):
        raise InputError(
            f"{source!r} names no source of views: write space:OWNER/NAME, as on the Hugging Face "
            "hub, or space:https://… for the address of a Gradio app."
        )
    return Space(text)


def token_for(space: Space) -> str | None:
    """Return the token for a Space: ``HF_TOKEN``, which goes to Spaces of the hub alone."""
    return None if space.is_address else os.environ.get("HF_TOKEN") or None


def locate(space: Space) -> str:
    """Return a Space's address, asking the hub if need be.

    Raises
    ------
    InputError
        If the hub does not know it, does not answer, or says that it will not run.
    """
    if space.is_address:
        return space.text
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    hub, token = HfApi(), token_for(space) or False
    try:
        about = hub.space_info(space.text, token=token, timeout=20.0)
        stage = str(hub.get_space_runtime(space.text, token=token).stage)
    except RepositoryNotFoundError:
        raise InputError(
            f"The hub has no Space {space.text}, or it is private: then set HF_TOKEN to a token "
            "that may see it."
        ) from None
    except (HfHubHTTPError, HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise InputError(
            f"The hub cannot be asked for {space.text} ({type(error).__name__}); see whether you "
            "are connected and try again."
        ) from None
    if stage in _LYING:
        raise InputError(f"The Space {space.text} {_LYING[stage]}; choose another one.")
    if not about.host:
        raise InputError(f"The hub does not say where {space.text} is; try again later.")
    return str(about.host)
