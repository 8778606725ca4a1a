# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as clients read them: complete lines, resumed exactly, each run with an end."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from era3d.job import EventLog
from era3d.serve import events
from era3d.serve.refusal import Refusal


def written(folder, *kinds):
    log = EventLog(folder / "events.jsonl")
    for kind in kinds:
        log.emit(kind)
    log.close()


def kinds(lines):
    return [json.loads(line.text)["kind"] for line in lines]


def test_reading_on_from_any_event_gives_all_that_follow_once(tmp_path):
    written(tmp_path, "started", "progress", "done")
    lines, end = events.read_lines(tmp_path, 0)
    assert kinds(lines) == ["started", "progress", "done"]
    for index, line in enumerate(lines):
        since = events.check_offset(tmp_path, str(line.next))
        assert kinds(events.read_lines(tmp_path, since)[0]) == kinds(lines[index + 1 :])
    assert end == lines[-1].next == events.length(tmp_path)


def test_a_line_that_is_being_written_waits(tmp_path):
    path = tmp_path / "events.jsonl"
    assert events.read_lines(tmp_path, 0) == ([], 0)
    path.write_bytes(b'{"kind": "started"}\n{"kind": "prog')
    lines, since = events.read_lines(tmp_path, 0)
    assert kinds(lines) == ["started"]
    assert events.read_lines(tmp_path, since) == ([], since)
    path.write_bytes(path.read_bytes() + b'ress"}\n')
    assert kinds(events.read_lines(tmp_path, since)[0]) == ["progress"]


def test_what_a_crash_cut_is_left_out_and_the_rest_is_not(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"kind": "started"}\n{"kind": "pro')
    written(tmp_path, "done")
    path.write_bytes(path.read_bytes() + b'\xff\n7\n{"kind": 3}\n\n')
    lines, end = events.read_lines(tmp_path, 0)
    assert kinds(lines) == ["started", "done"]
    assert end == path.stat().st_size


def test_long_logs_come_in_pages(tmp_path):
    line = json.dumps({"kind": "progress", "message": "x" * 1000}) + "\n"
    (tmp_path / "events.jsonl").write_text(line * 1000)
    count, since = 0, 0
    while page := events.read_lines(tmp_path, since)[0]:
        assert len(page) < 1000
        count, since = count + len(page), page[-1].next
    assert count == 1000


def test_the_place_on_the_servers_disk_is_not_told(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.emit("failed", message=f"{tmp_path}/input.png is damaged; {tmp_path} too")
    log.close()
    line = events.read_lines(tmp_path, 0)[0][0]
    assert json.loads(line.text)["message"] == "input.png is damaged; the job too"


@given(st.text() | st.integers().map(str))
def test_only_offsets_that_were_told_are_taken(tmp_path_factory, given):
    folder = tmp_path_factory.getbasetemp() / "offsets"
    if not folder.exists():
        folder.mkdir()
        written(folder, "started", "done")
    told = {"", "0"} | {str(line.next) for line in events.read_lines(folder, 0)[0]}
    if given in told or given.lstrip("0") in told:
        assert events.check_offset(folder, given) == int(given or 0)
    else:
        with pytest.raises(Refusal):
            events.check_offset(folder, given)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["started"], ["started", "failed"]),
        (["started", "done"], ["started", "done"]),
        ([], ["failed"]),
    ],
)
def test_every_run_gets_an_end(tmp_path, before, after):
    written(tmp_path, "started", "done")
    since = events.length(tmp_path)
    written(tmp_path, *before)
    events.end_with(tmp_path, since, "failed", "why")
    assert kinds(events.read_lines(tmp_path, since)[0]) == after
