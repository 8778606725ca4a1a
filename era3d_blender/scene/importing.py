# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder to data-blocks: one collection with root, mesh, cameras and their pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from .cameras import REFERENCE, build_reference_camera, build_view_camera, put_behind
from .folder import Job, JobFolderError, read_job
from .glb import GlbError, Triangles, read_glb
from .mesh import TEXTURE_NODE, build_material, build_mesh
from .pictures import load_picture
from .roots import JOB_KEY, cameras_of


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    collection: bpy.types.Collection
    root: bpy.types.Object
    mesh: bpy.types.Object
    cameras: dict[str, bpy.types.Object]


def import_job(folder: str | Path, scene: bpy.types.Scene) -> Imported:
    """Bring a job folder into a scene, standing on the ground at the origin, facing -Y.

    Parameters
    ----------
    folder : path
    scene : bpy.types.Scene

    Raises
    ------
    JobFolderError
        When the folder is not a finished job; nothing is left behind in the file then.
    """
    job, triangles = _read(Path(folder))
    with _nothing_left_behind():
        images = _load_images(job)
        name = job.path.name
        collection = bpy.data.collections.new(name)
        root = _build_root(job, triangles)
        mesh = bpy.data.objects.new(name, build_mesh(name, triangles))
        mesh.data.materials.append(build_material(name, images[job.texture]))
        cameras = _build_cameras(job, images, scene.render)
        _link(scene, collection, root, mesh, cameras)
    return Imported(collection, root, mesh, cameras)


def update_job(root: bpy.types.Object) -> None:
    """Give an imported job the mesh and texture its folder has now; transforms stay.

    Raises
    ------
    JobFolderError
        When the folder is not a finished job, or the mesh object is gone.
    """
    job, triangles = _read(Path(root[JOB_KEY]))
    mesh = next((child for child in root.children if child.type == "MESH"), None)
    if mesh is None:
        raise JobFolderError("The mesh of this job is gone; import the job again")
    with _nothing_left_behind():
        texture = load_picture(job, job.texture)
        fresh = build_mesh(mesh.data.name, triangles)
    old = mesh.data
    for material in old.materials:
        fresh.materials.append(material)
    mesh.data = fresh
    _replace_texture(fresh, texture)
    if not old.users:
        bpy.data.meshes.remove(old)


def view_images(root: bpy.types.Object) -> list[bpy.types.Image]:
    """Return the pictures behind the cameras of an imported job."""
    found = [b.image for camera in cameras_of(root) for b in camera.data.background_images]
    return [image for image in found if image is not None]


def _read(folder: Path) -> tuple[Job, Triangles]:
    job = read_job(folder)
    try:
        return job, read_glb(job.mesh)
    except GlbError as error:
        raise JobFolderError(str(error)) from error


def _load_images(job: Job) -> dict[Path, bpy.types.Image]:
    images = {job.texture: load_picture(job, job.texture)}
    for view in job.views:
        images[view.color] = load_picture(job, view.color)
        if view.normal is not None:
            images[view.normal] = load_picture(job, view.normal, data=True)
    if job.reference is not None:
        images[job.reference.image] = load_picture(job, job.reference.image)
    return images


def _build_root(job: Job, triangles: Triangles) -> bpy.types.Object:
    """Return the empty that everything hangs on: it alone is lifted, so all stays registered."""
    root = bpy.data.objects.new(f"{job.path.name} root", None)
    root.empty_display_type, root.empty_display_size = "PLAIN_AXES", 0.25
    root.location.z = -float(triangles.vertices[:, 2].min())
    root[JOB_KEY] = str(job.path)
    root["era3d_model"] = job.model
    root["era3d_versions"] = job.versions
    if job.seed is not None:
        root["era3d_seed"] = str(job.seed)  # text: seeds outgrow Blender's integers
    return root


def _build_cameras(
    job: Job, images: dict[Path, bpy.types.Image], render: bpy.types.RenderSettings
) -> dict[str, bpy.types.Object]:
    cameras = {}
    for view in job.views:
        camera = build_view_camera(f"{job.path.name} {view.name}", view, render)
        put_behind(camera, images[view.color])
        if view.normal is not None:
            put_behind(camera, images[view.normal], visible=False)
        cameras[view.name] = camera
    if job.reference is not None:
        camera = build_reference_camera(f"{job.path.name} {REFERENCE}", job.reference, render)
        put_behind(camera, images[job.reference.image])
        cameras[REFERENCE] = camera
    return cameras


def _link(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    root: bpy.types.Object,
    mesh: bpy.types.Object,
    cameras: dict[str, bpy.types.Object],
) -> None:
    shelf = bpy.data.collections.new(f"{collection.name} cameras")
    collection.objects.link(root)
    collection.objects.link(mesh)
    collection.children.link(shelf)
    mesh.parent = root
    for camera in cameras.values():
        shelf.objects.link(camera)
        camera.parent = root
    scene.collection.children.link(collection)
    if scene.camera is None:
        scene.camera = next(iter(cameras.values()))


def _replace_texture(mesh: bpy.types.Mesh, texture: bpy.types.Image) -> None:
    for material in filter(None, mesh.materials):
        node = material.node_tree and material.node_tree.nodes.get(TEXTURE_NODE)
        if node is None:
            continue
        old, node.image = node.image, texture
        if old is not None and not old.users:
            bpy.data.images.remove(old)


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
