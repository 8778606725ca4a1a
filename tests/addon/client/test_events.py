# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading events.jsonl while it grows."""

from __future__ import annotations

import json
import time

from era3d_blender.client.events import Event, EventReader, parse


def append(path, text):
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_only_whole_new_lines(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read() == []  # not there yet
    append(path, '{"kind": "started", "stage": "mesh"}\n{"kind": "prog')
    assert reader.read() == [Event("started", "mesh")]
    assert reader.read() == []
    append(path, 'ress", "stage": "mesh", "step": 1, "of": 2}\n')
    assert reader.read() == [Event("progress", "mesh", 1, 2)]


def test_a_line_cut_inside_a_character(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    line = json.dumps({"kind": "failed", "message": "Größe"}, ensure_ascii=False).encode() + b"\n"
    cut = line.index(b"\xc3") + 1
    append(path, line[:cut])
    assert reader.read() == []
    append(path, line[cut:])
    assert reader.read()[0].message == "Größe"


def test_an_earlier_run_is_not_read_again(tmp_path):
    path = tmp_path / "events.jsonl"
    append(path, '{"kind": "failed", "message": "last week"}\n')
    reader = EventReader(path)
    assert reader.read() == []
    append(path, '{"kind": "done"}\n')
    assert reader.read() == [Event("done")]


def test_a_file_written_anew_is_read_from_its_start(tmp_path):
    path = tmp_path / "events.jsonl"
    append(path, '{"kind": "started", "stage": "prepare", "message": "a long first line"}\n')
    reader = EventReader(path)
    path.write_text('{"kind": "done"}\n')
    assert reader.read() == [Event("done")]


def test_garbage_is_no_event():
    for line in (b"", b"\xff", b"[]", b'"x"', b"3", b"{}", b'{"kind": 1}', b"[" * 90_000):
        assert parse(line) is None
    wild = (
        b'{"kind": "progress", "stage": 5, "step": -1, "of": NaN, "message": null, "seconds": true}'
    )
    assert parse(wild) == Event("progress")
    assert parse(b'{"kind": "progress", "step": 1e999, "of": "9"}') == Event("progress")


def test_a_line_without_end_is_dropped_and_memory_stays_bounded(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    append(path, b"x" * 1_000_000)
    while reader._offset < 1_000_000:
        assert reader.read() == []
        assert len(reader._partial) <= 65_536
    append(path, '\n{"kind": "done"}\n')
    assert reader.read() == [Event("done")]


def test_one_read_is_short_however_much_is_new(tmp_path):
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    line = '{"time": 1.5, "kind": "progress", "stage": "views", "step": 1, "of": 40}\n'
    append(path, line * 20_000)
    seconds, events = [], 0
    for _ in range(100):
        start = time.process_time()
        events += len(reader.read())
        seconds.append(time.process_time() - start)
    assert events == 20_000
    assert sorted(seconds)[len(seconds) // 2] < 0.005
