# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's rules for extensions and an artist's patience ask for, as a checklist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")
import texts  # noqa: E402
from glyph import png, view  # noqa: E402
from notes import Notes  # noqa: E402

pytestmark = pytest.mark.bpy
ADDON = texts.ADDON
ROOT = ADDON.parent
# Programs of their own, run by a Python without Blender: threads and the network are theirs.
APART = ("carrier", "installer")
SOURCES = {
    path.relative_to(ADDON).as_posix(): path.read_text("utf-8")
    for path in sorted(ADDON.rglob("*.py"))
    if path.relative_to(ADDON).parts[0] not in APART
}


def imports(source):
    """Return the roots of everything that a source imports from elsewhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_nothing_is_imported_but_blender_numpy_and_python_without_threads_and_network():
    threads = {"threading", "multiprocessing", "_thread", "asyncio", "concurrent"}
    network = {"socket", "ssl", "http", "ftplib", "xmlrpc", "requests"}
    blenders = {"bpy", "bpy_extras", "mathutils", "gpu", "bl_operators", "numpy", "__future__"}
    for name, source in SOURCES.items():
        used = set(imports(source))
        assert used <= blenders | set(sys.stdlib_module_names), name
        assert not used & (threads | network), name
        assert "urllib.request" not in source, name


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bsys\.path\b|\bsite\.addsitedir\b",
        r"['\"]pip['\"]|ensurepip",
        r"\beval\(|\bexec\(|os\.system|shell=True",
        r"keyconfig|keymap",  # the keymap is the artist's
        r"bpy\.ops\.wm\.save_userpref",
        r"os\.chdir|bpy\.context\.window_manager\.popup_menu",
    ],
)
def test_what_has_no_place_in_an_extension(pattern):
    for name, source in SOURCES.items():
        code = "\n".join(line.partition("  # ")[0] for line in source.splitlines())
        assert not re.search(pattern, code), name


def test_processes_are_started_in_one_place():
    users = {name for name, source in SOURCES.items() if "Popen(" in source}
    assert users == {"client/process.py"}


def test_what_goes_online_asks_blender_first():
    asked = {name for name, source in SOURCES.items() if "online_access" in source}
    assert {"preferences.py", "operators/set_up.py", "operators/download_model.py"} <= asked
    downloads = {name for name, source in SOURCES.items() if "question.download(" in source}
    assert downloads == {"operators/download_model.py"}


def test_the_manifest_has_no_wheels_and_tells_of_what_is_used():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert "wheels" not in manifest
    assert {"files", "network", "clipboard"} <= set(manifest["permissions"])
    for reason in manifest["permissions"].values():
        assert len(reason) <= 64
        assert reason[-1].isalnum()


def test_a_session_writes_nothing_beside_the_addon(empty_scene, backend, tmp_path):
    def stamps():
        files = (path for path in ADDON.rglob("*") if "__pycache__" not in path.parts)
        return {path: path.stat().st_mtime_ns for path in files if path.is_file()}

    backend("good")
    before = stamps()
    picture = tmp_path / "cat.png"
    picture.write_bytes(png(view(0)[0]))
    bpy.ops.era3d.generate(filepath=str(picture))
    bpy.ops.era3d.preset_add(name="Mine")
    bpy.types.ERA3D_MT_presets.bl_label = "Presets"
    bpy.ops.era3d.history_refresh()
    bpy.ops.era3d.rebuild(stage="texture")
    assert stamps() == before


def test_everything_has_a_tooltip():
    from era3d_blender import objects, preferences, properties

    settings = (properties.Era3DSettings, preferences.Era3DPreferences, objects.Era3DObject)
    without = []
    for cls in texts.own_classes():
        rna = cls.bl_rna
        if issubclass(cls, bpy.types.Operator):
            rna = getattr(bpy.ops.era3d, cls.bl_idname.partition(".")[2]).get_rna_type()
            if not rna.description and not hasattr(cls, "description"):
                without.append(cls.bl_idname)
        elif cls not in settings:
            continue
        base = {known.identifier for known in rna.base.properties} if rna.base else set()
        for known in rna.properties:
            own = known.identifier not in base and not known.is_hidden
            if own and known.identifier in texts.shown() and not known.description:
                without.append(f"{cls.__name__}.{known.identifier}")
    assert not without


def test_tooltips_are_one_line_without_a_full_stop():
    for text in texts.all_texts():
        assert "\n" not in text
        assert not text.endswith(".") or text.endswith(".."), text


def test_f1_finds_a_heading_for_each_operator_and_setting(registered):
    from fnmatch import fnmatchcase

    from era3d_blender import manual, properties

    prefix, pairs = manual.manual_map()
    assert prefix.startswith("file://")
    text = (ROOT / "docs/addon.md").read_text("utf-8")
    headings = {slug(line) for line in text.splitlines() if line.startswith("#")}
    assert {suffix for _, suffix in pairs} <= {f"#{heading}" for heading in headings}
    asked = [cls.bl_idname for cls in texts.own_classes() if issubclass(cls, bpy.types.Operator)]
    asked = [f"bpy.ops.{name}" for name in asked]
    asked += [f"bpy.types.era3dsettings.{name}" for name in properties.names()]
    for name in asked:
        assert any(fnmatchcase(name, pattern) for pattern, _ in pairs), name


def slug(line):
    return re.sub(r"[^a-z0-9]+", "-", line.lower()).strip("-")


def test_the_keymap_and_the_handlers_are_left_as_they_were(registered):
    def state():
        keys = bpy.context.window_manager.keyconfigs.addon
        maps = {each.name: len(each.keymap_items) for each in keys.keymaps} if keys else {}
        lists = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
        return maps, [len(each) for each in lists if isinstance(each, list)]

    with_us = state()[0]
    registered.unregister()
    without = state()
    registered.register()
    registered.unregister()
    try:
        assert state() == without
        assert with_us == without[0]
    finally:
        registered.register()


def test_only_settings_are_on_the_scene(empty_scene):
    from era3d_blender import properties

    own = set(empty_scene.era3d.bl_rna.properties.keys()) - {"rna_type", "name"}
    assert own >= set(properties.names())
    for known in empty_scene.era3d.bl_rna.properties:
        assert known.type in {"ENUM", "INT", "FLOAT", "BOOLEAN", "STRING", "POINTER"}


def test_a_file_saved_during_a_job_holds_nothing_of_it(empty_scene, backend, tmp_path):
    from era3d_blender import backend as process
    from era3d_blender import jobs
    from era3d_blender.client import environment

    backend("slow")
    (tmp_path / "cat.png").write_bytes(png(view(0)[0]))
    job = tmp_path / "job of a cat"
    job.mkdir()
    order = environment.generate_order(environment.Generation(tmp_path / "cat.png"), job)
    way = environment.local_worker(environment.find_python())
    jobs.start(process.supervisor(way, order, job))
    file = tmp_path / "autosave.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file), copy=True, compress=False)
    assert jobs.running()
    assert b"job of a cat" not in file.read_bytes()
    assert b"Supervisor" not in file.read_bytes()


NEWER = """
import os, sys
import bpy
from bpy.props import EnumProperty, PointerProperty, StringProperty
class Era3DSettings(bpy.types.PropertyGroup):
    model: EnumProperty(items=[(n, n, "") for n in ("mini", "6view", "ortho", "CUSTOM", "nine")])
    quality: EnumProperty(items=[(n, n, "") for n in ("draft", "standard", "reference", "ultra")])
    halo: StringProperty()
bpy.utils.register_class(Era3DSettings)
bpy.types.Scene.era3d = PointerProperty(type=Era3DSettings)
bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
settings = bpy.context.scene.era3d
settings.model, settings.quality, settings.halo = "nine", "ultra", "new"
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
os._exit(0)
"""


def test_a_file_of_a_newer_version_of_the_addon(empty_scene, backend, tmp_path):
    from era3d_blender.ui.generate import draw_settings

    file = tmp_path / "newer.blend"
    subprocess.run([sys.executable, "-c", NEWER, str(file)], check=True, timeout=60)
    backend("good")
    bpy.ops.wm.open_mainfile(filepath=str(file))
    settings = bpy.context.scene.era3d
    draw_settings(Notes(), settings, None)
    (tmp_path / "cat.png").write_bytes(png(view(0)[0]))
    bpy.ops.era3d.choose_picture(filepath=str(tmp_path / "cat.png"))
    from era3d_blender.properties import request_of

    with pytest.raises(ValueError, match="Model: this file was saved by a newer version"):
        request_of(settings)
    settings.model = "mini"
    settings.quality = "draft"
    assert request_of(settings)["model"] == "mini"


@pytest.mark.parametrize("name", ["de", "zh_hans"])
def test_every_text_is_translated(registered, name):
    from importlib import import_module

    own = import_module(f"era3d_blender.translations.{name}").TEXTS
    wanted = texts.all_texts()
    assert not sorted(wanted - set(own)), "not translated"
    assert not sorted(set(own) - wanted), "translated, but nowhere to be seen"
    for text, translated in own.items():
        assert translated.strip(), text
        assert re.findall(r"{[^}]*}", translated) == re.findall(r"{[^}]*}", text), text
        assert translated.endswith(".") == text.endswith("."), text


def test_the_translations_are_under_blenders_names(registered):
    from era3d_blender import translations

    told = translations.table()
    assert {"de_DE", "zh_HANS"} <= set(told)
    assert told["de_DE"][("Operator", "Cancel")] == told["de_DE"][("*", "Cancel")] == "Abbrechen"


def test_blenders_own_validator_takes_the_sources(tmp_path):
    import shutil

    tool = Path(bpy.utils.system_resource("SCRIPTS")) / "addons_core/bl_pkg/cli/blender_ext.py"
    shutil.copytree(ADDON, tmp_path / "era3d", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "blender_manifest.toml", tmp_path / "era3d")
    command = [sys.executable, str(tool), "validate", str(tmp_path / "era3d")]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
