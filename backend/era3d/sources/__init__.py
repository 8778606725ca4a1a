# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six views from somewhere else than a model on this machine; plain functions, no jobs."""

from era3d.sources.address import Space, parse_source
from era3d.sources.space import Patience, views_from_space

__all__ = ["Patience", "Space", "parse_source", "views_from_space"]
