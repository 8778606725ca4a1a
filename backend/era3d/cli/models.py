# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d models``: list, download, verify, remove and import the models on this machine."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from era3d.errors import InputError
from era3d.progress import Progress


def add(commands: Any) -> None:
    """Add the command to the command line."""
    models = commands.add_parser("models", help="the models on this machine")
    actions = models.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="what there is, and in what state")
    listing.set_defaults(command=_list)
    _add_json(listing, "one JSON object")
    download = actions.add_parser("download", help="fetch a released model, after asking you")
    download.set_defaults(command=_download)
    download.add_argument("name", choices=("6view", "ortho"))
    _add_yes(download, "you may use the weights; do not ask")
    _add_json(download)
    verify = actions.add_parser("verify", help="compare all files with their checksums")
    verify.set_defaults(command=_verify)
    verify.add_argument("name", metavar="NAME")
    _add_json(verify)
    remove = actions.add_parser(
        "remove", help="delete what was downloaded, or forget an imported folder"
    )
    remove.set_defaults(command=_remove)
    remove.add_argument("name", metavar="NAME")
    _add_yes(remove, "do not ask")
    imports = actions.add_parser("import", help="give a folder with a checkpoint a name")
    imports.set_defaults(command=_import)
    imports.add_argument("folder", type=Path, metavar="DIR")
    imports.add_argument("--name", help="what to call it (default: as the folder is called)")
    _add_json(imports)


def _add_json(parser: argparse.ArgumentParser, what: str = "one line of JSON an event") -> None:
    parser.add_argument("--json", action="store_true", help=what)


def _add_yes(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--yes", action="store_true", help=meaning)


def _list(options: argparse.Namespace) -> None:
    from era3d.store import consent
    from era3d.store.listing import entries

    found = entries()
    if options.json:
        agreed = consent.is_given()
        licence = {"notice": consent.NOTICE, "agreed": agreed}
        _print(json.dumps({"models": [each.as_dict() for each in found], "licence": licence}))
        return
    rows = [("model", "state", "size", "licence", "from")]
    for each in found:
        size = f"{each.size / 1e9:.2f} GB" if each.size else "-"
        rows.append((each.name, each.state, size, each.licence, each.source))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        _print("  ".join(map(str.ljust, row, widths)).rstrip())


def _download(options: argparse.Namespace) -> None:
    from huggingface_hub.utils import disable_progress_bars

    from era3d.store import consent, hub
    from era3d.store.download import download

    if hub.is_offline():
        raise InputError(
            "Downloads are switched off by ERA3D_OFFLINE or HF_HUB_OFFLINE; unset it, or import a "
            "folder: `era3d models import DIR`."
        )
    if not consent.is_given():
        print(consent.NOTICE, file=sys.stderr, flush=True)  # noqa: T201
        _ask("May you use them, and shall they be downloaded?", options)
        consent.give()
    disable_progress_bars()  # the library's; ours counts all files as one
    with _shown("download", options, unit="B") as progress:
        folder = download(options.name, progress)
    _prepare(options, folder)
    _done(options, folder)


def _verify(options: argparse.Namespace) -> None:
    from era3d.store.download import discard, verify
    from era3d.store.models import RELEASED, imported_models, model_folder

    with _shown("verify", options) as progress:
        bad = verify(options.name, progress)
    if bad:
        way_out = "restore them"
        if options.name in RELEASED and options.name not in imported_models():
            discard(options.name, bad)
            way_out = f"they were deleted; run `era3d models download {options.name}`"
        raise InputError(f"Missing or damaged: {', '.join(bad)}; {way_out}.")
    _done(options, model_folder(options.name))


def _remove(options: argparse.Namespace) -> None:
    from era3d.store.download import remove
    from era3d.store.models import RELEASED, forget_name, imported_models

    folder = imported_models().get(options.name)
    if folder is not None:
        forget_name(options.name)
        _print(f"{options.name} is forgotten; its files stay in {folder}")
    elif options.name in RELEASED:
        _ask(f"Delete the files of {options.name}?", options)
        _print(f"{remove(options.name) / 1e9:.2f} GB freed")
    else:
        raise InputError(f"{options.name} is neither a downloaded nor an imported model.")


def _import(options: argparse.Namespace) -> None:
    from era3d.store import consent
    from era3d.store.download import checksums_of, write_checksums
    from era3d.store.layout import files_in
    from era3d.store.models import check_name, give_name

    folder = options.folder.expanduser().resolve()
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.")
    name = options.name or folder.name
    check_name(name)
    files_in(folder)
    _prepare(options, folder)
    with _shown("import", options) as progress:
        files = checksums_of(folder, progress)
    write_checksums(name, files)
    give_name(name, folder)
    if not consent.is_given():
        print(consent.NOTICE, file=sys.stderr, flush=True)  # noqa: T201
    if not options.json:
        _print(f"`--model {name}` is now the checkpoint in")
    _done(options, folder)


def _prepare(options: argparse.Namespace, folder: Path) -> None:
    """Check that all tensors fit and encode the prompts, so that the first job need not."""
    from era3d.diffusion.checkpoint import check_checkpoint

    if not options.json:
        print("checking all parts ...", file=sys.stderr, flush=True)  # noqa: T201
    check_checkpoint(folder)


def _ask(question: str, options: argparse.Namespace) -> None:
    """Go on if the user agrees."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"{question} There is nobody to ask; if yes, give --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was done.")


@contextmanager
def _shown(what: str, options: argparse.Namespace, unit: str = "") -> Iterator[Progress]:
    """Show progress as a bar, or as lines of JSON like those of a job, one a percent."""
    if options.json:
        yield _JsonLines(what)
        return
    bar = _Bar(what, unit)
    try:
        yield bar
    finally:
        bar.close()


class _JsonLines:
    def __init__(self, what: str) -> None:
        self._what = what
        self._percent = -1

    def __call__(self, step: int, of: int) -> None:
        if step * 100 // of != self._percent:
            self._percent = step * 100 // of
            event = {"kind": "progress", "stage": self._what, "step": step, "of": of}
            _print(json.dumps(event))


class _Bar:
    """Appears with the first progress, since before that there may be an error to tell instead."""

    def __init__(self, what: str, unit: str) -> None:
        self._about = {"desc": what, "unit": unit or " files", "unit_scale": bool(unit)}
        self._bar: Any = None

    def __call__(self, step: int, of: int) -> None:
        from tqdm import tqdm

        self._bar = self._bar or tqdm(total=of, **self._about)
        self._bar.n = step
        self._bar.update(0)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _done(options: argparse.Namespace, folder: Path) -> None:
    _print(json.dumps({"kind": "done", "folder": str(folder)}) if options.json else str(folder))


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
