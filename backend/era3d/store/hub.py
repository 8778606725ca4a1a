# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Hugging Face hub: what a model holds there, and one file of it into the hub's own cache.

The library fetches small files. Large ones are fetched here and put into its cache, because it
throws away what it has of a file when it is interrupted, and compares no checksum.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout
from huggingface_hub import HfApi, constants, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from era3d.errors import InputError
from era3d.store.models import HubModel

# Times that a broken connection is taken up again although nothing came since.
RETRIES = 5
_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class RemoteFile:
    """A file of a model on the hub.

    Attributes
    ----------
    name : str
        Path in the model, with ``/``.
    size : int
        In bytes.
    sha256 : str or None
        Checksum of a large file.
    git_id : str
        Checksum of a small one, as git makes it.
    """

    name: str
    size: int
    sha256: str | None
    git_id: str

    def is_in(self, path: Path) -> bool:
        """Whether a file holds what this one holds."""
        if path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            if self.sha256 is not None:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
            return hashlib.sha1(b"blob %d\0" % self.size + file.read()).hexdigest() == self.git_id


def is_offline() -> bool:
    """Whether the user wants no network: ``ERA3D_OFFLINE`` or ``HF_HUB_OFFLINE`` is set."""
    wish = os.environ.get("ERA3D_OFFLINE", "").lower() not in ("", "0", "no", "false", "off")
    return wish or constants.is_offline_mode()


def list_files(model: HubModel) -> tuple[RemoteFile, ...]:
    """Ask the hub which files a model holds at its commit.

    Raises
    ------
    InputError
        If it cannot be asked or does not have the model.
    """
    with _in_words(model):
        if is_offline():
            raise OfflineModeIsEnabled
        found = HfApi().model_info(
            model.repository, revision=model.commit, files_metadata=True, timeout=_TIMEOUT_S
        )
    return tuple(
        RemoteFile(f.rfilename, f.size or 0, f.lfs.sha256 if f.lfs else None, f.blob_id or "")
        for f in found.siblings or ()
    )


def cached(model: HubModel, file: RemoteFile) -> Path | None:
    """Return where the hub's cache has a file, of the right size."""
    path = cache_of(model) / "snapshots" / model.commit / file.name
    return path if path.is_file() and path.stat().st_size == file.size else None


def fetch(model: HubModel, file: RemoteFile, advance: Callable[[int], None]) -> Path:
    """Bring a file into the hub's cache, going on where an earlier attempt was interrupted.

    Parameters
    ----------
    model : HubModel
    file : RemoteFile
    advance : callable
        Called with the number of bytes that are there in addition; negative when bytes turned out
        useless.

    Raises
    ------
    InputError
        If it cannot be had, or what came is not it.
    """
    if (path := cached(model, file)) is not None:
        advance(file.size)
        return path
    with _in_words(model):
        if file.sha256 is not None:
            blob = cache_of(model) / "blobs" / file.sha256
            _fetch_large(model, file, blob, advance)
        # What was fetched above is found by its name; the library only puts it in its place.
        path = Path(hf_hub_download(model.repository, file.name, revision=model.commit))
    if file.sha256 is not None:
        if not path.is_symlink():
            blob.unlink(missing_ok=True)  # where there are no links, the library made a copy
        return path
    if not file.is_in(path):
        discard(path)
        raise InputError(_wrong_contents(file))
    advance(file.size)
    return path


def discard(path: Path) -> None:
    """Delete a file in the hub's cache, and what it is a link to."""
    target = path.resolve()
    path.unlink()
    target.unlink(missing_ok=True)


def cache_of(model: HubModel) -> Path:
    """Return the folder of the hub's cache that is a model's."""
    return Path(constants.HF_HUB_CACHE) / f"models--{model.repository.replace('/', '--')}"


def partial(model: HubModel, file: RemoteFile) -> Path:
    """Return where the beginning of a large file is kept until the rest is there."""
    return cache_of(model) / "blobs" / f"{file.sha256}.incomplete"


def _fetch_large(
    model: HubModel, file: RemoteFile, blob: Path, advance: Callable[[int], None]
) -> None:
    """Bring a file to ``blob``, or raise; what came so far stays for the next time."""
    part = partial(model, file)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{part}.lock", timeout=0), part.open("ab") as stream:
            if not blob.exists():
                _complete(model, file, stream, advance)
    except Timeout:
        raise InputError(f"{file.name} is being downloaded by somebody else already.") from None
    if not blob.exists():
        if not file.is_in(part):
            part.unlink()
            raise InputError(_wrong_contents(file))
        part.replace(blob)
    part.unlink(missing_ok=True)
    Path(f"{part}.lock").unlink(missing_ok=True)


def _complete(
    model: HubModel, file: RemoteFile, stream: BinaryIO, advance: Callable[[int], None]
) -> None:
    """Append to a stream what it lacks, over as many connections as it takes."""
    there, failures = stream.tell(), 0
    advance(there)
    while there < file.size:
        before = there
        try:
            for count in _append(model, file, stream):
                there += count
                advance(count)
            trouble: Exception = ConnectionError("the connection was closed early")
        except HfHubHTTPError:
            raise
        except HTTPError as error:
            trouble = error
        failures = failures + 1 if there <= before else 0
        if failures > RETRIES:
            raise trouble
        if there < file.size:
            time.sleep(2.0**failures / 4)


def _append(model: HubModel, file: RemoteFile, stream: BinaryIO) -> Iterator[int]:
    """Append what the hub sends; yields numbers of bytes, a negative one if it starts over."""
    there = stream.tell()
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    url = hf_hub_url(model.repository, file.name, revision=model.commit)
    client: Any = get_session()
    with client.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=True
    ) as response:
        hf_raise_for_status(response)
        if there and response.status_code != 206:
            stream.seek(0)
            stream.truncate()
            yield -there
        # Without a size chunks come as they arrive: none is lost when the connection breaks.
        for chunk in response.iter_bytes():
            stream.write(chunk)
            yield len(chunk)


def _wrong_contents(file: RemoteFile) -> str:
    return (
        f"{file.name} arrived with wrong contents (its checksum differs) and was thrown away. "
        "Run the command again; if that does not help, the hub or a proxy is at fault."
    )


@contextmanager
def _in_words(model: HubModel) -> Iterator[None]:
    """Turn what the network can do to us into messages for people."""
    name, otherwise = model.repository, "or import a folder: `era3d models import DIR`."
    try:
        yield
    except OfflineModeIsEnabled:
        raise InputError(
            "Downloads are switched off by ERA3D_OFFLINE or HF_HUB_OFFLINE; unset it, " + otherwise
        ) from None
    except GatedRepoError:
        raise InputError(
            f"{name} asks for an account: accept its terms on {constants.ENDPOINT}/{name} and run "
            "`hf auth login`, " + otherwise
        ) from None
    except RevisionNotFoundError:
        raise InputError(
            f"The hub no longer has version {model.commit[:12]} of {name}, which this software was "
            "made for. If you have a copy, import it: `era3d models import DIR`."
        ) from None
    except RepositoryNotFoundError:
        raise InputError(
            f"The hub has no model {name}, or does not show it to you. If you have a copy, "
            "import it: `era3d models import DIR`."
        ) from None
    except HfHubHTTPError as error:
        code = error.response.status_code
        raise InputError(
            f"The hub answered {code} for {name}: try again later, {otherwise}"
        ) from None
    except (HTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{constants.ENDPOINT} cannot be reached, or the connection broke ({reason}). What "
            f"came so far is kept: check the network and run the command again, {otherwise}"
        ) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"The disk of {constants.HF_HUB_CACHE} is full. What came so far is kept: free some "
            "space and run the command again, or set HF_HOME to a folder on another disk."
        ) from None
