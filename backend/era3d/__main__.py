# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m era3d`` is the command ``era3d``."""

import sys

from era3d.cli import main

sys.exit(main())
