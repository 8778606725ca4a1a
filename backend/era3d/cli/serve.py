# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d serve``."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from era3d.errors import InputError
from era3d.store.folders import data_folder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from era3d.serve.listen import Address
    from era3d.serve.runner import Executor
    from era3d.serve.settings import ServerSettings

_TOKEN_VARIABLE = "ERA3D_TOKEN"


def add(commands: Any) -> None:
    """Add the command to the parser."""
    serve = commands.add_parser("serve", help="run jobs for others, over HTTP")
    serve.set_defaults(command=_serve)
    serve.add_argument("--folder", type=Path, metavar="DIR", help="of the jobs")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (this machine)")
    serve.add_argument("--port", type=int, default=8501, help="0: any that is free")
    serve.add_argument("--web", action="store_true", help="show a page in the browser, too")
    serve.add_argument("--json", action="store_true", help="say where with a line of JSON")
    serve.add_argument("--new-token", action="store_true", help="make a token, show it, and end")
    serve.add_argument("--token-file", type=Path, metavar="FILE", help="hashes of tokens")
    serve.add_argument("--certificate", type=Path, metavar="PEM", help="for TLS")
    serve.add_argument("--key", type=Path, metavar="PEM", help="of the certificate")
    _add_work(serve)
    _add_cluster(serve)


def _add_work(serve: argparse.ArgumentParser) -> None:
    """Options about what jobs may do and take."""
    from era3d.serve.settings import MIB, Limits

    default = Limits()
    serve.add_argument("--workers", type=int, default=1, help="jobs at a time (default: 1)")
    serve.add_argument(
        "--model", action="append", metavar="NAME", help="allow this one; may be given again"
    )
    serve.add_argument("--device", default="auto", help="that jobs run on (default: auto)")
    serve.add_argument("--vram-limit", type=float, metavar="GB", help="memory of the device")
    serve.add_argument(
        "--upload-mb", type=int, default=default.upload_bytes // MIB, help="largest upload"
    )
    serve.add_argument("--megapixels", type=float, default=default.megapixels, help="of a picture")
    serve.add_argument("--queue", type=int, default=default.queue_length, help="jobs that wait")
    serve.add_argument(
        "--jobs-per-token", type=int, default=default.jobs_per_token, help="that wait or run"
    )
    serve.add_argument(
        "--keep-hours", type=float, default=default.keep_hours, help="then a job is deleted"
    )


def _add_cluster(serve: argparse.ArgumentParser) -> None:
    cluster = serve.add_argument_group("cluster", "stages as deployments of Ray Serve")
    cluster.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="of a cluster (default: started on this machine)",
    )
    cluster.add_argument(
        "--replicas",
        action="append",
        default=[],
        metavar="STAGE=LEAST:MOST",
        help="of a stage; may be given again (default: 1 to as many as there are GPUs or cores)",
    )


def _serve(options: argparse.Namespace) -> None:
    try:
        from era3d.serve.app import create_app
        from era3d.serve.listen import serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"The server needs the package {error.name}: install era3d with the extra serve."
        ) from None
    from era3d.lock import holding
    from era3d.serve.tokens import new_token

    token_file = options.token_file or data_folder() / "server-tokens.txt"
    if options.new_token:
        print(new_token(token_file), flush=True)  # noqa: T201
        return
    logging.basicConfig(format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("era3d.serve").setLevel(logging.INFO)
    settings, address = _settings(options, token_file), _address(options)
    check_exposure(address, settings)
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(settings.folder), _executors(options, settings) as executors:
        app = create_app(settings, executors)
        if options.web:
            _add_page(app, settings)
        serve(app, address, settings.limits, options.json)


@contextmanager
def _executors(
    options: argparse.Namespace, settings: "ServerSettings"
) -> "Iterator[list[Executor] | None]":
    """What runs the jobs: None for workers on this machine."""
    if options.ray is None:
        if options.replicas:
            raise InputError("--replicas belong to --ray.")
        yield None
        return
    from era3d.serve.cluster.plan import read_replicas

    replicas = read_replicas(options.replicas)
    if find_spec("ray") is None:  # not imported yet: it reads its settings then
        raise InputError("A cluster needs the package ray: install era3d with the extra ray.")
    from era3d.serve.cluster.deployment import deployed

    with deployed(options.ray, replicas, settings.limits.job_seconds) as executors:
        yield list(executors)


def _add_page(app: "FastAPI", settings: "ServerSettings") -> None:
    try:
        from era3d.web.mount import add_page
    except ModuleNotFoundError as error:
        raise InputError(
            f"The page needs the package {error.name}: install era3d with the extra web."
        ) from None
    add_page(app, settings)


def check_exposure(address: "Address", settings: "ServerSettings") -> None:
    """Refuse to be reached by others without a token; warn if tokens travel in the clear."""
    if address.is_loopback:
        return
    if not settings.tokens.are_asked_for:
        raise InputError(
            f"Others can reach {address.host}, so a token is needed: make one with `era3d serve "
            "--new-token`."
        )
    if address.certificate is None:
        logging.getLogger("era3d.serve").warning(
            "tokens and pictures travel unencrypted: give --certificate and --key, or let a proxy "
            "on this machine do TLS"
        )


def _settings(options: argparse.Namespace, token_file: Path) -> "ServerSettings":
    from era3d.serve.settings import MIB, Limits, ServerSettings
    from era3d.serve.tokens import SHORTEST_TOKEN, Owners, hash_of

    fixed: frozenset[str] = frozenset()
    if token := os.environ.pop(_TOKEN_VARIABLE, ""):  # workers need not know it
        if len(token) < SHORTEST_TOKEN:
            raise InputError(f"{_TOKEN_VARIABLE} must have {SHORTEST_TOKEN} characters or more.")
        fixed = frozenset({hash_of(token)})
    numbers = (options.workers, options.upload_mb, options.queue, options.jobs_per_token)
    if min(numbers) < 1 or min(options.keep_hours, options.megapixels) <= 0:
        raise InputError("Workers and limits must be positive numbers.")
    limits = Limits(
        upload_bytes=options.upload_mb * MIB,
        megapixels=options.megapixels,
        queue_length=options.queue,
        jobs_per_token=options.jobs_per_token,
        keep_hours=options.keep_hours,
    )
    return ServerSettings(
        folder=options.folder or data_folder() / "server",
        tokens=Owners(fixed, token_file),
        models=tuple(options.model or ServerSettings.models),
        workers=options.workers,
        device=options.device,
        vram_limit=options.vram_limit,
        limits=limits,
    )


def _address(options: argparse.Namespace) -> "Address":
    from era3d.serve.listen import Address

    if (options.certificate is None) != (options.key is None):
        raise InputError("TLS needs both --certificate and --key.")
    for path in (options.certificate, options.key):
        if path is not None and not path.is_file():
            raise InputError(f"There is no file {path}.")
    return Address(options.host, options.port, options.certificate, options.key)
