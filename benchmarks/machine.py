# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark ran on, in words."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """The processor, its threads and the load that others put on them."""
    models = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} threads, load {os.getloadavg()[0]:.0f}"
