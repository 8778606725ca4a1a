# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build dist/era3d-<version>.zip: one extension for every platform, the backend's wheel inside."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
ADDON, MANIFEST, LICENSE = ROOT / "era3d_blender", ROOT / "blender_manifest.toml", ROOT / "LICENSE"
LOCK = {
    "requirements.txt": ROOT / "requirements/base.txt",
    "torch-version.txt": ROOT / "requirements/torch-version.txt",
}
MANUAL = ROOT / "docs/addon.md"
_STYLE = "<style>body { font: 16px/1.5 sans-serif; max-width: 48em; margin: 2em auto; }</style>"
# Everything in the zip carries this time, so that the same sources make the same bytes.
_TIME = (2026, 1, 1, 0, 0, 0)
_EPOCH = "1767225600"
_REQUIRED = ("schema_version", "id", "version", "name", "tagline", "maintainer", "type")
_REQUIRED += ("license", "blender_version_min")
_OPTIONAL = ("blender_version_max", "website", "copyright", "permissions", "tags", "platforms")
# Blender may name the package bl_ext.<anything>.era3d; and these have no place in an extension.
_SEPARATE = ("carrier/", "installer/")  # run by processes of their own, where threads may be
_FORBIDDEN = re.compile(
    r"^\s*(?:import|from)\s+(?:era3d_blender|threading|multiprocessing|requests|urllib(?!\.parse))\b|sys\.path",
    re.MULTILINE,
)


class BuildError(Exception):
    """The zip would not be right; the message says why."""


def main() -> int:
    """Build, check, and write a repository if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zip")
    parser.add_argument("--blender", help="a Blender whose validator checks the zip")
    parser.add_argument(
        "--repository", type=Path, metavar="DIR", help="also write a self-hosted repository there"
    )
    options = parser.parse_args()
    try:
        tool = find_extension_tool(options.blender)
        archive = build(options.out)
        print(archive, f"{archive.stat().st_size / 1e6:.1f} MB")
        print(validate(archive, tool))
        if options.repository:
            print(write_repository(options.repository, archive, tool))
    except BuildError as error:
        print(f"build_addon: {error}", file=sys.stderr)
        return 1
    return 0


def build(folder: Path) -> Path:
    """Write the zip into a folder and return its path.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Raises
    ------
    BuildError
        When the manifest, the add-on's sources or the wheel are not as they must be.
    """
    manifest = tomllib.loads(MANIFEST.read_text("utf-8"))
    check_manifest(manifest)
    files = addon_files()
    check_sources(files)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{manifest['id']}-{manifest['version']}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch), manifest["version"])
        files |= {f"backend/{wheel.name}": wheel, MANIFEST.name: MANIFEST, "LICENSE": LICENSE}
        files |= {f"backend/{name}": path for name, path in LOCK.items()}
        manual = Path(scratch) / "addon.html"
        manual.write_text(build_manual(), "utf-8")
        files["manual/addon.html"] = manual
        partial = archive.with_suffix(".part")
        with zipfile.ZipFile(partial, "w") as packed:
            for name in sorted(files):
                _pack(packed, name, files[name].read_bytes())
        partial.replace(archive)
    return archive


def addon_files() -> dict[str, Path]:
    """Return the add-on's sources by their name in the zip."""
    return {path.relative_to(ADDON).as_posix(): path for path in ADDON.rglob("*.py")}


def build_manual() -> str:
    """Return the add-on's manual as a page whose headings can be linked to, as on the web."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt().enable("table")
    tokens = parser.parse(MANUAL.read_text("utf-8"))
    for token, following in itertools.pairwise(tokens):
        if token.type == "heading_open":
            slug = re.sub(r"[^a-z0-9]+", "-", following.content.lower()).strip("-")
            token.attrSet("id", slug)
    tokens = [token for token in tokens if not _is_picture(token)]  # they are not in the zip
    body = parser.renderer.render(tokens, parser.options, {})
    return f"<!doctype html>\n<meta charset=utf-8>\n<title>Era3D</title>\n{_STYLE}\n{body}"


def _is_picture(token: Any) -> bool:
    return bool(token.children) and token.children[0].type == "image"


def build_wheel(folder: Path, version: str) -> Path:
    """Build the backend's wheel with the packages that are installed here."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(ROOT)],
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        capture_output=True,
        text=True,
    )
    wheel = folder / f"era3d-{version}-py3-none-any.whl"
    if done.returncode or not wheel.is_file():
        raise BuildError(f"the backend's wheel was not built:\n{done.stdout}{done.stderr}")
    return wheel


def check_manifest(manifest: dict[str, Any]) -> None:
    """Check what Blender demands of a manifest, and that it holds nothing unknown."""
    missing = [key for key in _REQUIRED if key not in manifest]
    unknown = sorted(set(manifest) - {*_REQUIRED, *_OPTIONAL})
    if missing or unknown:
        raise BuildError(f"{MANIFEST.name}: missing {missing}, unknown {unknown}")
    for key in ("version", "blender_version_min"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", manifest[key]):
            raise BuildError(f"{MANIFEST.name}: {key} must be three numbers")
    if len(manifest["tagline"]) > 64 or not manifest["tagline"][-1].isalnum():
        raise BuildError(f"{MANIFEST.name}: the tagline is too long or ends in punctuation")


def check_sources(files: dict[str, Path]) -> None:
    """Check that the add-on is a package of its own that imports nothing it must not."""
    if "__init__.py" not in files:
        raise BuildError("the add-on has no __init__.py")
    for name, path in files.items():
        found = _FORBIDDEN.search(path.read_text("utf-8"))
        if found and not name.startswith(_SEPARATE):
            raise BuildError(f"{name}: {found.group().strip()} has no place in an extension")


def find_extension_tool(blender: str | None) -> list[str] | None:
    """Return the start of a command line of Blender's own extension tool, or None.

    Parameters
    ----------
    blender : str, optional
        A Blender executable; else the tool inside an installed ``bpy`` is looked for, here and in
        the environments that the Makefile makes.
    """
    if blender:
        if not shutil.which(blender):
            raise BuildError(f"there is no Blender at {blender}")
        return [blender, "--command", "extension"]
    homes = [Path(sys.prefix), *sorted(ROOT.glob(".venv-bpy-*"), reverse=True)]
    pattern = "[Ll]ib/**/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    tool = next((found for home in homes for found in home.glob(pattern)), None)
    return [sys.executable, str(tool)] if tool else None


def validate(archive: Path, tool: list[str] | None) -> str:
    """Let Blender check the zip and return a line that says so, or that nothing could."""
    if tool is None:
        return "not checked by Blender: give --blender, or run `make build`"
    done = subprocess.run([*tool, "validate", str(archive)], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"Blender refuses the zip:\n{done.stdout}{done.stderr}")
    return f"checked by {tool[-1] if len(tool) == 2 else tool[0]}"


def write_repository(folder: Path, archive: Path, tool: list[str] | None) -> Path:
    """Put the zip and an index into a folder that any web server can offer to Blender."""
    folder.mkdir(parents=True, exist_ok=True)
    if archive.resolve() != (folder / archive.name).resolve():
        shutil.copyfile(archive, folder / archive.name)
    index = folder / "index.json"
    if tool is None:
        index.write_text(json.dumps(describe_repository(folder), indent=2), "utf-8")
        return index
    done = subprocess.run(
        [*tool, "server-generate", f"--repo-dir={folder}"], capture_output=True, text=True
    )
    if done.returncode:
        raise BuildError(f"Blender made no repository:\n{done.stdout}{done.stderr}")
    return index


def describe_repository(folder: Path) -> dict[str, Any]:
    """Return the listing of a folder of extensions as Blender's own tool writes it."""
    entries = []
    for archive in sorted(folder.glob("*.zip")):
        data = archive.read_bytes()
        with zipfile.ZipFile(archive) as packed:
            manifest = tomllib.loads(packed.read(MANIFEST.name).decode())
        entries.append(
            {
                **manifest,
                "archive_url": f"./{archive.name}",
                "archive_size": len(data),
                "archive_hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
            }
        )
    return {"version": "v1", "blocklist": [], "data": entries}


def _pack(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # the same on every system
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
    packed.writestr(entry, data)


if __name__ == "__main__":
    sys.exit(main())
