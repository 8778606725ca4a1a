# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Gradio app with the signature of Era3D's Space, on loopback, that behaves as a test says."""

import contextlib
import functools
import os
import socket
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from tests.backend.sphere import sphere_views

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
SIZE = 64


def on_white(images):
    """Pictures (6, S, S, 3) as the Space gives them: without alpha."""
    alpha = images[..., 3:] / 255.0
    return np.round(images[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


@dataclass
class Behaviour:
    """What the Space does next, and what it was asked."""

    asleep: int = 0  # answers of 503 before it wakes
    closed: int = 0  # the status of all its answers
    works: float = 0.0  # seconds
    refusal: str = ""
    silent: bool = False  # it does not say what went wrong
    pictures: list = field(default_factory=list)
    asked: dict = field(default_factory=dict)
    headers: list = field(default_factory=list)
    runs: int = 0


class FakeSpace:
    def __init__(self, behaviour, changed=False):
        self.behaviour, self.address, self._changed = behaviour, "", changed

    def blocks(self):
        import gradio as gr

        behaviour = self.behaviour

        def run_pipeline(
            pipeline, single_image, guidance_scale, steps, seed, crop_size, chk_group=None
        ):
            behaviour.runs += 1
            behaviour.asked = {
                "single_image": single_image,
                "guidance_scale": guidance_scale,
                "steps": steps,
                "seed": seed,
                "crop_size": crop_size,
                "chk_group": chk_group,
            }
            began = time.monotonic()
            while time.monotonic() < began + behaviour.works:  # a test may let it go on
                time.sleep(0.05)
            if behaviour.silent:
                raise RuntimeError("CUDA out of memory")
            if behaviour.refusal:
                raise gr.Error(behaviour.refusal)
            return list(behaviour.pictures)

        def preprocess(predictor, input_image, chk_group=None):
            return input_image, input_image

        with gr.Blocks(analytics_enabled=False) as blocks:
            given = gr.Image(type="pil", image_mode="RGBA")
            framed = gr.Image(type="pil", image_mode="RGBA")
            small = gr.Image(type="pil", image_mode="RGBA")
            tick = gr.CheckboxGroup(["Background Removal"])
            write = gr.CheckboxGroup(["Write Results"])
            scale, steps = gr.Slider(1, 5, 3), gr.Slider(15, 100, 40)
            seed, crop = gr.Number(600), gr.Number(420)
            views = [gr.Image() for _ in range(12)]
            button = gr.Button()
            if self._changed:
                button.click(lambda picture: picture, [given], [framed], api_name="remove")
                return blocks
            button.click(
                functools.partial(preprocess, None), [given, tick], [framed, small]
            ).success(
                functools.partial(run_pipeline, None),
                [framed, scale, steps, seed, crop, write],
                views,
            )
        return blocks

    async def door(self, app, scope, receive, send):
        behaviour = self.behaviour
        if scope["type"] == "http":
            behaviour.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
            status = behaviour.closed or (503 if behaviour.asleep else 0)
            behaviour.asleep = max(behaviour.asleep - 1, 0)
            if status:
                await send({"type": "http.response.start", "status": status, "headers": []})
                await send({"type": "http.response.body", "body": b"<html>"})
                return
        await app(scope, receive, send)

    @contextlib.contextmanager
    def up(self):
        import gradio as gr
        import uvicorn
        from fastapi import FastAPI

        app = gr.mount_gradio_app(
            FastAPI(), self.blocks(), "/", ssr_mode=False, show_error=not self.behaviour.silent
        )

        async def guarded(scope, receive, send):
            await self.door(app, scope, receive, send)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(guarded, log_level="error", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.02)
            self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                yield self
            finally:
                server.should_exit = True
                thread.join(20)


@pytest.fixture(scope="module")
def running_space():
    pytest.importorskip("gradio", reason="plays the Space; it comes with the extra web")
    with FakeSpace(Behaviour()).up() as space:
        yield space


@pytest.fixture
def space(running_space):
    """A Space that gives the views of a sphere."""
    views = sphere_views(SIZE)
    running_space.behaviour.__dict__.update(
        Behaviour(pictures=[*on_white(views.color), *on_white(views.normal)]).__dict__
    )
    return running_space


@pytest.fixture(scope="session")
def subject(tmp_path_factory):
    path = tmp_path_factory.mktemp("subject") / "subject.png"
    picture = np.zeros((512, 512, 4), np.uint8)
    picture[100:400, 150:350] = 200, 30, 60, 255
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture
def httpserver_of():
    """Start a server of JSON answers by path; it keeps what it was asked, and 404 for the rest."""
    import json
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    started = []

    def start(answers):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                server.asked.append((path, {k.lower(): v for k, v in self.headers.items()}))
                body = json.dumps(answers.get(path, {"error": "Repository not found"})).encode()
                self.send_response(200 if path in answers else 404)
                if path not in answers:
                    self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.asked, server.address = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()
