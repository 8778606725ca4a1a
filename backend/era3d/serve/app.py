# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server as an ASGI app: put together here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from era3d import __version__
from era3d.lock import holding
from era3d.serve.api import about, events, files, jobs
from era3d.serve.api.messages import REFUSALS
from era3d.serve.api.service import Service
from era3d.serve.gate import Gate
from era3d.serve.metrics import Metrics
from era3d.serve.reaper import reap_for_ever
from era3d.serve.runner import Executor, Runner
from era3d.serve.settings import ServerSettings
from era3d.serve.store import JobStore


def create_app(settings: ServerSettings, executors: list[Executor] | None = None) -> FastAPI:
    """Make the app; jobs run while its lifespan lasts.

    Parameters
    ----------
    settings : ServerSettings
    executors : list, optional
        What runs the jobs; by default worker processes.

    Raises
    ------
    InputError
        At the start of the lifespan, if another server holds the folder.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with holding(settings.folder):
            store = JobStore(settings.folder)
            runner = Runner(store, settings, metrics, executors)
            app.state.service = Service(settings, store, runner, metrics)
            runner.start()
            reaper = asyncio.create_task(reap_for_ever(store, settings.limits.keep_hours))
            try:
                yield
            finally:
                reaper.cancel()
                await runner.stop()

    app = FastAPI(
        title="Era3D",
        version=__version__,
        description="One picture to a textured mesh and six registered views.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        responses=REFUSALS,
    )
    for part in (jobs, events, files, about):
        app.include_router(part.router)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_middleware(Gate, settings=settings, metrics=metrics)
    return app


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    told = error.detail or HTTPStatus(error.status_code).phrase
    return JSONResponse({"error": told}, error.status_code, error.headers)


async def _not_valid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"error": f"{ascii(where)[1:-1]}: {first['msg']}."}, 422)
