# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server tells about itself."""

from era3d.serve.tokens import Owners, hash_of
from tests.backend.serve.conftest import Server


def test_health_tells_versions_queue_and_limits(server):
    told = server.client.get("/v1/health").json()
    assert (told["status"], told["protocol"]) == ("ok", 1)
    assert (told["running"], told["queued"], told["workers"]) == (0, 0, 1)
    assert told["limits"]["upload_bytes"] > 0


def test_strangers_learn_only_that_it_is_there(tmp_path):
    with Server(tmp_path, tokens=Owners(frozenset({hash_of("a" * 30)}))) as server:
        assert server.client.get("/v1/health").json() == {"status": "ok", "protocol": 1}
        headers = {"Authorization": f"Bearer {'a' * 30}"}
        assert "version" in server.client.get("/v1/health", headers=headers).json()
        assert server.client.get("/v1/metrics").status_code == 401


def test_metrics_count_jobs_and_requests(server, views):
    job = server.submit(views).json()["id"]
    server.until(job, "finished")
    text = server.client.get("/v1/metrics").text
    assert 'era3d_jobs_total{state="finished"} 1.0' in text
    assert 'era3d_requests_total{status="202"} 1.0' in text
    assert "era3d_job_seconds_count 1.0" in text


def test_the_interface_describes_itself(server):
    told = server.client.get("/v1/openapi.json").json()
    assert "/v1/jobs/{job}/events" in told["paths"]
    assert server.client.get("/docs").status_code == 404
