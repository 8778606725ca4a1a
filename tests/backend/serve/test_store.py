# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: jobs appear whole, survive a restart and leave at once."""

import json

import pytest

from era3d.serve.refusal import Refusal
from era3d.serve.store import DELETED, FINISHED, JobStore, Record


def made(store, **values):
    job, folder = store.new_folder()
    record = Record(job, number=store.next_number(), **values)
    store.adopt(record, folder)
    return record


def test_records_are_the_same_after_a_restart(tmp_path):
    store = JobStore(tmp_path / "jobs")
    record = made(store, owner="me", first="mesh", key="once")
    record.state, record.message = FINISHED, "wörds"
    store.save(record)
    assert JobStore(tmp_path / "jobs").records == {record.id: record}


def test_what_was_half_made_or_half_deleted_is_gone_after_a_restart(tmp_path):
    store = JobStore(tmp_path)
    store.new_folder()
    record = made(store)
    store.remove(record)
    assert record.state == DELETED
    store.save(record)  # by a run that had not heard of it
    assert len(list(tmp_path.iterdir())) == 2
    JobStore(tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_owners_job_is_as_absent_as_none(tmp_path):
    store = JobStore(tmp_path)
    record = made(store, owner="me", key="once")
    assert store.find(record.id, "me") is record
    assert store.of("me", "once") is record
    assert store.of("you", "once") is store.of("me", "") is None
    for job, owner in ((record.id, "you"), (record.id, ""), ("../x", "me"), ("0" * 32, "me")):
        with pytest.raises(Refusal, match="no such job"):
            store.find(job, owner)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "x"}', '{"new": 1}'])
def test_a_broken_record_costs_its_own_job_alone(tmp_path, content):
    store = JobStore(tmp_path)
    good, bad = made(store), made(store)
    (store.folder(bad) / ".server.json").write_text(content)
    assert list(JobStore(tmp_path).records) == [good.id]
    assert store.folder(bad).exists()


def test_a_record_in_another_folder_than_its_own_is_passed_over(tmp_path):
    store = JobStore(tmp_path)
    record = made(store)
    (tmp_path / "other").mkdir()
    path = store.folder(record) / ".server.json"
    (tmp_path / "other" / ".server.json").write_text(json.dumps({"id": "other"}))
    path.write_text(path.read_text().replace(record.id, "0" * 32))
    assert not JobStore(tmp_path).records


def test_ids_are_long_and_differ(tmp_path):
    ids = {made(JobStore(tmp_path)).id for _ in range(20)}
    assert len(ids) == 20
    assert {len(each) for each in ids} == {32}
