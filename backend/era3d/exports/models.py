# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The painted mesh as OBJ, STL and USD."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.cameras import world_to_gltf
from era3d.export import srgb_to_linear
from era3d.exports.extras import need
from era3d.texture.textured_mesh import ColoredMesh, TexturedMesh

_STL_FACE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def export_obj(mesh: TexturedMesh | ColoredMesh, path: Path) -> None:
    """Write an OBJ with Y up, as most programs take it; the texture's MTL and PNG lie beside it."""
    vertices = world_to_gltf(mesh.vertices)
    lines = ["o era3d", *_rows("vn", world_to_gltf(mesh.normals))]
    corner = "{0}//{0}"
    if isinstance(mesh, ColoredMesh):
        lines += _rows("v", np.concatenate([vertices, mesh.colors], 1))
    else:
        corner = "{0}/{0}/{0}"
        # OBJ counts the rows of pictures from below.
        uv = np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], 1)
        lines += [*_rows("v", vertices), *_rows("vt", uv)]
        lines += [f"mtllib {path.stem}.mtl", "usemtl era3d"]
        Image.fromarray(mesh.image).save(path.with_suffix(".png"))
        material = f"newmtl era3d\nKd 1 1 1\nKs 0 0 0\nmap_Kd {path.stem}.png\n"
        path.with_suffix(".mtl").write_text(material, encoding="utf-8")
    lines += ["f " + " ".join(corner.format(index + 1) for index in face) for face in mesh.faces]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def export_stl(mesh: TexturedMesh | ColoredMesh, path: Path) -> None:
    """Write a binary STL with Z up, as printers take it; it knows no colours."""
    corners = mesh.vertices[mesh.faces]
    faces = np.zeros(len(corners), _STL_FACE)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    faces["normal"] = normal / np.maximum(length, 1e-20)
    faces["corners"] = corners
    header = b"Era3D for Blender".ljust(80, b" ")
    path.write_bytes(header + np.uint32(len(faces)).astype("<u4").tobytes() + faces.tobytes())


def export_usd(mesh: TexturedMesh | ColoredMesh, path: Path) -> None:
    """Write USD with Z up; a texture lies beside it as PNG.

    Raises
    ------
    InputError
        If usd-core is not installed.
    """
    need("pxr", "usd", "USD")
    from pxr import Gf, Sdf, Usd, UsdGeom, Vt

    path.unlink(missing_ok=True)
    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    surface = UsdGeom.Mesh.Define(stage, "/era3d")
    stage.SetDefaultPrim(surface.GetPrim())
    surface.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(_floats(mesh.vertices)))
    surface.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(_floats(mesh.normals)))
    surface.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    surface.CreateFaceVertexCountsAttr(Vt.IntArray(len(mesh.faces), 3))
    surface.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(mesh.faces.reshape(-1)))
    surface.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    low, high = mesh.vertices.min(0).tolist(), mesh.vertices.max(0).tolist()
    surface.CreateExtentAttr([Gf.Vec3f(*low), Gf.Vec3f(*high)])
    values = UsdGeom.PrimvarsAPI(surface)
    if isinstance(mesh, ColoredMesh):
        colors = Vt.Vec3fArray.FromNumpy(_floats(srgb_to_linear(mesh.colors)))
        surface.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex).Set(colors)
    else:
        kind, each = Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex
        uv = np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], 1)
        values.CreatePrimvar("st", kind, each).Set(Vt.Vec2fArray.FromNumpy(_floats(uv)))
        Image.fromarray(mesh.image).save(path.with_suffix(".png"))
        _add_material(stage, surface, f"./{path.stem}.png")
    stage.GetRootLayer().Save()


def _add_material(stage: Any, surface: Any, picture: str) -> None:
    from pxr import Sdf, UsdShade

    material = UsdShade.Material.Define(stage, "/era3d/material")
    shader = UsdShade.Shader.Define(stage, "/era3d/material/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(1.0)
    reader = UsdShade.Shader.Define(stage, "/era3d/material/uv")
    reader.CreateIdAttr("UsdPrimvarReader_float2")
    reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("st")
    texture = UsdShade.Shader.Define(stage, "/era3d/material/texture")
    texture.CreateIdAttr("UsdUVTexture")
    texture.CreateInput("file", Sdf.ValueTypeNames.Asset).Set(picture)
    texture.CreateInput("sourceColorSpace", Sdf.ValueTypeNames.Token).Set("sRGB")
    place = reader.CreateOutput("result", Sdf.ValueTypeNames.Float2)
    texture.CreateInput("st", Sdf.ValueTypeNames.Float2).ConnectToSource(place)
    color = texture.CreateOutput("rgb", Sdf.ValueTypeNames.Float3)
    diffuse = shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f)
    diffuse.ConnectToSource(color)
    result = shader.CreateOutput("surface", Sdf.ValueTypeNames.Token)
    material.CreateSurfaceOutput().ConnectToSource(result)
    UsdShade.MaterialBindingAPI.Apply(surface.GetPrim()).Bind(material)


def _rows(kind: str, values: NDArray[np.floating]) -> list[str]:
    return [kind + "".join(f" {each:.7g}" for each in row) for row in values.tolist()]


def _floats(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
