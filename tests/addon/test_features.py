# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/features.md claims nothing that no test shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs/features.md").read_text("utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if "|" in line][2:]


def test_every_yes_is_shown_by_a_test_that_exists():
    for title, ours, *_, shown in ROWS:
        links = re.findall(r"\[([^]]*)\]\(\.\./([^)]*)\)", shown)
        assert bool(links) == (ours in {"y", "p"}), title
        for words, path in links:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert f"test_{words.replace(' ', '_')}" in tests, title


def test_the_table_is_whole():
    assert len(ROWS) == 42
    assert {len(row) for row in ROWS} == {14}
    assert {cell for row in ROWS for cell in row[1:-1]} <= {"y", "p", "-", "?"}
