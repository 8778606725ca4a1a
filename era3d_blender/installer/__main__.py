# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the backend's environment: run this folder with any Python, and name a plan.

Exit codes: 0 made (or there already), 1 failed, 2 cannot be done as asked, 143 terminated.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from lock import locked
from plan import READY, Plan, installed_python
from report import EventFile, InstallError
from steps import Installation
from tools import ToolError


class Terminated(BaseException):
    """The process was asked to end."""


def main() -> int:
    """Run the plan of the command line."""
    signal.signal(signal.SIGTERM, _terminate)
    plan = Plan.load(Path(sys.argv[1]))
    plan.folder.mkdir(parents=True, exist_ok=True)
    events = EventFile(plan.folder / "events.jsonl")
    try:
        with locked(plan.folder / "lock"):
            if installed_python(plan) is None:
                (plan.folder / READY).unlink(missing_ok=True)
                Installation(plan, events).run()
            else:
                events.emit("done", seconds=0.0)
    except (InstallError, ToolError, OSError) as error:
        events.emit("failed", message=str(error))
        print(f"era3d: {error}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, InstallError) else 1
    except Terminated:
        events.emit("cancelled")
        return 143
    return 0


def _terminate(*_: object) -> None:
    raise Terminated


sys.exit(main())
