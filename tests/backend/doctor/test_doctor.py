# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnoses of pretended machines."""

import json
import subprocess
import sys

import pytest

from era3d import doctor
from era3d.cli import main
from era3d.devices import Device
from era3d.diffusion.memory import LEVELS, RELEASED_SIZES, plan
from era3d.doctor import Diagnosis, conclude, examine
from era3d.doctor.finding import problem

CPU = Device("cpu", "cpu", "a processor", 16.0, 12.0, unified=True)
FAST, SLOW = 100e12, 50e9


def card(gigabytes, **more):
    """A card of which the desktop uses a little."""
    about = {"supports_fp16": True, "supports_bf16": True} | more
    return Device("cuda:0", "cuda", f"card of {gigabytes} GB", gigabytes, gigabytes - 0.4, **about)


def forecasts(*devices, limit=None, name="auto"):
    def rate(device):
        return SLOW if device.kind == "cpu" else FAST

    found = conclude([], [*devices, CPU], name, limit, rate)
    return found, {forecast.model: forecast for forecast in found.forecasts}


@pytest.mark.parametrize("gigabytes", [2, 4, 6, 8, 12, 24])
def test_cards_of_every_size(gigabytes):
    found, expected = forecasts(card(gigabytes))
    assert found.can_run
    assert found.device.torch == "cuda:0"
    assert expected["mini"].speed == "seconds"
    assert expected["mini"].peak_gb < 0.5
    large = expected["6view"]
    assert large.peak_gb < gigabytes
    assert large.level == plan(card(gigabytes), RELEASED_SIZES).level.name
    assert large.speed in ("seconds", "under a minute")
    if gigabytes >= 12:
        assert large.level == LEVELS[0].name
    told = next(each for each in found.findings if "6view would take" in each.text)
    assert f"{large.peak_gb:.1f} GB" in told.text


def test_a_card_that_is_too_small_runs_the_small_model():
    found, expected = forecasts(card(1.2))
    assert found.can_run
    assert expected["mini"].fits
    assert not expected["6view"].fits
    told = next(each for each in found.findings if "6view" in each.text)
    assert told.state == "warning"
    assert "choose --device cpu, or choose the model mini" in told.advice


def test_more_memory_never_means_a_slower_level():
    names = [level.name for level in LEVELS]
    found = [forecasts(card(size))[1]["6view"].level for size in (2, 4, 6, 8, 12, 24)]
    assert found == sorted(found, key=names.index, reverse=True)
    assert len(set(found)) > 1


def test_without_a_card_the_small_model_runs():
    found, expected = forecasts()
    assert found.can_run
    assert found.device is CPU
    assert expected["mini"].speed == "seconds"
    assert expected["6view"].speed == "hours"
    told = next(each for each in found.findings if "6view" in each.text)
    assert told.state == "warning"
    assert "mini" in told.advice


def test_a_limit_is_obeyed():
    _, free = forecasts(card(24))
    _, limited = forecasts(card(24), limit=4.0)
    assert limited["6view"].peak_gb < 4 < free["6view"].peak_gb


def test_a_card_without_float16_needs_twice_the_memory():
    _, half = forecasts(card(24))
    _, single = forecasts(card(24, supports_fp16=False, supports_bf16=False))
    assert single["6view"].precision == "float32"
    assert single["6view"].peak_gb > 1.5 * half["6view"].peak_gb


def test_a_device_that_is_not_there_is_a_problem():
    found, _ = forecasts(name="cuda")
    assert not found.can_run
    assert found.findings[-1].state == "problem"
    assert "There is no device cuda" in found.findings[-1].text


def test_this_machine_can_run(capfd):
    assert main(["doctor", "--json", "--device", "cpu"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["can_run"]
    assert found["device"]["kind"] == "cpu"
    assert {forecast["model"] for forecast in found["forecasts"]} == {"mini", "6view"}
    topics = {finding["topic"] for finding in found["findings"]}
    assert topics == {"python", "packages", "torch", "device", "disk", "model"}
    assert main(["doctor", "--device", "cpu"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "This machine is ready."
    assert all(line.split()[0] in ("ok", "warning", "problem", "->") for line in lines[:-1])


def test_nothing_can_run_without_pytorch(monkeypatch, capfd):
    broken = problem("torch", "PyTorch is not installed.", "Install it.")
    monkeypatch.setattr(doctor, "torch_starts", lambda: broken)
    found = examine()
    assert isinstance(found, Diagnosis)
    assert not found.can_run
    assert found.findings[-1] is broken
    with pytest.raises(SystemExit, match="1"):
        main(["doctor"])
    said = capfd.readouterr()
    assert "-> Install it." in said.out
    assert said.err == "era3d: nothing can run here yet. PyTorch is not installed.\n"


def test_no_more_is_imported_than_needed():
    code = (
        "import sys, era3d.cli; era3d.cli.main(['doctor', '--device', 'cpu', '--json']);"
        "sys.exit(bool({'diffusers', 'transformers', 'accelerate'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
