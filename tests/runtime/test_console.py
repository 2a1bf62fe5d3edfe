"""The output of several processes: with prefixes for people, or as JSON in which each line names its part."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.runtime.console import Console


def written(tmp_path: Path, *lines: bytes, as_json: bool, say: str = "") -> list[str]:
    path = tmp_path / "out"
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    console = Console(fd, as_json=as_json)
    for line in lines:
        console.line("web", line)
    if say:
        console.say(say)
    console.flush(timeout_s=20)
    os.close(fd)
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def records(tmp_path: Path, *lines: bytes, say: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(tmp_path, *lines, as_json=True, say=say)]


def test_lines_for_people_have_a_prefix(tmp_path: Path) -> None:
    assert written(tmp_path, b"hello", as_json=False, say="\nready") == ["web      │ hello", "", "ready"]


def test_part_is_a_field_of_json_lines(tmp_path: Path) -> None:
    given = {"time": "t", "event": "olé ☃ \n", "n": 1}
    [record] = records(tmp_path, json.dumps(given, ensure_ascii=False).encode())
    assert record == {"part": "web", **given}
    assert next(iter(record)) == "part"


@pytest.mark.parametrize("line", [b"plain text", b"{not json}", b"[1]", b'"text"', b'{"a": 1', b"\xff\xfe"])
def test_other_lines_become_messages(tmp_path: Path, line: bytes) -> None:
    [record] = records(tmp_path, line)
    assert record.pop("time").endswith("Z")
    event = line.decode(errors="replace")
    assert record == {"part": "web", "level": "info", "logger": "web", "event": event}


def test_empty_object_and_messages_of_the_supervisor_are_json_too(tmp_path: Path) -> None:
    empty, said = records(tmp_path, b"{}", say="\nClassroom Admin is ready")
    assert empty == {"part": "web"}
    assert records(tmp_path, b"", b"  ") == []
    assert (said["part"], said["event"]) == ("supervisor", "Classroom Admin is ready")


def test_dropped_lines_are_counted_in_json(tmp_path: Path) -> None:
    lines = [b'{"event": "' + b"x" * 10_000 + b'"}'] * 300
    found = records(tmp_path, *lines)
    [note] = [record for record in found if record["part"] == "supervisor"]
    dropped = int(note["event"].removeprefix("(").split()[0])
    assert dropped + len(found) - 1 == 300
