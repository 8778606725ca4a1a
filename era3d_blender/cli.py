# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender --command era3d ...`: generate and import without a window."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import jobs
from .client.environment import BackendMissingError, Generation, generate_command, scrubbed
from .client.events import Event
from .client.supervisor import CANCELLED, FINISHED, Supervisor
from .preferences import backend_python, new_job_folder
from .properties import LARGEST_SEED, QUALITIES

if TYPE_CHECKING:
    import argparse

OK, FAILURE, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
_handle: object = None


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
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
    except BackendMissingError as error:
        return _complain(str(error), BAD_INPUT)
    except (OSError, RuntimeError) as error:
        return _complain(str(error), FAILURE)


def _parser() -> argparse.ArgumentParser:
    import argparse  # not before a command is given: Blender starts without it

    parser = argparse.ArgumentParser(prog="blender --command era3d")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    generate = commands.add_parser("generate", help="one picture to a .blend")
    generate.add_argument("picture", type=Path)
    generate.add_argument("--out", type=Path, required=True, metavar="FILE.blend")
    generate.add_argument("--job", type=Path, help="job folder; by default a new one of its own")
    generate.add_argument("--model", default="mini", help="mini, 6view, ortho or a folder")
    qualities = [name for name, *_ in QUALITIES]
    generate.add_argument("--quality", choices=qualities, default="standard")
    generate.add_argument("--seed", type=_seed, default=0)
    generate.set_defaults(run=_generate)
    bring = commands.add_parser("import", help="a finished job folder to a .blend")
    bring.add_argument("job", type=Path)
    bring.add_argument("--out", type=Path, required=True, metavar="FILE.blend")
    bring.set_defaults(run=_import)
    return parser


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError
    return seed


def _generate(options: argparse.Namespace) -> int:
    picture = options.picture.absolute()
    if not picture.is_file():
        return _complain(f"there is no picture at {picture}", BAD_INPUT)
    python = backend_python()
    job = options.job.absolute() if options.job else new_job_folder(picture)
    job.mkdir(parents=True, exist_ok=True)
    request = {"model": options.model, "seed": options.seed, "quality": options.quality}
    wanted = Generation(picture, request)
    supervisor = Supervisor(generate_command(python, wanted, job), job, scrubbed())
    jobs.adopt(supervisor)
    state = supervisor.run(_show)
    if state != FINISHED:
        code = supervisor.exit_code
        message = "cancelled" if state == CANCELLED else supervisor.message
        return _complain(f"{message} (log: {supervisor.log})", BAD_INPUT if code == 2 else FAILURE)
    return _save(job, options.out)


def _import(options: argparse.Namespace) -> int:
    return _save(options.job, options.out)


def _save(job: Path, out: Path) -> int:
    """Put a job into a new file that shows it: seen from the front, evenly lit."""
    from .scene.folder import JobFolderError
    from .scene.importing import import_job

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 1024
    scene.view_settings.view_transform = "Standard"
    scene.world = _even_light()
    try:
        import_job(job, scene)
    except JobFolderError as error:
        return _complain(str(error), BAD_INPUT)
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(out), check_existing=False)
    print(f"era3d: saved {out}")  # noqa: T201
    return OK


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
        print(f"era3d: {event.stage} {event.kind}", flush=True)  # noqa: T201
    elif event.kind == "warning":
        print(f"era3d: {event.stage}: {event.message}", file=sys.stderr, flush=True)  # noqa: T201


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
