# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/v1/health`` and ``/v1/metrics``."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from era3d import __version__
from era3d.serve.api.messages import Health
from era3d.serve.api.service import ServiceOf
from era3d.serve.settings import PROTOCOL
from era3d.serve.tokens import owner_of

router = APIRouter(prefix="/v1", tags=["about"])


@router.get("/health", response_model_exclude_none=True)
async def health(service: ServiceOf, http: Request) -> Health:
    """Tell that the server is there, and to those who may use it how busy it is."""
    settings = service.settings
    token = http.headers.get("authorization", "").partition(" ")[2]
    asked_for = settings.tokens.are_asked_for
    if asked_for and owner_of(token, settings.tokens.now) is None:
        return Health(protocol=PROTOCOL)
    return Health(
        protocol=PROTOCOL,
        version=__version__,
        workers=service.runner.workers,
        running=service.runner.running,
        queued=service.runner.waiting,
        models=list(settings.models),
        limits=asdict(settings.limits),
    )


@router.get("/metrics", response_class=Response)
async def metrics(service: ServiceOf) -> Response:
    """Return figures in Prometheus' text format."""
    text = service.metrics.text(service.runner.waiting, service.runner.running)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
