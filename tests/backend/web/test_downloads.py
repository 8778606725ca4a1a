# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as a zip; what is meant for Blender is what the add-on's own reader takes."""

import importlib.util
import io
import os
import sys
import zipfile

import pytest

pytest.importorskip("fastapi", reason="the extra serve")
from era3d.job import Job, Request
from era3d.stages import create_from_views, run
from era3d.web import downloads
from tests.backend.serve.conftest import REQUEST, Server
from tests.backend.serve.conftest import views as views  # a fixture


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "jobs")
    made.app.include_router(downloads.router)
    with made:
        yield made


@pytest.fixture
def job(server, views, tmp_path):
    """A job of the server whose folder is a finished one."""
    made = server.submit(views).json()["id"]
    server.until(made, "finished")
    folder = server.settings.folder / made
    done = create_from_views(tmp_path / "done", Request(**REQUEST), views[0].parent)
    run(done)
    for path in sorted(done.folder.rglob("*")):
        if path.is_file():
            (folder / path.relative_to(done.folder)).write_bytes(path.read_bytes())
    return made


def fetched(server, job, kind, **query):
    answer = server.client.get(f"/web/jobs/{job}/{kind}.zip", params=query)
    assert answer.status_code == 200, answer.text
    return answer, zipfile.ZipFile(io.BytesIO(answer.content))


def read_job():
    """The add-on's reader of job folders, which needs no Blender."""
    spec = importlib.util.spec_from_file_location("folder", "era3d_blender/scene/folder.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["folder"] = module
    spec.loader.exec_module(module)
    return module.read_job


def test_the_one_for_blender_is_one_that_the_add_on_reads(server, job, tmp_path):
    _, archive = fetched(server, job, "blender", name="my chair")
    archive.extractall(tmp_path / "unpacked")
    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == ["my-chair"]
    read = read_job()(tmp_path / "unpacked" / "my-chair")
    assert len(read.views) == 6
    assert not any("surface.ply" in name for name in archive.namelist())


def test_the_whole_folder_goes_on_where_it_was(server, job, tmp_path):
    answer, archive = fetched(server, job, "folder")
    archive.extractall(tmp_path / "unpacked")
    top = f"era3d-{job[:6]}"
    assert f'filename="{top}.zip"' in answer.headers["content-disposition"]
    unpacked = Job(tmp_path / "unpacked" / top)
    told = []
    log = unpacked.events()
    log.listeners.append(told.append)
    run(unpacked, log=log)
    assert [event["kind"] for event in told] == ["skipped", "skipped", "done"]
    hidden = [name for name in archive.namelist() if "/." in name or name.endswith("log.txt")]
    assert not hidden


@pytest.mark.parametrize("name", ["../../x", "a/b", 'a"\r\nSet-Cookie: x=1', "…", "x" * 300])
def test_a_name_is_only_a_name(server, job, name):
    answer, archive = fetched(server, job, "folder", name=name)
    tops = {each.partition("/")[0] for each in archive.namelist()}
    assert len(tops) == 1
    assert ".." not in tops.pop()
    assert "set-cookie" not in answer.headers
    assert len(answer.headers["content-disposition"]) < 100


def test_a_job_that_blender_cannot_import_is_refused_with_a_reason(server, job):
    (server.settings.folder / job / "texture.png").unlink()
    answer = server.client.get(f"/web/jobs/{job}/blender.zip")
    assert answer.status_code == 409
    assert "texture.png" in answer.json()["error"]


def test_what_is_not_there_or_runs(server, views):
    assert server.client.get(f"/web/jobs/{'0' * 32}/folder.zip").status_code == 404
    server.puppet.go.clear()
    job = server.submit(views).json()["id"]
    server.until(job, "running")
    assert server.client.get(f"/web/jobs/{job}/folder.zip").status_code == 409
    server.puppet.go.set()


def test_a_zip_is_made_piece_by_piece(tmp_path):
    content = os.urandom(5 * 2**18)
    (tmp_path / "mesh.glb").write_bytes(content)
    pieces = list(downloads.zipped(tmp_path, ["mesh.glb"], "job"))
    assert max(map(len, pieces)) < 2 * 2**18
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    assert archive.read("job/mesh.glb") == content
