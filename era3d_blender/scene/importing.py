# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder to data-blocks: one collection with root, mesh, cameras and their pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from .cameras import (
    REFERENCE,
    attach,
    build_reference_camera,
    build_view_camera,
    place_reference_camera,
    put_behind,
)
from .exchange import read
from .folder import Job, JobFolderError, inside, read_job
from .glb import GlbError, Triangles, read_glb
from .material import Look
from .mesh import build_mesh, is_smooth
from .pictures import FILE_KEY, digest, load_picture
from .roots import (
    COLOR,
    JOB_KEY,
    MESH_KEY,
    NORMAL,
    PHOTO,
    camera_of,
    job_folder,
    mesh_of,
    view_cameras,
)
from .versions import add_version
from .views import view_images


@dataclass(frozen=True)
class Imported:
    """What an import made; a job that has only views has no mesh yet."""

    collection: bpy.types.Collection
    root: bpy.types.Object
    mesh: bpy.types.Object | None
    cameras: dict[str, bpy.types.Object]


def import_job(folder: str | Path, scene: bpy.types.Scene) -> Imported:
    """Bring a job folder into a scene, standing on the ground at the origin, facing -Y.

    The box that the views span is one metre wide, whatever the scene's units are.

    Parameters
    ----------
    folder : path
    scene : bpy.types.Scene

    Raises
    ------
    JobFolderError
        When the folder holds no views, or is damaged; nothing is left behind in the file then.
    """
    job = read_job(Path(folder))
    triangles = _triangles(job)
    with _nothing_left_behind():
        collection = bpy.data.collections.new(job.path.name)
        root = _build_root(job, triangles, scene)
        cameras = _build_cameras(job, scene.render)
        _link(scene, collection, root, cameras)
        mesh = _add_result(root, job, triangles) if triangles else None
    return Imported(collection, root, mesh, cameras)


def update_job(root: bpy.types.Object, scene: bpy.types.Scene) -> bool:
    """Give an imported job what its folder has now, and tell whether there is a new result.

    The object keeps its name, transform, modifiers, children and the artist's material nodes; the
    result that was shown stays as a version.

    Raises
    ------
    JobFolderError
        When the folder is no job any more, or the object cannot be changed.
    """
    problem = locked(root)
    if problem:
        raise JobFolderError(problem)
    job = read_job(job_folder(root))
    triangles = _triangles(job)
    describe(root, job)
    _read_views(root, job)
    follow_reference(root, job, scene.render)
    shown = root.era3d.versions[root.era3d.version] if root.era3d.versions else None
    if triangles is None or (shown is not None and shown.contents == _contents(job)):
        return False
    first = mesh_of(root) is None
    with _nothing_left_behind():
        _add_result(root, job, triangles)
    if first:  # it was lifted for the whole box
        root.location.z -= (_lowest(triangles) + 0.5) * root.scale.z
    return True


def locked(root: bpy.types.Object) -> str:
    """Return why the result of an imported job cannot be replaced, or nothing."""
    for thing in filter(None, (root, mesh_of(root))):
        if thing.library is not None:
            path = bpy.path.basename(thing.library.filepath)
            return f"{thing.name} is linked from {path}: make it local first, or import the job"
        if thing.override_library is not None:
            return f"{thing.name} is a library override: make it local first, or import the job"
        if thing.data is not None and thing.data.library is not None:
            return f"The mesh of {thing.name} is linked: make it local first, or import the job"
    return ""


def _triangles(job: Job) -> Triangles | None:
    if job.mesh is None:
        return None
    try:
        return read_glb(job.mesh)
    except GlbError as error:
        raise JobFolderError(str(error)) from error


def _add_result(root: bpy.types.Object, job: Job, triangles: Triangles) -> bpy.types.Object:
    """Make mesh and textures of a job the newest version, and the object if there is none."""
    pictures = {
        path: load_picture(job, path, kind)
        for path, kind in (
            (job.texture, COLOR),
            (job.normal_map, NORMAL),
            (job.coverage, NORMAL),
        )
        if path is not None
    }
    thing = mesh_of(root)
    if thing is None:
        fresh = build_mesh(job.path.name, triangles)
        thing = bpy.data.objects.new(job.path.name, fresh)
        thing[MESH_KEY] = True
        root.users_collection[0].objects.link(thing)
        thing.parent = root
    else:
        fresh = build_mesh(thing.data.name, triangles, is_smooth(thing.data))
    look = Look(pictures.get(job.texture), pictures.get(job.normal_map))
    add_version(root, fresh, look, pictures.get(job.coverage), _contents(job))
    describe(thing, job)
    return thing


def _contents(job: Job) -> str:
    """Return what tells one result of a job from the next."""
    files = (job.mesh, job.texture, job.normal_map)
    return digest(b"".join(path.read_bytes() for path in files if path is not None))


def _build_root(job: Job, triangles: Triangles | None, scene: bpy.types.Scene) -> bpy.types.Object:
    """Return the empty that everything hangs on: it alone is lifted, so all stays registered."""
    root = bpy.data.objects.new(f"{job.path.name} root", None)
    root.empty_display_type, root.empty_display_size = "PLAIN_AXES", 0.25
    units = scene.unit_settings
    size = 1.0 if units.system == "NONE" else 1.0 / units.scale_length
    root.scale, root.location.z = (size, size, size), -_lowest(triangles) * size
    root[JOB_KEY] = str(job.path)
    describe(root, job)
    return root


def _lowest(triangles: Triangles | None) -> float:
    """Return where a job's object ends below; without one, where its views do."""
    return -0.5 if triangles is None else float(triangles.vertices[:, 2].min())


def describe(thing: bpy.types.Object, job: Job) -> None:
    """Write down on an object where it comes from."""
    thing["era3d_model"] = job.model
    thing["era3d_versions"] = job.versions
    if job.seed is not None:
        thing["era3d_seed"] = str(job.seed)  # text: seeds outgrow Blender's integers


def _build_cameras(job: Job, render: bpy.types.RenderSettings) -> dict[str, bpy.types.Object]:
    cameras = {}
    for view in job.views:
        camera = build_view_camera(f"{job.path.name} {view.name}", view, render)
        put_behind(camera, load_picture(job, view.color, COLOR))
        if view.normal is not None:
            put_behind(camera, load_picture(job, view.normal, NORMAL), visible=False)
        cameras[view.name] = camera
    if job.reference is not None:
        cameras[REFERENCE] = _reference(job, render)
    return cameras


def _reference(job: Job, render: bpy.types.RenderSettings) -> bpy.types.Object:
    camera = build_reference_camera(f"{job.path.name} {REFERENCE}", job.reference, render)
    put_behind(camera, load_picture(job, job.reference.image, PHOTO))
    return camera


def _read_views(root: bpy.types.Object, job: Job) -> None:
    """Show the views that the folder has now, except where somebody is painting."""
    for image in view_images(root):
        if (
            not image.is_dirty
            and image.library is None
            and inside(job.path, image[FILE_KEY]).is_file()
        ):
            read(image, job.path)


def follow_reference(root: bpy.types.Object, job: Job, render: bpy.types.RenderSettings) -> None:
    """Place the photo's camera where a job has it now, which its mesh decides."""
    if job.reference is None:
        return
    camera = camera_of(root, REFERENCE)
    if camera is not None:
        place_reference_camera(camera, job.reference, render)
        return
    camera = _reference(job, render)
    for shelf in view_cameras(root)[0].users_collection[:1]:
        shelf.objects.link(camera)
    attach(camera, root)


def _link(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    root: bpy.types.Object,
    cameras: dict[str, bpy.types.Object],
) -> None:
    shelf = bpy.data.collections.new(f"{collection.name} cameras")
    collection.objects.link(root)
    collection.children.link(shelf)
    for camera in cameras.values():
        shelf.objects.link(camera)
        attach(camera, root)
    scene.collection.children.link(collection)
    if scene.camera is None:
        scene.camera = next(iter(cameras.values()))


@contextlib.contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Remove the data-blocks that a failed import had already made."""
    kinds = ("objects", "collections", "cameras", "meshes", "materials", "images")
    before = {kind: {block.session_uid for block in getattr(bpy.data, kind)} for kind in kinds}
    try:
        yield
    except BaseException:
        made = [b for k in kinds for b in getattr(bpy.data, k) if b.session_uid not in before[k]]
        bpy.data.batch_remove(made)
        raise
