# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of one server on many machines: stages as deployments of Ray Serve.

The server is the one without Ray, with all its limits; in place of its worker processes it has
`executor.ClusterExecutor`, which sends a job's files to a replica of each stage in turn, and puts
what comes back into the job folder. A replica (`replica.StageReplica`) is to its worker process
what the server is without Ray, so it cancels, times out and survives a crash in the same way.
Nothing but the server writes to a job folder: no disk is shared, and a replica that dies has lost
nothing. Only `deployment` knows Ray.
"""
