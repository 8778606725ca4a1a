# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing into RESULTS.md."""

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def keep(heading: str, about: str, lines: list[str]) -> None:
    """Add lines at the end of a section, which is made with ``about`` where there is none."""
    text = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    if heading not in text:
        text = text.rstrip() + f"\n\n{heading}\n\n{about}"
    head, _, rest = text.partition(heading)
    section, mark, after = rest.partition("\n## ")
    kept = section.rstrip() + "\n\n" + "\n".join(lines).rstrip() + "\n"
    RESULTS.write_text(head + heading + kept + mark + after)
