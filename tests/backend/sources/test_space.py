# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views from a Space that is there, sleeps, refuses, was changed, is slow or gives nonsense."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from era3d.errors import Cancelled, InputError
from era3d.sources import Patience, Space, views_from_space
from era3d.views import views_from_images
from tests.backend.sources.conftest import SIZE, Behaviour, FakeSpace

pytest.importorskip("gradio_client", reason="the extra space")
SOON = Patience(waking=5.0, answer=60.0, network=30.0, look=0.1)


def ask(space, subject, patience=SOON, **settings):
    settings = {"seed": 7} | settings
    return views_from_space(Space(space.address), subject, patience=patience, **settings)


def test_six_pairs_come_in_order(space, subject):
    given = np.array(space.behaviour.pictures)
    opaque = np.concatenate([given, np.full((*given.shape[:3], 1), 255, np.uint8)], -1)
    wanted = views_from_images(opaque[:6], opaque[6:])  # as if they had come from a disk
    views = ask(space, subject)
    assert views.size == SIZE
    inside = wanted.normal[..., 3] == 255
    for got, sent in ((views.color, wanted.color), (views.normal, wanted.normal)):
        far = np.abs(got.astype(int) - sent)[..., :3].max(-1)
        assert np.median(far[inside]) <= 4  # pictures may come compressed
    assert ((views.normal[..., 3] > 127) != (wanted.normal[..., 3] > 127)).mean() < 0.005


def test_what_is_sent_is_the_framed_subject_and_the_settings(space, subject):
    told = []
    ask(space, subject, steps=25, guidance=2.0, tell=told.append)
    asked = space.behaviour.asked
    picture = asked.pop("single_image")
    assert (picture.mode, picture.size) == ("RGBA", (512, 512))
    assert np.asarray(picture)[0, 0, 3] == 0
    assert asked == {
        "guidance_scale": 2,
        "steps": 25,
        "seed": 7,
        "crop_size": -1,
        "chk_group": [],
    }
    assert told[0] == f"The picture of the subject is sent to {space.address}."


def test_a_token_is_not_sent_to_an_address(space, subject, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    ask(space, subject)
    assert space.behaviour.headers
    assert not any("hf_secret" in str(headers) for headers in space.behaviour.headers)


def test_a_space_of_the_hub_is_told_the_token(space, subject, monkeypatch, httpserver_of):
    about = {"id": "a/b", "private": True, "host": space.address, "tags": [], "siblings": []}
    runtime = {"stage": "SLEEPING", "hardware": {}, "gcTimeout": None}
    hub = httpserver_of({"/api/spaces/a/b": about, "/api/spaces/a/b/runtime": runtime})
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    views_from_space(Space("a/b"), subject, seed=1, patience=SOON)
    assert any("hf_secret" in str(headers) for headers in space.behaviour.headers)


def test_one_that_sleeps_is_woken(space, subject):
    space.behaviour.asleep = 3
    told = []
    ask(space, subject, tell=told.append)
    assert [each for each in told if "sleeps" in each] == [
        "The Space sleeps and is being woken; this takes minutes."
    ]


def test_one_that_does_not_wake_up(space, subject):
    space.behaviour.asleep = 10_000
    with pytest.raises(InputError, match="did not wake up within 1 seconds"):
        ask(space, subject, Patience(waking=1.0, look=0.1))
    assert space.behaviour.runs == 0


def test_one_that_is_over_quota_says_so_in_its_words(space, subject):
    told = "You have exceeded your GPU quota (60s requested vs. 0s left). Try again in 1:02:03"
    space.behaviour.refusal = told
    with pytest.raises(InputError) as error:
        ask(space, subject)
    assert told in str(error.value)
    assert "HF_TOKEN" in str(error.value)


def test_one_that_refuses_says_so_in_its_words(space, subject):
    space.behaviour.refusal = "No face was found."
    with pytest.raises(InputError, match=r"could not make the views. It says: No face was found."):
        ask(space, subject)


def test_one_that_crashes_without_a_word(subject):
    with (
        FakeSpace(Behaviour(silent=True)).up() as space,
        pytest.raises(InputError, match="could not make the views"),
    ):
        ask(space, subject)


def test_one_that_was_changed(subject):
    with FakeSpace(Behaviour(), changed=True).up() as space, pytest.raises(InputError) as error:
        ask(space, subject)
    assert "Expected an endpoint with (single_image, guidance_scale" in str(error.value)
    assert "/remove(picture) that gives 1" in str(error.value)


def test_pictures_of_different_sizes(space, subject):
    space.behaviour.pictures[8] = space.behaviour.pictures[8][::2, ::2]
    with pytest.raises(InputError, match=r"cannot be used: normal_right.png is 32x32"):
        ask(space, subject)


def test_a_picture_that_is_missing(space, subject):
    space.behaviour.pictures[3] = None
    with pytest.raises(InputError, match=r"no picture for color_back.png"):
        ask(space, subject)


def test_one_that_takes_too_long(space, subject):
    space.behaviour.works = 30.0
    began = time.monotonic()
    with pytest.raises(InputError, match="gave no views within 1 seconds"):
        ask(space, subject, Patience(answer=1.0, look=0.1))
    assert time.monotonic() - began < 15
    space.behaviour.works = 0.0


@pytest.mark.parametrize("status", [401, 404])
def test_one_that_lets_nobody_in(space, subject, status):
    space.behaviour.closed = status
    with pytest.raises(InputError, match=rf"lets nobody in, or is not there \(HTTP {status}\)"):
        ask(space, subject)


def test_something_that_is_no_gradio_app(subject, httpserver_of):
    server = httpserver_of({"/config": {"name": "something else"}})
    with pytest.raises(InputError, match="is no Gradio app"):
        ask(server, subject)


def test_nobody_there(subject):
    with pytest.raises(InputError, match="cannot be reached"):
        views_from_space(Space("http://127.0.0.1:1"), subject, seed=1)


@pytest.mark.parametrize("state", [{"asleep": 10_000}, {"works": 30.0}])
def test_cancelling_ends_the_waiting(space, subject, state):
    space.behaviour.__dict__.update(state)
    began = time.monotonic()

    def tell(_):
        if time.monotonic() - began > 1.0:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(space, subject, tell=tell)
    assert time.monotonic() - began < 15
    space.behaviour.works = 0.0


def test_offline_means_offline(subject, monkeypatch):
    monkeypatch.setenv("ERA3D_OFFLINE", "1")
    with pytest.raises(InputError, match="need the network, and ERA3D_OFFLINE"):
        views_from_space(Space("http://127.0.0.1:1"), subject, seed=1)


def test_without_the_package_the_extra_is_named(space, subject, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio_client", None)
    with pytest.raises(InputError, match="install era3d with the extra space"):
        ask(space, subject)


def command(space, job, *more):
    picture = "examples/armchair.png"
    begin = [sys.executable, "-m", "era3d", "generate", picture, "--out", str(job)]
    return [*begin, "--views-from", f"space:{space.address}", *more]


def test_from_picture_to_mesh(space, tmp_path):
    small = ["--cells", "64", "--faces", "400", "--texture-size", "128"]
    told = subprocess.run(
        command(space, tmp_path / "job", *small, "--json"),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"HF_TOKEN": "hf_secret"},
    )
    assert f"is sent to {space.address}" in told.stdout
    for name in ("mesh.glb", "texture.png", "cameras.json", "views/normal_front_left.png"):
        assert (tmp_path / "job" / name).is_file(), name
    kept = [path.read_bytes() for path in (tmp_path / "job").rglob("*") if path.is_file()]
    assert not any(b"hf_secret" in each for each in [*kept, told.stdout.encode()])
    before = space.behaviour.runs
    again = subprocess.run(
        command(space, tmp_path / "job", *small), capture_output=True, text=True, check=True
    )
    assert "views is up to date" in again.stderr
    assert space.behaviour.runs == before


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_command_that_is_interrupted_ends_at_once(space, tmp_path):
    space.behaviour.works = 60.0
    process = subprocess.Popen(command(space, tmp_path / "job"), stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not space.behaviour.runs:
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(30) == 143
    assert time.monotonic() - began < 15
    space.behaviour.works = 0.0
