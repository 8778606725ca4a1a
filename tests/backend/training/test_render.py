# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The renderer against shapes of which every pixel is known."""

import numpy as np
import pytest
import trimesh
from PIL import Image

from era3d.cameras import VIEWS, camera_axes, normals_to_world, world_to_image
from era3d.training.corpus import ColoredMesh, Corpus
from era3d.training.render import (
    LARGEST_VIEW,
    SUBJECT_FILL,
    Photo,
    frame_mesh,
    render_photo,
    render_targets,
)
from tests.backend.training.blender_reference import (
    DATA,
    ELEVATION,
    FOCAL_MM,
    OBJECTS,
    REFERENCE,
)

SIZE = 64


def colored(vertices, faces, color=(0.2, 0.4, 0.6)):
    faces = np.asarray(faces, np.int64)
    colors = np.broadcast_to(np.float32(color), (*faces.shape, 3)).copy()
    return ColoredMesh(np.asarray(vertices, np.float32), faces, colors)


def box(low, high, color):
    mesh = trimesh.creation.box(bounds=[low, high])
    return colored(mesh.vertices, mesh.faces, color)


def joined(*meshes):
    offsets = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return ColoredMesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.faces + o for m, o in zip(meshes, offsets, strict=True)]),
        np.concatenate([m.colors for m in meshes]),
    )


def test_sphere_has_its_normals_mask_and_depth():
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.5)
    targets = render_targets(frame_mesh(colored(ball.vertices, ball.faces)), SIZE)
    radius = SUBJECT_FILL / 2
    centre = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    x, y = np.meshgrid(centre, -centre)
    distance = np.hypot(x, y)
    for i, view in enumerate(VIEWS):
        alpha = targets.alpha[i]
        assert (alpha[distance < radius - 0.02] == 1).all()
        assert (alpha[distance > radius + 0.02] == 0).all()
        assert alpha.sum() / SIZE**2 == pytest.approx(np.pi * radius**2, rel=0.01)
        inner = distance < 0.9 * radius
        z = np.sqrt(radius**2 - distance[inner] ** 2)
        expected = np.stack([x[inner], y[inner], z], 1) / radius @ camera_axes(view)
        found = normals_to_world(targets.normal[i][inner] * 2 - 1)
        assert (found * expected).sum(1).min() > np.cos(np.radians(3))
        assert targets.depth[i][inner] == pytest.approx(-z, abs=0.01)
        assert targets.color[i][inner] == pytest.approx(
            np.broadcast_to([0.2, 0.4, 0.6], (inner.sum(), 3)), abs=1e-5
        )
    assert np.isinf(targets.depth[:, 0, 0]).all()
    assert (targets.normal[:, 0, 0] == 1).all()


def test_cube_keeps_its_edges_sharp():
    targets = render_targets(frame_mesh(box([-0.5] * 3, [0.5] * 3, (1, 0, 0))), SIZE)
    front, corner = VIEWS.index("front"), VIEWS.index("front_right")
    inside = targets.alpha[front] == 1
    assert targets.normal[front][inside] == pytest.approx(
        np.broadcast_to([0.5, 0.5, 1.0], (inside.sum(), 3)), abs=1e-5
    )
    row = targets.normal[corner, SIZE // 2]
    covered = np.flatnonzero(targets.alpha[corner, SIZE // 2] == 1)
    assert row[covered[2]] == pytest.approx([0.5, 0.5, 1.0], abs=1e-5)  # the front face
    assert row[covered[-3]] == pytest.approx([1.0, 0.5, 0.5], abs=1e-5)  # the right one
    assert (targets.alpha[corner] > 0).any(0).mean() == pytest.approx(LARGEST_VIEW, abs=0.03)


def test_left_and_right_are_not_swapped():
    body = box([-0.1, -0.1, -0.5], [0.1, 0.1, 0.5], (0, 0, 1))
    arm = box([0.1, -0.1, 0.3], [0.4, 0.1, 0.5], (1, 0, 0))  # towards +X, at the top
    scene = frame_mesh(joined(body, arm))
    targets = render_targets(scene, SIZE)
    photo = render_photo(scene, Photo(0.0, np.inf), SIZE)
    for picture, red_at_right in (
        (targets.color[0], True),
        (targets.color[3], False),
        (photo, True),
    ):
        red = (picture[..., 0] > 0.9) & (picture[..., 1] < 0.1)
        rows, columns = np.nonzero(red)
        assert rows.max() < SIZE // 2
        assert (columns.mean() > SIZE / 2) == red_at_right
    right = targets.color[VIEWS.index("right")]  # from +X the arm's end hides the body's top
    assert right[SIZE // 2 - 20, SIZE // 2] == pytest.approx([1, 0, 0], abs=1e-5)
    left = targets.color[VIEWS.index("left")]
    assert left[SIZE // 2 - 20, SIZE // 2] == pytest.approx([0, 0, 1], abs=1e-5)


def test_targets_are_where_the_cameras_project():
    generator = np.random.default_rng(0)
    points = generator.uniform(-0.4, 0.4, (12, 3))
    dots = [box(p - 0.03, p + 0.03, (0, 0, 0)) for p in points]
    scene = frame_mesh(joined(*dots))
    targets = render_targets(scene, SIZE)
    centres = scene.vertices.reshape(12, 8, 3).mean(1)
    for i, view in enumerate(VIEWS):
        pixel, _ = world_to_image(centres, view, SIZE)
        column, row = np.floor(pixel).astype(int).T
        assert (targets.alpha[i, row, column] == 1).all()


def test_front_target_agrees_with_an_orthographic_photo_where_it_can():
    scene = frame_mesh(box([-0.3, -0.1, -0.5], [0.3, 0.1, 0.5], (0, 0, 0)))
    photo = render_photo(scene, Photo(0.0, np.inf), SIZE)
    assert photo == pytest.approx(render_targets(scene, SIZE).color[0], abs=1e-5)


def test_perspective_enlarges_what_is_near():
    near = box([-0.2, -0.5, -0.5], [0.2, -0.4, 0.5], (1, 0, 0))
    far = box([-0.5, 0.4, -0.5], [0.5, 0.5, 0.5], (0, 0, 1))
    scene = frame_mesh(joined(near, far))
    share = []
    for lens in (35.0, 135.0, np.inf):
        picture = render_photo(scene, Photo(0.0, lens), SIZE)
        row = picture[SIZE // 2]
        share.append((row[:, 2] < 0.1).sum() / (row.min(1) < 0.1).sum())
    assert share[0] > share[1] > share[2]


def test_photo_fills_the_frame_and_is_shaded():
    scene = frame_mesh(box([-0.2, -0.5, -0.1], [0.2, 0.5, 0.1], (1, 1, 1)))
    lit = Photo(np.radians(30), 35.0, ambient=0.25, diffuse=0.5, light=(0.0, 0.0, 1.0))
    picture = render_photo(scene, lit, SIZE)
    covered = (picture < 0.99).all(-1)
    extent = max(covered.any(0).sum(), covered.any(1).sum())
    assert extent == pytest.approx(SUBJECT_FILL * SIZE, abs=1.5)
    values = np.unique(np.round(picture[covered], 2))
    assert 0.25 in values  # the front, turned away from the light
    assert 0.75 in values  # the top
    assert Photo(0.0, 48.0).focal_label == pytest.approx(0.5)
    assert Photo(0.0, np.inf).focal_label == 0


def test_back_faces_are_drawn_with_normals_towards_the_camera():
    sheet = colored(
        [[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0, 0.5], [-0.5, 0, 0.5]], [[0, 1, 2], [0, 2, 3]]
    )
    targets = render_targets(frame_mesh(sheet), SIZE)
    middle = targets.normal[:, SIZE // 2, SIZE // 2] * 2 - 1
    assert middle[VIEWS.index("front")] == pytest.approx([0, 0, 1], abs=1e-5)
    assert middle[VIEWS.index("back")] == pytest.approx([0, 0, -1], abs=1e-5)


@pytest.fixture(scope="module")
def blender():
    """Blender's own pictures; `blender_reference.py` makes them."""
    with np.load(REFERENCE) as drawn:
        return dict(drawn)


@pytest.mark.parametrize("index", OBJECTS)
def test_views_are_those_of_blender(blender, index):
    corpus = Corpus(DATA / "corpus")
    targets = render_targets(frame_mesh(corpus.mesh(corpus.records[index])), 64, 4)
    color, normal = (blender[f"{kind}_{index}"].astype(np.float32) for kind in ("color", "normal"))
    alpha = color[..., 3]
    assert np.abs(targets.alpha - alpha).mean() < 0.004
    assert (np.abs(targets.alpha - alpha) > 0.15).mean() < 0.002
    on_white = color[..., :3] + 1 - alpha[..., None]
    assert np.abs(targets.color - on_white).mean() < 0.006
    inside = (alpha > 0.99) & (targets.alpha > 0.99)
    ours = normals_to_world(targets.normal[inside] * 2 - 1)
    theirs = normal[inside][:, :3] * 2 - 1
    length = np.linalg.norm(theirs, axis=-1)
    # Blender averages normals across an edge within a pixel, which shortens them: not compared.
    sure = length > 0.98
    cosine = (ours * theirs).sum(-1)[sure] / length[sure]
    assert sure.mean() > 0.5
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).mean() < 1
    assert (cosine > np.cos(np.radians(10))).mean() > 0.99


@pytest.mark.parametrize("index", OBJECTS)
def test_a_photo_is_blender_s_cropped(blender, index):
    corpus = Corpus(DATA / "corpus")
    scene = frame_mesh(corpus.mesh(corpus.records[index]))
    ours = render_photo(scene, Photo(np.radians(ELEVATION), FOCAL_MM), 64, 4)
    rgba = blender[f"photo_{index}"].astype(np.float32) / 255
    white = rgba[..., :3] + 1 - rgba[..., 3:]
    rows, columns = (np.flatnonzero((rgba[..., 3] > 0.5).any(axis)) for axis in (1, 0))
    side = max(np.ptp(rows) + 1, np.ptp(columns) + 1) / SUBJECT_FILL
    middle = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    box = [m + s * side / 2 for s in (-1, 1) for m in middle]
    padded = Image.new("RGB", (1536, 1536), "white")
    padded.paste(Image.fromarray(np.rint(white.clip(0, 1) * 255).astype(np.uint8)), (512, 512))
    theirs = padded.resize((64, 64), Image.Resampling.BOX, [512 + b for b in box])
    difference = np.abs(ours - np.asarray(theirs, np.float32) / 255)
    assert difference.mean() < 0.01
    level = render_photo(scene, Photo(0.0, FOCAL_MM), 64, 4)
    assert np.abs(level - np.asarray(theirs, np.float32) / 255).mean() > 0.03
