"""`manage.py report attendance`: the JSON that scripts use, and the evidence."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from python_calamine import CalamineWorkbook

from classroom_admin.accounts.models import User
from classroom_admin.agora.calls import SetClassState
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.common.clock import iso
from classroom_admin.reports.evidence import evidence_of
from classroom_admin.reports.models import Correction
from classroom_admin.rooms.models import ClassList, ListedPerson, Participant, Presence, Role, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import ChannelNotice, SequenceGap, StoredEvent
from tests.sync.conftest import room, sync_once

NINE = datetime(2026, 9, 1, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


@pytest.fixture
def lesson(db: None) -> Room:
    """A class of an hour that is over. Its two events are stored."""
    made = Room.objects.create(
        room_uuid="maths 7b", name="Maths — 7b", state=3, started_at=NINE, ended_at=at(60), event_count=2
    )
    for sequence, minutes in ((1, 0), (4, 60)):
        store(made, sequence, minutes)
    return made


def store(made: Room, sequence: int, minutes: float, cmd: int = 20, **columns: Any) -> None:
    ms = round(at(minutes).timestamp() * 1000)
    StoredEvent.objects.create(
        room=made,
        stream="room",
        sequence=sequence,
        cmd=cmd,
        ts_ms=ms,
        received_at=at(minutes + 1),
        raw=json.dumps({"cmd": cmd, "sequence": sequence, "ts": ms, "data": {}}),
        **columns,
    )


def join(
    made: Room, user_uuid: str, name: str, *stays: tuple[float, float], role: str = Role.STUDENT
) -> None:
    Participant.objects.create(
        room=made, user_uuid=user_uuid, name=name, role=role, entered_at=at(stays[0][0])
    )
    for number, (entered, left) in enumerate(stays):
        Presence.objects.create(
            room=made,
            user_uuid=user_uuid,
            entered_sequence=number,
            entered_at=at(entered),
            left_at=at(left),
            left_sequence=number,
        )


def report(*more: str) -> dict[str, Any]:
    return json.loads(_printed(*more))


def _printed(*more: str) -> str:
    from io import StringIO

    out = StringIO()
    call_command("report", "attendance", "maths 7b", "--format", "json", *more, stdout=out)
    return out.getvalue()


def test_report_has_the_documented_shape(lesson: Room) -> None:
    made = ClassList.objects.create(name="7b")
    for name, user_uuid, group in (("Ada Lovelace", "u1", "a"), ("Ben", "", ""), ("Cleo", "u3", "b")):
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid, group=group)
    Room.objects.update(class_list=made)
    join(lesson, "u1", "Ada", (-5, 20), (30, 70))
    join(lesson, "guest", "ben", (12, 45))
    join(lesson, "stranger", "Dan", (0, 60))
    assert report() == {
        "class": {
            "room_uuid": "maths 7b",
            "name": "Maths — 7b",
            "starts_at": "2026-09-01T09:00:00Z",
            "ends_at": "2026-09-01T10:00:00Z",
        },
        "evidence": {"complete": True, "events": 2, "gaps": []},
        "rows": [
            {
                "user_id": "u1",
                "name": "Ada",
                "list_name": "Ada Lovelace",
                "group": "a",
                "status": "present",
                "first_in": "2026-09-01T09:00:00Z",
                "last_out": "2026-09-01T10:00:00Z",
                "minutes_present": 50,
                "share": 0.8333,
                "late_minutes": 0,
                "left_early_minutes": 0,
                "reconnects": 1,
                "corrected": None,
            },
            {
                "user_id": "guest",
                "name": "ben",
                "list_name": "Ben",
                "group": None,
                "status": "late_and_left_early",
                "first_in": "2026-09-01T09:12:00Z",
                "last_out": "2026-09-01T09:45:00Z",
                "minutes_present": 33,
                "share": 0.55,
                "late_minutes": 12,
                "left_early_minutes": 15,
                "reconnects": 0,
                "corrected": None,
            },
            {
                "user_id": "u3",
                "name": "Cleo",
                "list_name": "Cleo",
                "group": "b",
                "status": "absent",
                "first_in": None,
                "last_out": None,
                "minutes_present": 0,
                "share": 0,
                "late_minutes": None,
                "left_early_minutes": None,
                "reconnects": 0,
                "corrected": None,
            },
        ],
    }


def test_without_a_list_the_report_has_all_students(lesson: Room) -> None:
    join(lesson, "u1", "Ada", (0, 60))
    join(lesson, "t", "Ms Noether", (0, 60), role=Role.TEACHER)
    (row,) = report()["rows"]
    assert (row["user_id"], row["name"], row["list_name"], row["status"]) == ("u1", "Ada", None, "present")


def test_report_can_be_written_to_a_file(lesson: Room, tmp_path: Path) -> None:
    file = tmp_path / "attendance.json"
    assert _printed("--output", str(file)) == ""
    assert json.loads(file.read_text(encoding="utf-8")) == report()
    with pytest.raises(CommandError, match="can't be written"):
        _printed("--output", str(tmp_path / "missing" / "attendance.json"))


FIELDS = [
    "user_id", "name", "list_name", "group", "status", "first_in", "last_out", "minutes_present", "share",
    "late_minutes", "left_early_minutes", "reconnects", "corrected",
]  # fmt: skip


def listed_class(lesson: Room) -> Room:
    made = ClassList.objects.create(name="7b")
    for name, user_uuid in (("Ada Lovelace", "u1"), ("=HYPERLINK(1)", "u2")):
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid)
    Room.objects.update(class_list=made)
    join(lesson, "u1", "Ada", (7.5, 60))
    gap = {"room": lesson, "stream": "room", "found_at": NINE}
    SequenceGap.objects.create(**gap, first=2, last=3, state=SequenceGap.State.GAP)
    return lesson


def test_csv_has_the_fields_of_the_json_and_the_evidence(lesson: Room) -> None:
    listed_class(lesson)
    text = _printed("--format", "csv")
    assert text.startswith("\ufeffuser_id,")
    rows = list(csv.DictReader(io.StringIO(text[1:], newline="")))
    assert list(rows[0]) == [*report()["rows"][0], "evidence"] == [*FIELDS, "evidence"]
    for row, expected in zip(rows, report()["rows"], strict=True):
        for field in FIELDS:
            wanted = "" if expected[field] is None else str(expected[field])
            assert row[field].removeprefix("'") == wanted, field
        assert row["evidence"] == "gaps: 2026-09-01T09:00:00Z/2026-09-01T10:00:00Z"
    assert rows[0]["list_name"] == "'=HYPERLINK(1)"


def test_csv_says_who_corrected_what(lesson: Room) -> None:
    join(lesson, "u1", "Ada", (0, 20))
    ruth = User.objects.create_user("ruth@school.test", "x", name="Ruth")
    Correction.objects.create(
        room=lesson, person_key="id:u1", status="excused", note="dentist; 9:30", by=ruth, at=at(90)
    )
    (row,) = csv.DictReader(io.StringIO(_printed("--format", "csv")[1:], newline=""))
    assert row["status"] == "excused"
    assert row["corrected"] == "measured: left_early; Ruth; 2026-09-01T10:30:00Z; dentist; 9:30"


def test_workbook_has_typed_cells_in_utc_and_in_the_zone_of_the_school(
    lesson: Room, tmp_path: Path, settings: Any
) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    listed_class(lesson)
    file = tmp_path / "attendance.xlsx"
    assert _printed("--format", "xlsx", "--output", str(file)) == ""
    header, _absent, ada = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    cells = dict(zip(header, ada, strict=True))
    assert cells["First in (UTC)"] == datetime(2026, 9, 1, 9, 7, 30)
    assert cells["First in (Asia/Kolkata)"] == datetime(2026, 9, 1, 14, 37, 30)
    assert (cells["Minutes present"], cells["Share of the class"], cells["Minutes late"]) == (
        52.5,
        0.875,
        7.5,
    )
    assert cells["Evidence"].startswith("gaps: ")


def test_workbook_needs_a_file(lesson: Room) -> None:
    with pytest.raises(CommandError, match="--output") as error:
        _printed("--format", "xlsx")
    assert error.value.returncode == 1


@pytest.mark.parametrize("file_format", ["json", "csv", "xlsx"])
def test_failed_report_changes_no_file(lesson: Room, tmp_path: Path, file_format: str) -> None:
    file = tmp_path / "attendance"
    file.write_text("earlier")
    with pytest.raises(CommandError, match="is known"):
        call_command("report", "attendance", "nobody's", "--format", file_format, "--output", str(file))
    tmp_path.chmod(0o500)
    try:
        if not os.access(tmp_path, os.W_OK):  # root may write everywhere
            with pytest.raises(CommandError, match="can't be written"):
                _printed("--format", file_format, "--output", str(file))
    finally:
        tmp_path.chmod(0o700)
    assert file.read_text() == "earlier"
    _printed("--format", file_format, "--output", str(file))
    assert [one.name for one in tmp_path.iterdir()] == ["attendance"], "no temporary file is left"
    assert file.read_bytes() != b"earlier"


def test_unknown_room_is_an_error(db: None) -> None:
    with pytest.raises(CommandError, match="is known") as error:
        call_command("report", "attendance", "nobody's")
    assert error.value.returncode == 1


def test_evidence_names_the_time_of_each_gap(lesson: Room) -> None:
    gap = {"room": lesson, "stream": "room", "found_at": NINE}
    SequenceGap.objects.create(**gap, first=2, last=3, state=SequenceGap.State.OPEN)
    SequenceGap.objects.create(**gap, first=5, last=5, state=SequenceGap.State.GAP)
    assert report()["evidence"] == {
        "complete": False,
        "events": 2,
        "gaps": [
            {"from": "2026-09-01T09:00:00Z", "to": "2026-09-01T10:00:00Z"},
            {"from": "2026-09-01T10:00:00Z", "to": None},
        ],
    }
    SequenceGap.objects.update(state=SequenceGap.State.VOID)
    assert report()["evidence"]["complete"], "the cloud never shows these numbers"


def test_an_unreadable_event_is_a_gap_only_if_it_may_tell_who_was_there(lesson: Room) -> None:
    store(lesson, 2, 10, cmd=3, unreadable="a chat message without text")
    assert evidence_of(lesson).complete
    store(lesson, 3, 20, cmd=20, unreadable="no list of people")
    (gap,) = evidence_of(lesson).gaps
    assert (gap.start, gap.stop) == (at(0), at(60))


@pytest.mark.django_db(transaction=True)
def test_the_plan_from_before_the_start_ends_a_class_that_the_cloud_ended_later(
    sim: RunningSimulator, cloud: Client
) -> None:
    """When a class has started and ended, the cloud no longer tells its plan."""
    start_ms = clock.now_ms() + 3_600_000
    sim.make_room("maths 7b", startTime=start_ms, duration=1800)
    Room.objects.create(room_uuid="maths 7b")  # the cloud tells of a room only with its first event
    assert sync_once() == ""
    cloud.send(SetClassState(room_uuid="maths 7b", state=1))
    sim.room("maths 7b", "enter", userUuid="u1", userName="Ada")
    sim.control("POST", "/clock", {"mode": "stepped"})
    sim.step(1000)  # who enters in the millisecond of the end is absent
    cloud.send(SetClassState(room_uuid="maths 7b", state=2))
    assert sync_once() == ""
    here = room("maths 7b")
    assert here.timetable_start_at == clock.from_ms(start_ms)
    assert here.timetable_end_at == clock.from_ms(start_ms + 1_800_000)
    assert here.planned_start_at == here.started_at, "the cloud tells the actual start"
    found = report()
    assert found["class"]["starts_at"] == iso(here.started_at), "the class was over before its planned start"
    assert found["rows"][0]["status"] in ("present", "partly")


@pytest.mark.django_db(transaction=True)
def test_a_class_that_is_first_read_after_its_end_has_the_planned_length(
    sim: RunningSimulator, cloud: Client
) -> None:
    start_ms = clock.now_ms() - 60_000
    sim.make_room("maths 7b", startTime=start_ms, duration=1800)
    sim.room("maths 7b", "state", state=2)
    assert sync_once() == ""
    assert room("maths 7b").timetable_end_at == clock.from_ms(start_ms + 1_800_000)
    assert report()["class"]["ends_at"] != report()["class"]["starts_at"]


def told(made: Room, event_type: int, minutes: float) -> None:
    ChannelNotice.objects.create(
        notice_id=f"{event_type} at {minutes}",
        event_type=event_type,
        room_uuid=made.room_uuid,
        stream_uuid="71",
        user_uuid="u1",
        at=at(minutes),
        received_at=at(minutes),
        raw="{}",
    )


def test_evidence_says_that_both_sources_agree(lesson: Room) -> None:
    join(lesson, "u1", "Ada", (0, 60))
    told(lesson, 105, 0)
    told(lesson, 106, 60)
    assert report()["evidence"]["notifications"] == {"agree": True, "filled": 0, "differences": []}


def test_evidence_says_where_the_sources_disagree(lesson: Room) -> None:
    join(lesson, "u1", "Ada", (0, 40))
    told(lesson, 105, 0)
    told(lesson, 106, 42)
    assert report()["evidence"]["notifications"] == {
        "agree": False,
        "filled": 0,
        "differences": [
            {
                "user_id": "u1",
                "name": "Ada",
                "shown_by": "notifications",
                "from": "2026-09-01T09:40:00Z",
                "to": "2026-09-01T09:42:00Z",
            }
        ],
    }
