# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of `era3d serve --web`: a client of the server's own interface, drawn with Gradio.

It asks `/v1` for everything that it does, within the process and as whoever uses it, so the
server's queue, limits and tokens are the only ones there are. Pictures and meshes go from `/v1` to
the browser; Gradio itself sees nothing but the picture that is uploaded.
"""
