# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the backend is and where jobs go."""

from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from . import installation
from .client import setup
from .client.environment import (
    VARIABLE,
    BackendMissingError,
    Launch,
    find_python,
    is_loopback,
    local_worker,
    remote_worker,
)
from .ui.backend import draw_backend
from .ui.machine import draw_doctor, draw_models

PACKAGE = __package__
BUILDS = (
    ("auto", "Automatic", "The build that fits this computer's GPU"),
    ("cpu", "CPU", "The small build without a GPU"),
)
PLACES = (
    ("local", "This Computer", "The backend that is set up here"),
    ("server", "Server", "An Era3D server: nothing but Blender is needed here"),
)


@dataclass
class Check:
    """What the last check of the backend found; shown below its path."""

    text: str = ""
    good: bool = True


check = Check()


class Era3DPreferences(bpy.types.AddonPreferences):
    """Preferences of the add-on; kept out of any .blend file."""

    bl_idname = PACKAGE

    backend_python: StringProperty(
        name="Backend Python",
        description="Python (or virtual environment) with era3d; empty: what Set Up Backend made",
        subtype="FILE_PATH",
    )
    torch_build: EnumProperty(name="PyTorch", description="Build of PyTorch", items=BUILDS)
    wheels_folder: StringProperty(
        name="Wheels",
        description="Folder of Python wheels to set the backend up without a network",
        subtype="DIR_PATH",
    )
    place: EnumProperty(name="Work On", description="What does the work", items=PLACES)
    server: StringProperty(
        name="Server", description="Address of an Era3D server that does the work"
    )
    server_token: StringProperty(
        name="Token", description="What the server knows you by", subtype="PASSWORD"
    )
    jobs_folder: StringProperty(
        name="Jobs Folder",
        description="Where job folders are made; empty: the extension's own folder",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw where the work is done, the backend, what its machine can do, and where jobs go."""
        layout = self.layout
        layout.use_property_split = True
        layout.row().prop(self, "place", expand=True)
        if self.place == "server":
            layout.prop(self, "server", placeholder="https://")
            layout.prop(self, "server_token")
        else:
            self._draw_local(layout)
        layout.prop(self, "jobs_folder")
        if self.jobs_folder and not Path(bpy.path.abspath(self.jobs_folder)).is_dir():
            layout.label(text="There is no such folder; it will be made", icon="INFO")

    def _draw_local(self, layout: bpy.types.UILayout) -> None:
        draw_backend(layout.box(), self, own_backend())
        layout.prop(self, "backend_python", placeholder=VARIABLE)
        row = layout.row()
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("era3d.check_backend", icon="CHECKMARK")
        if check.text:
            row = layout.row()
            row.alert = not check.good
            row.label(text=check.text, icon="CHECKMARK" if check.good else "ERROR", translate=False)
        header, body = layout.panel("era3d_doctor")
        header.label(text="Doctor")
        if body:
            draw_doctor(body)
        header, body = layout.panel("era3d_models")
        header.label(text="Models")
        if body:
            draw_models(body)


def preferences() -> Era3DPreferences | None:
    """Return the add-on's preferences, or None where it was registered by hand."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon else None


def own_backend() -> setup.Installed | None:
    """Return the environment that the add-on has made, if it is there and good."""
    settings = preferences()
    build = settings.torch_build if settings else "auto"
    try:
        return setup.installed(setup.plan(installation.root(), build=build))
    except BackendMissingError:
        return None


def backend_python() -> Path:
    """Return the backend's Python.

    Raises
    ------
    BackendMissingError
        When there is none.
    """
    settings = preferences()
    own = own_backend()
    preferred = bpy.path.abspath(settings.backend_python) if settings else ""
    return find_python(preferred, own=own and own.python)


def chosen_backend() -> Launch:
    """Return how to start what does the work: a server's carrier, or the backend of this computer.

    Raises
    ------
    BackendMissingError
        When there is none.
    """
    settings = preferences()
    if settings is None or settings.place == "local":
        return local_worker(backend_python())
    server = settings.server.strip()
    if not server:
        raise BackendMissingError("Give the server's address in Preferences > Add-ons > Era3D")
    if not bpy.app.online_access and not is_loopback(server):
        raise BackendMissingError("Allow Online Access in Preferences > System to use a server")
    return remote_worker(server, settings.server_token.strip())


def user_folder(name: str) -> Path:
    """Return a folder that is the add-on's own and outlives an update."""
    try:
        return Path(bpy.utils.extension_path_user(PACKAGE, path=name, create=True))
    except ValueError:  # not installed as an extension
        made = bpy.utils.user_resource("DATAFILES", path=f"era3d/{name}", create=True)
        return Path(made or bpy.app.tempdir)


def jobs_root() -> Path:
    """Return the folder that job folders are made in."""
    settings = preferences()
    chosen = bpy.path.abspath(settings.jobs_folder) if settings else ""
    return Path(chosen) if chosen else user_folder("jobs")


def new_job_folder(picture: Path) -> Path:
    """Make and return a job folder named after a picture."""
    stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in picture.stem)[:40] or "job"
    number = 1
    while True:
        folder = jobs_root() / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            reason = error.strerror or error
            raise OSError(f"Jobs cannot be kept in {jobs_root()}: {reason}") from error
        else:
            return folder
