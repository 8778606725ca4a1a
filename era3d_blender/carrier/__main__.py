# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Obey the orders that a worker obeys, and let the server named in ERA3D_SERVER do the work.

Orders come as lines of JSON on standard input; what becomes of them stands in the job's folder and
in the state file, as with ``era3d worker``. The token comes in ERA3D_TOKEN.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from errand import CancelledError, Errand, note, tell
from server import RefusedError, Server, StorageError, UnreachableError

FAILED, BAD_INPUT, CANCELLED = 1, 2, 143


class Carrier:
    """Carries one job after another.

    Parameters
    ----------
    state_file : Path
    url, token : str
        Of the server.
    """

    def __init__(self, state_file: Path, url: str, token: str) -> None:
        self._state_file, self._url, self._token = state_file, url, token
        self._orders: queue.Queue[tuple[dict[str, Any], threading.Event]] = queue.Queue()
        self._given: list[threading.Event] = []
        self._stop = threading.Event()

    def serve(self) -> None:
        """Carry until the input closes."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._tell("idle", None)
        while (given := self._orders.get())[0].get("command") != "shut down":
            if isinstance(given[0].get("job"), str):
                self._carry(*given)

    def _listen(self) -> None:
        for line in sys.stdin:
            if not line.endswith("\n"):  # whoever gave the order died over it
                break
            order = json.loads(line)
            if order.get("command") == "cancel":
                for given in self._given:
                    given.set()
                self._given.clear()
            else:
                self._given.append(threading.Event())
                self._orders.put((order, self._given[-1]))
        # Nobody is left to bring it home to: the server goes on, a later Blender may fetch it.
        os._exit(0)

    def _carry(self, order: dict[str, Any], stop: threading.Event) -> None:
        folder = Path(order["job"])
        self._stop = stop
        self._tell("running", None)
        code, message = FAILED, ""
        try:
            note(folder, f"order {json.dumps(order)}")
            code = self._errand(order, folder)
        except CancelledError:
            code = CANCELLED
        except RefusedError as error:
            code, message = BAD_INPUT, str(error)
        except (UnreachableError, StorageError, OSError, ValueError, KeyError) as error:
            message = str(error)
        if message:
            failed = {"time": time.time(), "kind": "failed", "message": message}
            with contextlib.suppress(OSError):  # the disk may be full: the state file says it, too
                tell(folder, json.dumps(failed))
            note(folder, f"failed {message}")
        last = {"job": str(folder), "id": order.get("id", ""), "code": code, "message": message}
        self._tell("idle", last)

    def _errand(self, order: dict[str, Any], folder: Path) -> int:
        server = Server(self._url, self._token, self._pause)
        return Errand(server, folder, order, self._stop.is_set).carry_out()

    def _pause(self, seconds: float) -> None:
        """Wait between two tries, unless the order is taken back."""
        if self._stop.wait(seconds):
            raise CancelledError

    def _tell(self, state: str, last: dict[str, Any] | None) -> None:
        told = {"protocol": 1, "process": os.getpid(), "state": state, "last": last}
        partial = self._state_file.with_suffix(".part")
        partial.write_text(json.dumps(told), "utf-8")
        partial.replace(self._state_file)


if __name__ == "__main__":
    Carrier(
        Path(sys.argv[sys.argv.index("--state") + 1]),
        os.environ.get("ERA3D_SERVER", ""),
        os.environ.get("ERA3D_TOKEN", ""),
    ).serve()
