# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint of Era3D's Space, known by what it takes and gives; names differ.

It takes a cut-out picture with Era3D's settings and gives twelve pictures: the colours of the six
views in the order of `era3d.cameras.VIEWS`, then their normals.
"""

from typing import Any

from era3d.cameras import VIEWS
from era3d.errors import InputError

TAKES = ("single_image", "guidance_scale", "steps", "seed", "crop_size", "chk_group")
GIVES = 2 * len(VIEWS)


def find_endpoint(api: dict[str, Any], where: str) -> str:
    """Return the name of the endpoint that has Era3D's signature.

    Parameters
    ----------
    api : dict
        As `gradio_client.Client.view_api(return_format="dict")` tells it.
    where : str
        For messages.

    Raises
    ------
    InputError
        If there is none; names what was expected and what is there.
    """
    named: dict[str, dict[str, Any]] = api.get("named_endpoints", {})
    fits = [name for name, endpoint in named.items() if _fits(endpoint)]
    if fits:
        return fits[0]
    there = "; ".join(_described(name, endpoint) for name, endpoint in list(named.items())[:8])
    raise InputError(
        f"{where} is not a Space of Era3D, or was changed. Expected an endpoint with "
        f"({', '.join(TAKES)}) that gives {GIVES} pictures; found {there or 'none with a name'}."
    )


def _fits(endpoint: dict[str, Any]) -> bool:
    parameters = {each["parameter_name"]: each for each in endpoint["parameters"]}
    others = [each for name, each in parameters.items() if name not in TAKES]
    return (
        set(TAKES) <= set(parameters)
        and all(each["parameter_has_default"] for each in others)
        and len(endpoint["returns"]) == GIVES
    )


def _described(name: str, endpoint: dict[str, Any]) -> str:
    takes = ", ".join(str(each["parameter_name"]) for each in endpoint["parameters"])
    return f"{name}({takes}) that gives {len(endpoint['returns'])}"[:200]
