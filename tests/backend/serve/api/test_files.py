# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files over HTTP: ranges, edited views, and nothing from outside the job."""

import hashlib
import io

import pytest
from PIL import Image


@pytest.fixture
def job(server, views):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    return job


def png(size=64, mode="RGBA"):
    file = io.BytesIO()
    Image.new(mode, (size, size), 90).save(file, "PNG")
    return file.getvalue()


def test_every_listed_file_has_its_size_and_checksum(server, job):
    listed = server.client.get(f"/v1/jobs/{job}/files").json()["files"]
    names = [each["path"] for each in listed]
    assert {"request.json", "cameras.json", "mesh.glb", "views/normal_back.png"} <= set(names)
    assert not [name for name in names if name[0] == "." or "/." in name]
    for each in listed:
        content = server.client.get(f"/v1/jobs/{job}/files/{each['path']}").content
        assert len(content) == each["size"]
        assert hashlib.sha256(content).hexdigest() == each["sha256"]


def test_a_download_goes_on_where_it_broke_off(server, job):
    url = f"/v1/jobs/{job}/files/mesh.glb"
    whole = server.client.get(url)
    etag = {"If-Range": whole.headers["etag"]}
    part = server.client.get(url, headers={"Range": "bytes=1000-"} | etag)
    assert part.status_code == 206
    assert whole.content[:1000] + part.content == whole.content
    (server.settings.folder / job / "mesh.glb").write_bytes(b"new" * 9000)
    part = server.client.get(url, headers={"Range": "bytes=1000-"} | etag)
    assert (part.status_code, part.content) == (200, b"new" * 9000)
    assert server.client.get(url, headers={"Range": "bytes=99999-"}).status_code == 416
    assert server.client.head(url).headers["content-length"] == "27000"


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "..%2f..%2fetc%2fpasswd", "%2e%2e/.server.json", ".server.json", "/etc/passwd"),
        *("views", "events.jsonl", "views/%2e%2e/request.json", "nothing.png", "%00", "a" * 5000),
    ],
)
def test_nothing_else_can_be_read(server, job, path):
    answer = server.client.get(f"/v1/jobs/{job}/files/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_an_edited_view_takes_the_place_of_the_old_one(server, job):
    content = png()
    answer = server.client.put(f"/v1/jobs/{job}/files/views/color_front.png", content=content)
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert server.client.get(f"/v1/jobs/{job}/files/views/color_front.png").content == content
    answer = server.client.put(f"/v1/jobs/{job}/files/input.png", content=png(mode="L"))
    assert answer.status_code == 200


def test_a_mask_is_put_and_taken_away(server, job):
    url = f"/v1/jobs/{job}/files/mask.png"
    assert server.client.put(url, content=b"no picture").status_code == 422
    assert server.client.put(url, content=png(mode="RGB")).status_code == 200
    assert server.client.get(url).status_code == 200
    for _ in range(2):
        assert server.client.delete(url).status_code == 204
    assert server.client.get(url).status_code == 404
    assert server.client.delete(f"/v1/jobs/{job}/files/mesh.glb").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["mesh.glb", "request.json", ".server.json", "views/x.png", "views/%2e%2e/input.png", "x/y"],
)
def test_nothing_else_can_be_written(server, job, path):
    before = server.client.get(f"/v1/jobs/{job}/files").json()
    assert server.client.put(f"/v1/jobs/{job}/files/{path}", content=png()).status_code == 403
    assert server.client.get(f"/v1/jobs/{job}/files").json() == before


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"no picture", 422), (png()[:-40], 422), (png(4000), 413)],
)
def test_what_is_no_view_leaves_the_old_one(server, job, content, status):
    url = f"/v1/jobs/{job}/files/views/color_front.png"
    before = server.client.get(url).content
    assert server.client.put(url, content=content).status_code == status
    assert server.client.get(url).content == before
    assert not list((server.settings.folder / job).rglob(".tmp-*"))


def test_a_job_that_runs_cannot_be_edited(server, views):
    server.puppet.go.clear()
    job = server.submit(views).json()["id"]
    answer = server.client.put(f"/v1/jobs/{job}/files/input.png", content=png())
    assert answer.status_code == 409
    server.puppet.go.set()
