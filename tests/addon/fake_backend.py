# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that behaves like the backend, well or badly, as ERA3D_FAKE says.

Called with the arguments that the add-on gives to Python: -I -m era3d generate PICTURE --out JOB
... for one job, or -I -m era3d worker --state FILE for one after another.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
STAGES = ("prepare", "views", "mesh", "texture")
stop = threading.Event()


def emit(job: Path, **event) -> None:
    with (job / "events.jsonl").open("a") as file:
        file.write(json.dumps({"time": time.time(), **event}) + "\n")


def work(job: Path, seconds: float = 0.0, held: bool = False) -> None:
    """Do as the real one does, and leave the hand-made job; held, wait for a file `go` in it."""
    for stage in STAGES:
        emit(job, kind="started", stage=stage)
        for step in range(1, 5):
            time.sleep(seconds)
            emit(job, kind="progress", stage=stage, step=step, of=4)
            if stage == "views" and held:
                write_preview(job / "preview.png", step / 4)
                emit(job, kind="preview", stage=stage, preview="preview.png")
        while held and stage == "views" and not (job / "go").exists():
            time.sleep(0.05)
        emit(job, kind="finished", stage=stage, seconds=0.1)
    import glyph

    glyph.write_job(job)  # what is not there yet
    if (job / "views/color_front.png").read_bytes() != glyph.png(glyph.view(0)[0]):  # painted
        (job / "texture.png").write_bytes(glyph.png(glyph.texture()[::-1].copy()))
    emit(job, kind="done")


def write_preview(path: Path, fraction: float) -> None:
    """Write the six views, colours above normals, as far as they have come out of the noise."""
    import glyph
    import numpy as np

    views = [glyph.view(azimuth) for azimuth in glyph.AZIMUTHS.values()]
    rows = [np.concatenate([view[kind] for view in views], axis=1) for kind in (0, 1)]
    shown = np.concatenate(rows)
    noise = np.random.default_rng(0).integers(0, 256, shown.shape)
    mixed = (fraction * shown + (1 - fraction) * noise).astype(np.uint8)
    mixed[..., 3] = 255
    partial = path.with_suffix(".part")
    partial.write_bytes(glyph.png(mixed))
    partial.replace(path)


def main() -> int:
    arguments = sys.argv[1:]
    if "doctor" in arguments or "models" in arguments:
        return tell(arguments)
    if "worker" in arguments:
        return serve(Path(arguments[arguments.index("--state") + 1]))
    return behave(Path(arguments[arguments.index("--out") + 1]), arguments)


def tell(arguments: list[str]) -> int:
    """Answer as `era3d doctor --json` and `era3d models ... --json` do."""
    if os.environ.get("ERA3D_FAKE") == "dies":
        print("no such module", file=sys.stderr)
        return 3
    print("a library warns of something", file=sys.stderr, flush=True)
    weights = Path(os.environ["ERA3D_FAKE_WEIGHTS"])
    size = weights.stat().st_size if weights.is_file() else 0
    if "doctor" in arguments:
        findings = [
            {"topic": "python", "state": "ok", "text": "Python is there", "advice": ""},
            {"topic": "device", "state": "warning", "text": "No card", "advice": "Buy one."},
        ]
        print(json.dumps({"can_run": True, "findings": findings}))
    elif "list" in arguments:
        state = "ready" if size else "absent"
        released = {"name": "6view", "state": state, "size": size, "source": "hub", "folder": None}
        mini = {"name": "mini", "state": "ready", "size": 22831533, "source": "built in"}
        mini["folder"] = str(weights.parent)
        licence = {"notice": "Whose they are\nis disputed.", "agreed": False}
        print(json.dumps({"models": [mini, released], "licence": licence}))
    elif "download" in arguments:
        for step in range(0, 101, 10):
            event = {"kind": "progress", "stage": "download", "step": step, "of": 100}
            print(json.dumps(event), flush=True)
        weights.write_bytes(b"x" * 100)
        print(json.dumps({"kind": "done", "folder": str(weights.parent)}))
    elif "remove" in arguments:
        weights.unlink()
        print("0.00 GB freed")
    return 0


def serve(state: Path) -> int:
    """Take orders until the input closes."""
    orders = queue.Queue()
    threading.Thread(target=listen, args=(orders,), daemon=True).start()
    tell_state(state, None)
    while True:
        order = orders.get()
        job = Path(order["job"])
        log = os.open(job / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        stop.clear()
        code = behave(job, order)
        if code == 3:
            return code
        tell_state(state, {"id": order["id"], "code": code, "message": ""})


def tell_state(state: Path, last: dict | None) -> None:
    """Say that there is time for an order, and how the last one ended."""
    told = {"process": os.getpid(), "state": "idle", "last": last}
    state.with_suffix(".part").write_text(json.dumps(told))
    state.with_suffix(".part").replace(state)


def listen(orders: queue.Queue) -> None:
    """Queue the orders and hear a cancel at once."""
    for line in sys.stdin:
        order = json.loads(line)
        if order["command"] == "cancel":
            stop.set()
        else:
            orders.put(order)
    os._exit(0)


def behave(job: Path, told: object) -> int:
    """Work on one job, well or badly."""
    mode = os.environ.get("ERA3D_FAKE", "good")
    print("fake backend", mode, json.dumps(told), flush=True)
    if mode == "dies":
        emit(job, kind="started", stage="views")
        print("out of memory, goodbye", file=sys.stderr, flush=True)
        return 3
    if mode == "fills":
        with (job / "views.part").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "complains":
        emit(job, kind="failed", stage="prepare", message="The picture shows nothing.")
        return 2
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        emit(job, kind="started", stage="views")
        time.sleep(60)
    if mode == "slow":
        emit(job, kind="started", stage="views")
        emit(job, kind="progress", stage="views", step=1, of=4)
        if stop.wait(60):
            return 143
    if mode == "floods":
        sys.stdout.write("noise " * 200_000)
        sys.stderr.write("noise " * 200_000)
        for step in range(20_000):
            emit(job, kind="progress", stage="views", step=step, of=20_000)
    if mode == "garbage":
        with (job / "events.jsonl").open("ab") as file:
            file.write(
                b'\xff\xfe\x00nothing\n[1, 2]\n"text"\n{"kind": 5}\n' + b"[" * 50_000 + b"\n"
            )
            file.write(b'{"kind": "progress", "stage": "views", "step": "x", "of": NaN}\n')
            file.write(b'{"kind": "progress", "stage": {}, "step": 1e400}\n')
    work(job, seconds={"gradual": 0.05, "held": 0.2}.get(mode, 0.0), held=mode == "held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
