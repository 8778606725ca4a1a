# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the page on a server's app."""

import logging
import os
import shutil
from importlib.resources import files

# Read while Gradio is imported: it tells nobody that it runs, and looks for no newer version.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI

from era3d.serve.settings import ServerSettings
from era3d.web import downloads, login
from era3d.web.door import Door
from era3d.web.inside import CLIENT, Inside
from era3d.web.page import build_page
from era3d.web.theme import theme

_UPLOADS = ".page"


def add_page(app: FastAPI, settings: ServerSettings) -> None:
    """Let a server's app show the page at ``/``, beside its interface.

    Parameters
    ----------
    app : FastAPI
        As `era3d.serve.app.create_app` makes it, before it runs.
    settings : ServerSettings
        The same that the app was made with.
    """
    # Uploads lie with the jobs: on the disk whose room is watched, and for nobody else to read.
    uploads = settings.folder / _UPLOADS
    shutil.rmtree(uploads, ignore_errors=True)
    uploads.mkdir(parents=True, mode=0o700)
    os.environ["GRADIO_TEMP_DIR"] = str(uploads.resolve())

    app.include_router(login.router)
    app.include_router(downloads.router)
    page = build_page(Inside(app), settings)
    here = files("era3d.web")
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        css=here.joinpath("page.css").read_text("utf-8"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        allowed_paths=[],
        max_file_size=settings.limits.upload_bytes,
    )
    # Only a page that counts as launched checks that the files which a browser names are uploads.
    page.has_launched = True
    app.add_middleware(Door, settings=settings)
    logging.getLogger("era3d.serve").addFilter(_is_worth_a_line)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Leave out what the page fetches and asks all the time, unless it was refused."""
    match record.args:
        case (client, str(), str(path), int(status), float()) if status < 400:
            return client != CLIENT and not path.startswith(
                ("/assets/", "/static/", "/gradio_api/")
            )
    return True
