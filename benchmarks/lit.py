# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Photographs in light for benchmarks that have no Blender: `lit_photos` takes them."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from era3d.lens import Lens

LONGEST = 1800  # seconds; some versions of Blender hang


def take_photos(
    blender: Path, object_path: Path, scale: float, lenses: Sequence[Lens]
) -> list[NDArray[np.uint8]]:
    """Return photographs (size, size, 4) of a GLB that is scaled, by the Python of a Blender."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = [
            {
                "object": str(object_path.absolute()),
                "scale": scale,
                "matrix_world": lens.matrix_world.tolist(),
                "focal_px": lens.fx,
                "size": lens.width,
                "out": str(folder / f"{index:03}.png"),
            }
            for index, lens in enumerate(lenses)
        ]
        (folder / "cases.json").write_text(json.dumps(cases))
        program = Path(__file__).with_name("lit_photos.py")
        command = [blender, program, folder / "cases.json"]
        subprocess.run(command, check=True, timeout=LONGEST, stdout=subprocess.DEVNULL)
        return [np.array(Image.open(case["out"]).convert("RGBA")) for case in cases]
