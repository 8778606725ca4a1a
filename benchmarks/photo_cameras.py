# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend's half of `reference_camera.py`: photos to cameras, from true poses or a model's.

    python benchmarks/photo_cameras.py CASES.json [--model mini]

CASES.json lists objects with ``photo``, ``mesh`` (an .npy of vertices), ``elevation_degrees`` and
``focal_mm``; each gets ``reference``, as in cameras.json, and with a model ``estimate`` too.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "backend"))

from era3d.diffusion.pose import Pose, pose_of
from era3d.prepare import compose_on_white, cut_out, frame_subject, read_picture


def main() -> None:
    """Add the cameras to the file of cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--model", help="let this model estimate the poses as well")
    options = parser.parse_args()
    cases = json.loads(options.cases.read_text())
    look = _Model(options.model) if options.model else None
    for case in cases:
        subject, crop = frame_subject(cut_out(read_picture(case["photo"]))[0])
        vertices = np.load(case["mesh"])
        true = Pose(case["elevation_degrees"], 0.0, case["focal_mm"], 0.0, False)
        case["reference"] = true.reference_camera(asdict(crop), vertices)
        if look is not None:
            pose = look.estimate(subject)
            case["estimate"] = pose.reference_camera(asdict(crop), vertices)
            case["estimated"] = pose.as_dict()
    options.cases.write_text(json.dumps(cases, indent=1))


class _Model:
    """A model that estimates where pictures were taken from."""

    def __init__(self, name: str) -> None:
        from era3d.devices import choose
        from era3d.diffusion import memory, model_folder
        from era3d.diffusion.warm import load_warm

        plan = memory.plan(choose("auto"), memory.sizes_in(model_folder(name)), None)
        self._pipeline: Any = load_warm(name, plan.dtype).place(plan)

    def estimate(self, subject: Image.Image) -> Pose:
        """Return the pose, over the steps of the standard quality."""
        generated = self._pipeline(compose_on_white(subject), quality="standard", seed=0)
        pose = pose_of(generated)
        if pose is None:
            raise SystemExit("this model estimates no camera")
        return pose


if __name__ == "__main__":
    main()
