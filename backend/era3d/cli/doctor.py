# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``era3d doctor``: what this machine can run, and what to do where it cannot."""

import argparse
import json
import sys
from typing import Any


def add(commands: Any) -> None:
    """Add the command to the command line."""
    doctor = commands.add_parser("doctor", help="what this machine can run, and how to mend it")
    doctor.set_defaults(command=_doctor)
    doctor.add_argument("--device", default="auto", help="as a job would ask for (default: auto)")
    doctor.add_argument("--vram-limit", type=float, metavar="GB", help="as a job would be given")
    doctor.add_argument("--json", action="store_true", help="one JSON object")


def _doctor(options: argparse.Namespace) -> None:
    """Print a diagnosis; ends with exit code 1 where nothing can run."""
    from era3d.doctor import examine

    found = examine(options.device, options.vram_limit)
    if options.json:
        _print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        for finding in found.findings:
            _print(f"{finding.state:8} {finding.text}")
            if finding.advice:
                _print(f"{'':8} -> {finding.advice}")
    if found.can_run:
        if not options.json:
            _print("This machine is ready.")
        return
    problems = " ".join(each.text for each in found.findings if each.state == "problem")
    print(f"era3d: nothing can run here yet. {problems}", file=sys.stderr, flush=True)  # noqa: T201
    raise SystemExit(1)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
