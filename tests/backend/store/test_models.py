# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a model by name or folder."""

import pytest

from era3d.errors import InputError
from era3d.store.folders import data_folder
from era3d.store.models import (
    MINI_FOLDER,
    forget_name,
    give_name,
    imported_models,
    model_folder,
    revision,
)


def test_names_and_folders(machine, released_folder):
    assert model_folder("mini") == MINI_FOLDER
    assert model_folder(released_folder) == released_folder
    give_name("mine", released_folder)
    give_name("ortho", released_folder)
    assert model_folder("mine") == model_folder("ortho") == released_folder
    assert revision("mine") == revision(released_folder) != revision("mini")
    forget_name("ortho")
    assert set(imported_models()) == {"mine"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("6view", "Run `era3d models download 6view`, or use the model mini"),
        ("nothing", "no model in nothing: choose mini, 6view, ortho, mine, or the folder"),
        ("mine", "was imported from .*, which is gone"),
    ],
)
def test_absent_models_say_how_to_get_them(machine, name, message):
    give_name("mine", machine / "gone")
    with pytest.raises(InputError, match=message):
        model_folder(name)


@pytest.mark.parametrize("name", ["mini", "", "../up", "-x", "a b", "x" * 65, ".hidden"])
def test_names_that_cannot_be_used(machine, name):
    with pytest.raises(InputError, match="cannot be the name"):
        give_name(name, machine)


def test_a_broken_list_of_names_says_what_to_do(machine):
    data_folder().mkdir(parents=True)
    (data_folder() / "imported.json").write_text("[")
    with pytest.raises(InputError, match="delete it, and import models again"):
        model_folder("mine")
    assert model_folder("mini") == MINI_FOLDER
