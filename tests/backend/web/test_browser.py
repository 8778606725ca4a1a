# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in a real browser: from a picture to a mesh, without the internet."""

import io
import json
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.backend.serve.conftest import started

pytest.importorskip("gradio", reason="the extra web")
playwright = pytest.importorskip("playwright.sync_api", reason="it drives the browser")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PICTURE = Path("examples/armchair.png")
# Without a GPU it draws WebGL in software; as root it cannot have its sandbox.
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
LONG = 600_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with started(tmp_path_factory.mktemp("server"), "--web") as (told, _):
        yield told["url"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """A browser of somebody who has not been here; it sees no host but the server's."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(120_000)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda told: complaints.append(told.text) if "Security Policy" in told.text else None,
    )
    page.goto(address)
    page.wait_for_selector("#generate")
    yield page
    elsewhere = [url for url in asked if not url.startswith((address, "data:", f"blob:{address}"))]
    context.close()
    assert elsewhere == []
    assert complaints == []


def generate(page):
    """Ask for the smallest job there is."""
    page.set_input_files("#picture input[type=file]", PICTURE)
    page.wait_for_selector("#subject img")
    page.click("text=Draft")
    page.click("text=Mesh and texture")
    page.fill("#cells input[type=number]", "64")
    page.fill("#faces input", "400")
    page.keyboard.press("Tab")
    page.click("#generate")


def wait_for(page, state):
    page.wait_for_selector(f"#status .era-status.{state}", timeout=LONG)


def test_a_job_is_cancelled_and_stays_so(page, address):
    generate(page)
    wait_for(page, "running")
    page.click("#cancel")
    wait_for(page, "cancelled")
    assert not page.is_visible("#cancel")
    page.reload()
    wait_for(page, "cancelled")


def test_from_a_picture_to_a_mesh_and_once_more_with_a_painted_view(page, address, tmp_path):
    generate(page)
    wait_for(page, "running")
    page.wait_for_selector(".era-sheet img", timeout=LONG)  # the twelve while they grow
    page.wait_for_selector("#status li.finished", timeout=LONG)
    wait_for(page, "finished")
    page.wait_for_selector("#viewer canvas")

    glb = fetched(page, "Mesh (GLB)").read_bytes()
    assert struct.unpack("<4sII", glb[:12]) == (b"glTF", 2, len(glb))
    length, kind = struct.unpack("<I4s", glb[12:20])
    assert kind == b"JSON"
    assert json.loads(glb[20 : 20 + length])["meshes"]
    for link, wanted in (("For Blender", "cameras.json"), ("Job folder", "request.json")):
        archive = zipfile.ZipFile(fetched(page, link))
        assert archive.testzip() is None
        assert f"armchair/{wanted}" in archive.namelist()

    views = page.locator("[data-view] img")
    assert views.count() == 12
    view = page.locator('[data-view="color_back"] img')
    before = view.get_attribute("src")
    full = Image.open(io.BytesIO(page.request.get(address + before).body()))
    assert full.size == (512, 512)
    view.click()
    page.wait_for_selector("#era-full[open]")
    page.click("#era-full [data-do=replace]")
    painted = ImageOps.posterize(full.convert("RGB"), 2)
    painted.putalpha(full.getchannel("A"))
    painted.save(tmp_path / "painted.png")
    page.wait_for_selector("#rebuild", state="visible")
    assert page.input_value("#view input") == "Back, colour"
    page.set_input_files("#painted input[type=file]", tmp_path / "painted.png")
    page.wait_for_selector("#painted .file-preview")
    page.click("#rebuild")
    page.wait_for_function(
        "before => document.querySelector('[data-view=color_back] img')"
        "?.getAttribute('src') !== before && document.querySelector('.era-status.finished')",
        arg=before,
        timeout=LONG,
    )
    assert page.locator("#status li.skipped").count() == 3  # only the texture was made again
    assert fetched(page, "Mesh (GLB)").read_bytes() != glb
    changed = page.request.get(address + view.get_attribute("src")).body()
    assert changed == (tmp_path / "painted.png").read_bytes()


def test_a_second_browser_sees_nothing_of_the_first(page, browser, address):
    generate(page)
    wait_for(page, "running")
    other = browser.new_context().new_page()
    other.goto(address)
    other.wait_for_selector("#status .era-status.empty")
    assert not other.is_visible("#jobs")
    page.click("#cancel")
    wait_for(page, "cancelled")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#delete")
    wait_for(page, "empty")


def test_what_is_no_picture_is_said(page, tmp_path):
    (tmp_path / "broken.png").write_bytes(PICTURE.read_bytes()[:2000])
    page.set_input_files("#picture input[type=file]", tmp_path / "broken.png")
    page.wait_for_selector("#notice [role=alert]")
    assert "damaged" in page.inner_text("#notice")


def fetched(page, link):
    with page.expect_download() as download:
        page.click(f"#downloads >> text={link}")
    return download.value.path()
