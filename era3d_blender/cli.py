# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender --command era3d ...`: everything without a window."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from . import api, backend
from .client.environment import BackendMissingError
from .client.events import Event
from .properties import Era3DSettings, names

if TYPE_CHECKING:
    import argparse

OK, FAILURE, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
_STAGES = ("prepare", "views", "mesh", "texture")
_OWN = {"model", "model_folder", "until"}  # options that are not just a setting's name
_handle: object = None


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    from .scene.folder import JobFolderError

    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse: 0 after --help, 2 after a mistake
        return int(end.code or OK)
    # Blender's own handler would leave at the second Ctrl-C and the backend behind.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except _TerminatedError:
        return _complain("terminated", TERMINATED)
    except api.JobError as error:
        code = BAD_INPUT if error.exit_code == BAD_INPUT else FAILURE
        return _complain(f"{error} (log: {error.folder / 'log.txt'})", code)
    except (BackendMissingError, FileNotFoundError, JobFolderError) as error:
        return _complain(str(error), BAD_INPUT)
    except (OSError, RuntimeError) as error:
        return _complain(str(error), FAILURE)
    finally:
        backend.end()


def _parser() -> argparse.ArgumentParser:
    import argparse  # not before a command is given: Blender starts without it

    parser = argparse.ArgumentParser(prog="blender --command era3d")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    generate = commands.add_parser("generate", help="one picture to a .blend")
    generate.add_argument("picture", type=Path)
    generate.add_argument("--job", type=Path, help="job folder; by default a new one of its own")
    generate.add_argument("--until", choices=_STAGES[1:], help="stop after this stage")
    bring = commands.add_parser("import", help="a job folder to a .blend")
    bring.add_argument("job", type=Path)
    again = commands.add_parser("rebuild", help="bring a job up to date, and into a .blend")
    again.add_argument("job", type=Path)
    again.add_argument("--from", dest="stage", choices=_STAGES, help="run from this stage on")
    batch = commands.add_parser("batch", help="a .blend of every picture in a folder")
    batch.add_argument("folder", type=Path)
    batch.add_argument("--assets", action="store_true", help="mark the objects: an asset library")
    batch.add_argument("--out", type=Path, required=True, metavar="DIR")
    doctor = commands.add_parser("doctor", help="what the backend's machine can run")
    doctor.add_argument("--json", action="store_true", help="all of it as one JSON object")
    for command in (generate, bring, again):
        command.add_argument("--out", type=Path, required=True, metavar="FILE.blend")
    for command in (generate, again, batch):
        command.add_argument("--report", type=Path, metavar="FILE.json", help="what became of it")
        _add_settings(command.add_argument_group("settings"))
    runs = {generate: _generate, bring: _import, again: _rebuild, batch: _batch, doctor: _doctor}
    for command, run in runs.items():
        command.set_defaults(run=run)
    return parser


def _add_settings(group: argparse._ArgumentGroup) -> None:
    """Add an option for each setting of the panel; what is not given is left to the backend."""
    import argparse

    group.add_argument("--model", help="mini, 6view, ortho, an imported name or a folder")
    for name in names():
        if name in _OWN:
            continue
        known = Era3DSettings.bl_rna.properties[name]
        option = f"--{name.replace('_', '-')}"
        about = {"help": known.description.replace("%", "%%"), "default": None}
        if known.type == "BOOLEAN":
            about["action"] = argparse.BooleanOptionalAction
        elif known.type == "ENUM":
            about["choices"] = [item.identifier for item in known.enum_items]
        elif known.type in {"INT", "FLOAT"}:
            about["type"] = _number(known)
            about["metavar"] = "N"
        group.add_argument(option, **about)


def _number(known: bpy.types.Property) -> Any:
    def number(text: str) -> float:
        value = int(text) if known.type == "INT" else float(text)
        if not known.hard_min <= value <= known.hard_max:
            raise ValueError
        return value

    number.__name__ = f"number from {known.hard_min} to {known.hard_max}"
    return number


def _request(options: argparse.Namespace) -> dict[str, Any]:
    wanted = {name: getattr(options, name, None) for name in names() if name != "until"}
    return {name: value for name, value in wanted.items() if value is not None}


def _generate(options: argparse.Namespace) -> int:
    job = api.make(options.picture, options.job, options.until, on_event=_show, **_request(options))
    _save(job, options.out)
    return _report(options, job)


def _import(options: argparse.Namespace) -> int:
    _save(options.job, options.out)
    return OK


def _rebuild(options: argparse.Namespace) -> int:
    job = api.run(options.job, options.stage, on_event=_show, **_request(options))
    _save(job, options.out)
    return _report(options, job)


def _batch(options: argparse.Namespace) -> int:
    def save(job: Path, blend: Path) -> None:
        _save(job, blend, options.assets)

    outcomes = []
    for outcome in api.batch(
        options.folder, options.out, save, on_event=_show, **_request(options)
    ):
        outcomes.append(asdict(outcome))
        _say(f"{Path(outcome.picture).name}: {outcome.message or outcome.state}")
        _write_report(options.report, {"jobs": outcomes})  # a crash keeps what is known
    failed = sum(outcome["state"] == "failed" for outcome in outcomes)
    _say(f"{len(outcomes) - failed} of {len(outcomes)} pictures done")
    return FAILURE if failed else OK


def _doctor(options: argparse.Namespace) -> int:
    found = api.doctor()
    if options.json:
        print(json.dumps({"blender": bpy.app.version_string, **found}))  # noqa: T201
    else:
        for finding in found.get("findings", []):
            _say(f"{finding.get('state')}: {finding.get('text')} {finding.get('advice')}".rstrip())
    return OK if found.get("can_run") else FAILURE


def _save(job: Path, out: Path, asset: bool = False) -> None:
    """Put a job into a new file that shows it: seen from the front, evenly lit."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 1024
    scene.view_settings.view_transform = "Standard"
    scene.world = _even_light()
    api.import_job(job)
    if asset:
        bpy.ops.era3d.mark_asset()
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(out), check_existing=False)
    _say(f"saved {out}")


def _report(options: argparse.Namespace, job: Path) -> int:
    """Write down what a job took, if that was asked."""
    from .client.history import read

    record = read(job)
    told = {"job": str(job), "blend": str(options.out.absolute()), "state": record.state}
    _write_report(options.report, told | {"stages": record.seconds, "request": record.request})
    return OK


def _write_report(path: Path | None, told: dict[str, Any]) -> None:
    if path is not None:
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")
        partial.replace(path)


def _even_light() -> bpy.types.World:
    world = bpy.data.worlds.new("Even light")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    background, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    links.new(background.outputs["Background"], output.inputs["Surface"])
    return world


def _show(event: Event) -> None:
    if event.kind in {"finished", "skipped"}:
        _say(f"{event.stage} {event.kind}")
    elif event.kind == "warning":
        _complain(f"{event.stage}: {event.message}", OK)


def _say(words: str) -> None:
    print(f"era3d: {words}", flush=True)  # noqa: T201


def _complain(message: str, code: int) -> int:
    print(f"era3d: {message}", file=sys.stderr, flush=True)  # noqa: T201
    return code


class _TerminatedError(BaseException):
    """The process was asked to end."""


def _terminated(*_: object) -> None:
    raise _TerminatedError


def register() -> None:
    """Make the command known."""
    global _handle
    _handle = bpy.utils.register_cli_command("era3d", main)


def unregister() -> None:
    """Forget the command."""
    bpy.utils.unregister_cli_command(_handle)
