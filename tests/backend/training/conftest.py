# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawings that several files of tests learn from."""

from pathlib import Path

import pytest

from era3d.training.config import DrawConfig
from era3d.training.corpus import Corpus
from era3d.training.dataset import Drawings, draw_all

FOLDER = Path(__file__).parents[2] / "data" / "corpus"


@pytest.fixture(scope="session")
def tiny_drawings(tmp_path_factory):
    corpus = Corpus(FOLDER)
    records = corpus.records[:3]
    folders = draw_all(corpus, records, [DrawConfig(photos=2)], 32, tmp_path_factory.mktemp("tiny"))
    return Drawings(folders, [1.0], [record.category for record in records], 0.0)
