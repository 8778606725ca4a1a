# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes from one machine to another, and what stays."""

from era3d.serve.cluster.parcel import checksums, pack, unpack


def folder_with(path, **files):
    for name, content in files.items():
        target = path / name.replace("__", "/").replace("_", ".")
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(content)
    return path


def test_a_job_arrives_as_it_was_and_comes_back_as_it_became(tmp_path):
    here = folder_with(tmp_path / "here", input_png=b"i", views__a_png=b"a", old_png=b"o")
    there = tmp_path / "there"
    there.mkdir()
    unpack(pack(here), there)
    known = checksums(there)
    assert known == checksums(here)
    folder_with(there, mesh_glb=b"m", views__a_png=b"painted")
    (there / "old.png").unlink()
    back = pack(there, known)
    assert back == {"mesh.glb": b"m", "views/a.png": b"painted", "old.png": None}
    unpack(back, here)
    assert checksums(here) == checksums(there)
    assert not list(tmp_path.rglob(".tmp-*"))


def test_what_belongs_to_one_side_stays_there(tmp_path):
    here = folder_with(tmp_path, events_jsonl=b"e", log_txt=b"l", mesh_glb=b"m")
    folder_with(tmp_path, **{"_server_json": b"s", "_lock": b""})
    assert pack(here) == {"mesh.glb": b"m"}
