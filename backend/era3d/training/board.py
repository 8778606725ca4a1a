# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down while training: lines of JSON, and TensorBoard's files where it is there."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Board:
    """The log of a run: ``log.jsonl`` in its folder, and ``tensorboard`` beside it.

    Parameters
    ----------
    out : Path
    samples : int
        Seen so far: what an interrupted run has logged after this is cut off.
    """

    def __init__(self, out: Path, samples: int) -> None:
        self._path = out / "log.jsonl"
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["samples"] <= samples]
            self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        self._writer = _writer(out / "tensorboard", samples)

    def numbers(self, samples: int, values: dict[str, float]) -> None:
        """Log numbers by name."""
        told = {name: round(value, 5) for name, value in values.items() if np.isfinite(value)}
        entry = {"samples": samples} | told | {"time": round(time.time())}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        if self._writer is not None:
            for name, value in told.items():
                self._writer.add_scalar(name, value, samples)

    def picture(self, samples: int, name: str, image: NDArray[np.uint8]) -> None:
        """Log a picture (H, W, 3)."""
        if self._writer is not None:
            self._writer.add_image(name, image, samples, dataformats="HWC")
            self._writer.flush()

    def close(self) -> None:
        """Write what is still in memory."""
        if self._writer is not None:
            self._writer.close()


def _writer(folder: Path, samples: int) -> Any:
    """TensorBoard's writer, or None where the package is not installed (extra ``train``)."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=samples or None)
