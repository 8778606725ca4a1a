# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_JOB_SECONDS = (1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = Counter(
            "era3d_jobs", "Runs that ended, by how.", ["state"], registry=self.registry
        )
        self.job_seconds = Histogram(
            "era3d_job_seconds", "Run time.", buckets=_JOB_SECONDS, registry=self.registry
        )
        self.requests = Counter(
            "era3d_requests", "Answers, by status.", ["status"], registry=self.registry
        )
        self.received = Counter(
            "era3d_received_bytes", "Bodies of requests.", registry=self.registry
        )
        self.jobs_now = Gauge(
            "era3d_jobs_now", "Jobs, by state.", ["state"], registry=self.registry
        )

    def text(self, waiting: int, running: int) -> bytes:
        """Return all figures in Prometheus' text format."""
        self.jobs_now.labels("queued").set(waiting)
        self.jobs_now.labels("running").set(running)
        return generate_latest(self.registry)
