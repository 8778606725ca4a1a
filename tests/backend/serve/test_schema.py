# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that OpenAPI allows, and much that it does not: never a fault of ours."""

import contextlib

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tests.backend.serve.conftest import Server, listening

schemathesis = pytest.importorskip("schemathesis")
pytestmark = pytest.mark.slow
OPERATIONS = 12


@pytest.fixture(scope="module")
def server_and_port(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("schema"))
    with listening(server) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        server.client = client
        yield server, port


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_finds_a_fault(server_and_port, views, mode):
    server, port = server_and_port
    interface = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/v1/openapi.json")
    operations = [each.ok() for each in interface.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        with contextlib.suppress(Unsatisfiable):  # where nothing can be wrong with a request
            look_for_faults(operation, schemathesis.GenerationMode(mode), server, views)


def look_for_faults(operation, mode, server, views):
    checks = schemathesis.checks
    told = [checks.not_a_server_error, checks.status_code_conformance]
    told += [checks.content_type_conformance, checks.response_schema_conformance]
    job = server.submit(views).json()["id"]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(mode))
    def look(case):
        if len(str(case.path_parameters.get("job", ""))) > 1:
            case.path_parameters["job"] = job
        answer = case.call()
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=told)

    look()
