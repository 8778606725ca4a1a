# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half that talks to the backend: environment, child process, events. No bpy in here."""
