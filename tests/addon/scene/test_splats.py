# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splats in the scene: every attribute there and back, and what a camera sees of them."""

from __future__ import annotations

import glyph
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")
pytestmark = pytest.mark.bpy

NAMES = [
    *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"),
    *(f"f_rest_{k}" for k in range(9)),
    *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
]


def write(path, columns, head="", kind="float"):
    rows = np.empty(len(columns["x"]), [(name, "<f4") for name in columns])
    for name, values in columns.items():
        rows[name] = values
    properties = "".join(f"property {kind} {name}\n" for name in columns)
    count = f"element vertex {len(rows)}\n"
    header = f"ply\nformat binary_little_endian 1.0\n{head}{count}{properties}end_header\n"
    path.write_bytes(header.encode() + rows.tobytes())
    return path


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    return {name: rng.normal(-2, 1, 50).astype(np.float32) for name in NAMES}


def test_every_attribute_survives_the_round_trip(empty_scene, columns, tmp_path):
    path = write(tmp_path / "cloud.ply", columns, "comment a stranger's\n")
    assert bpy.ops.era3d.import_splats(filepath=str(path)) == {"FINISHED"}
    assert bpy.context.active_object.name == "cloud"
    assert bpy.ops.era3d.export_splats(filepath=str(tmp_path / "out.ply")) == {"FINISHED"}
    header, _, body = (tmp_path / "out.ply").read_bytes().partition(b"end_header\n")
    told = [line.split()[-1] for line in header.decode().splitlines() if "property" in line]
    assert told == NAMES
    values = np.frombuffer(body, "<f4").reshape(50, -1)
    np.testing.assert_allclose(values, np.stack(list(columns.values()), 1), atol=1e-6)


def test_edited_points_are_what_is_written(empty_scene, columns, tmp_path):
    from era3d_blender.scene.splat_file import open_splats

    bpy.ops.era3d.import_splats(filepath=str(write(tmp_path / "cloud.ply", columns)))
    thing = bpy.context.active_object
    thing.location.x = 5.0  # the frame of the job is the object's own
    for index, vertex in enumerate(thing.data.vertices):
        vertex.select = index < 20
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.delete(type="VERT")
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.era3d.export_splats(filepath=str(tmp_path / "out.ply"))
    out = open_splats(tmp_path / "out.ply")
    for name in ("x", "opacity", "rot_3"):
        np.testing.assert_allclose(out.column(name), columns[name][20:], atol=1e-6)


def test_density_thins_what_is_shown(empty_scene, columns, tmp_path):
    from era3d_blender.scene.splat_nodes import settings

    bpy.ops.era3d.import_splats(filepath=str(write(tmp_path / "cloud.ply", columns)))
    thing = bpy.context.active_object

    def shown():
        graph = bpy.context.evaluated_depsgraph_get()
        return sum(
            each.is_instance and each.parent == thing.evaluated_get(graph)
            for each in graph.object_instances
        )

    assert shown() == 50
    owner, path = next(rest for name, *rest in settings(thing.modifiers[0]) if name == "Density")
    if path == "value":
        owner.value = 0.3
    else:
        owner[path.strip('["]')] = 0.3
    thing.update_tag()
    bpy.context.view_layer.update()
    assert 5 < shown() < 28


def _wall(job):
    """A flat splat for each pixel of the front view, in the plane of the origin."""
    image = bpy.data.images.load(str(job / "views/color_front.png"))
    values = np.array(image.pixels[:], np.float32).reshape(glyph.SIZE, glyph.SIZE, 4)
    row, column = np.nonzero(values[..., 3] > 0.5)  # Blender counts rows from below
    colors = values[row, column, :3]
    ones, spread = np.ones(len(row), np.float32), np.log(0.35 / glyph.SIZE)
    half = np.sqrt(0.5)
    columns = {
        "x": (column + 0.5) / glyph.SIZE - 0.5, "y": 0 * ones,
        "z": (row + 0.5) / glyph.SIZE - 0.5, "opacity": 9 * ones,
        "scale_0": spread * ones, "scale_1": spread * ones, "scale_2": -9 * ones,
        # A quarter turn about x, of length two: the thin axis points to the front.
        "rot_0": 2 * half * ones, "rot_1": 2 * half * ones, "rot_2": 0 * ones, "rot_3": 0 * ones,
    }  # fmt: skip
    columns |= {f"f_dc_{k}": (colors[:, k] - 0.5) / 0.28209479177387814 for k in range(3)}
    return columns, values


def _psnr(scene, camera, values, path):
    scene.render.engine, scene.cycles.samples = "CYCLES", 8
    scene.cycles.use_denoising, scene.cycles.device = False, "CPU"
    scene.render.resolution_x = scene.render.resolution_y = glyph.SIZE
    scene.render.film_transparent, scene.camera = True, camera
    scene.view_settings.view_transform, scene.render.filepath = "Standard", str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    seen = np.array(image.pixels[:], np.float32).reshape(glyph.SIZE, glyph.SIZE, 4)
    shown, wanted = (each[..., :3] * each[..., 3:] for each in (seen, values))
    return -10 * np.log10(((shown - wanted) ** 2).mean())


def test_cycles_sees_the_front_view(empty_scene, job, tmp_path):
    """Beside the job's cameras, in the same frame: the front camera sees the front view."""
    bpy.ops.era3d.import_job(directory=str(job))
    columns, values = _wall(job)
    write(tmp_path / "wall.ply", columns)
    bpy.ops.era3d.import_splats(filepath=str(tmp_path / "wall.ply"))
    wall = bpy.context.active_object
    assert wall.parent.name == "letter root"
    assert wall.users_collection[0].name == "letter"
    bpy.data.objects["letter"].hide_render = True
    camera = bpy.data.objects["letter front"]
    assert _psnr(empty_scene, camera, values, tmp_path / "front.png") > 22
    back = bpy.data.objects["letter back"]
    assert _psnr(empty_scene, back, values, tmp_path / "back.png") < 15  # the letter is mirrored


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: {k: c[k] for k in "xyz"}, "a cloud of plain points"),
        (lambda c: {k: v for k, v in c.items() if k != "rot_2"}, "lacks rot_2"),
        (lambda c: c | {"scale_1": np.full(50, np.nan)}, "50 splats have no number for scale_1"),
        (lambda c: {k: v[:0] for k, v in c.items()}, "has no points"),
    ],
)
def test_a_sentence_says_what_is_wrong(empty_scene, columns, tmp_path, change, message):
    path = write(tmp_path / "cloud.ply", change(columns))
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.era3d.import_splats(filepath=str(path))
    assert not bpy.data.objects


def test_text_meshes_and_missing_files_are_refused(empty_scene, columns, tmp_path):
    (tmp_path / "text.ply").write_text("ply\nformat ascii 1.0\nelement vertex 1\nend_header\n")
    (tmp_path / "short.ply").write_bytes(write(tmp_path / "cloud.ply", columns).read_bytes()[:-100])
    (tmp_path / "other.ply").write_bytes(b"PNG")
    mesh = {k: columns[k] for k in "xyz"}
    path = write(tmp_path / "mesh.ply", mesh)
    path.write_bytes(path.read_bytes().replace(b"end_header", b"element face 0\nend_header"))
    for name, message in (
        ("text", "text PLY"), ("short", "cannot be read"), ("other", "not a PLY"),
        ("gone", "cannot be read"), ("mesh", "a mesh, not splats"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.era3d.import_splats(filepath=str(tmp_path / f"{name}.ply"))


def test_very_many_are_thinned_and_that_is_said(empty_scene, columns, tmp_path, monkeypatch):
    from era3d_blender.scene import splats

    monkeypatch.setattr(splats, "MOST_POINTS", 20)
    bpy.ops.era3d.import_splats(filepath=str(write(tmp_path / "cloud.ply", columns)))
    thing = bpy.context.active_object
    assert len(thing.data.vertices) == 17
    assert thing[splats.THINNED_KEY] == 3


@pytest.mark.slow
def test_five_million_are_thinned_while_they_are_read(empty_scene, tmp_path):
    """A real file of that size: every fifth splat, with the file's own numbers, and no more memory
    than a few times what is kept.
    """
    import resource

    count, part, kept = 5_000_000, 100_000, 1_000_000
    names = [name for name in NAMES if name[0] != "n" and "rest" not in name]
    properties = "".join(f"property float {name}\n" for name in names)
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{properties}end_header\n"
    rng, path = np.random.default_rng(0), tmp_path / "large.ply"
    with path.open("wb") as file:
        file.write(head.encode())
        for start in range(0, count, part):
            rows = rng.standard_normal((part, len(names)), np.float32)
            rows[:, 0] = np.arange(start, start + part)
            file.write(rows.tobytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert bpy.ops.era3d.import_splats(filepath=str(path)) == {"FINISHED"}
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    thing = bpy.context.active_object
    place = np.empty(3 * len(thing.data.vertices), np.float32)
    thing.data.attributes["position"].data.foreach_get("vector", place)
    np.testing.assert_array_equal(place[::3], np.arange(0, count, 5))
    last = np.empty(kept, np.float32)
    thing.data.attributes["rot_3"].data.foreach_get("value", last)
    np.testing.assert_array_equal(last[-part // 5 :], rows[::5, -1])
    assert more < path.stat().st_size + 8 * kept * len(names) * 4


def test_the_panel_shows_density_where_there_are_splats(empty_scene, columns, tmp_path):
    from notes import draw

    from era3d_blender.ui.splats import ERA3D_PT_splats

    assert draw(ERA3D_PT_splats).operators() == ["era3d.import_splats"]
    bpy.ops.era3d.import_splats(filepath=str(write(tmp_path / "cloud.ply", columns)))
    notes = draw(ERA3D_PT_splats)
    assert notes.operators() == ["era3d.import_splats", "era3d.export_splats"]
    shown = [options["text"] for name, _, options in notes.notes if name == "prop"]
    assert shown == ["Density", "Size"]
