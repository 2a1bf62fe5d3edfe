"""Old data is deleted, nothing younger is, and what is left stays as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.agora.answers import RawAnswer
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.privacy import retention, tasks
from classroom_admin.privacy.limits import Kind, days_of
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import (
    AgoraChatRoom,
    ChatMessage,
    ClassList,
    ClassRetention,
    ListedPerson,
    Participant,
    PeerMessage,
    Presence,
    Recording,
    Room,
    Substitution,
)
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import inbox, projector
from classroom_admin.sync.models import InboxAnswer, Quarantine, RoomCursor, StoredEvent
from tests.privacy.conftest import CANARY, a_class, days_later, rebuilt, run
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once
from tests.sync.test_order import arrive, picture, school_events

pytestmark = pytest.mark.django_db(transaction=True)


def everything_stored() -> str:
    """Every value of every row in the database, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [
                bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                for row in cursor.fetchall()
                for value in row
            ]
    return "\n".join(found)


def test_nothing_is_deleted_before_its_time(
    lesson: Room, hands: SteppedClock, keep: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(chat=90, direct_messages=90, events=90, attendance=90)
    before = picture(), StoredEvent.objects.count()
    days_later(hands, 89.9)
    assert {kind: found.rows for kind, found in retention.preview().items() if kind in before} == {}
    assert run().counts == {}
    assert (picture(), StoredEvent.objects.count()) == before
    assert CANARY in everything_stored()


def test_deleted_chat_stays_deleted_and_nothing_else_changes(
    lesson: Room, hands: SteppedClock, keep: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(chat=90, direct_messages=90)
    before = picture()
    days_later(hands, 90.1)
    inbox.prune()
    preview = retention.preview()
    assert (preview[Kind.CHAT].rows, preview[Kind.CHAT].classes) == (4, 1)
    assert (preview[Kind.DIRECT_MESSAGES].rows, preview[Kind.DIRECT_MESSAGES].classes) == (1, 1)
    found = run()
    assert found.counts == {
        "chat": {"rows": 4, "classes": 1},
        "direct_messages": {"rows": 1, "classes": 1},
    }
    assert CANARY not in everything_stored()
    assert not PeerMessage.objects.exists()
    assert set(ChatMessage.objects.values_list("text", "deleted", "user_uuid")) == {
        ("", True, "ada"),
        ("", True, "kim"),
    }
    after = picture()
    for name in before.keys() - {"Room", "ChatMessage", "PeerMessage"}:
        assert after[name] == before[name], name
    assert rebuilt(capsys) == "0 rows changed"
    assert picture() == after
    lesson.refresh_from_db()
    assert lesson.chat_count == 3
    assert lesson.chat_deleted_at is not None
    assert lesson.direct_deleted_at is not None
    assert lesson.sealed_at is None
    assert run().counts == {}


def test_all_events_of_a_school_without_their_texts_give_the_same_rows(
    hands: SteppedClock, keep: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Event shapes of every kind: the projection does not depend on the texts."""
    for seed in (3, 11):
        arrive(school_events(seed, all_timed=seed == 3))
    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    before = picture()
    texts = {text for text in ChatMessage.objects.values_list("text", flat=True) if len(text) > 12}
    assert texts
    keep(chat=90, direct_messages=90)
    days_later(hands, 91)
    inbox.prune()
    Quarantine.objects.all().delete()
    run()
    after = picture()
    for name in before.keys() - {"Room", "ChatMessage", "PeerMessage"}:
        assert after[name] == before[name], name
    assert len(after["ChatMessage"]) == len(before["ChatMessage"])
    assert rebuilt(capsys) == "0 rows changed"
    everything = everything_stored()
    assert [text for text in texts if text in everything] == []


def test_a_late_message_is_deleted_in_the_next_run(
    sim: RunningSimulator, lesson: Room, hands: SteppedClock, keep: Any
) -> None:
    keep(chat=90)
    days_later(hands, 91)
    run()
    number = StoredEvent.objects.filter(room=lesson, stream="room").order_by("-sequence")[0].sequence
    assert number is not None
    old = clock.now_ms() - 91 * 86_400_000
    data = {"fromUser": {"userUuid": "ada", "userName": "Ada", "role": 2}, "message": CANARY}
    late = {"roomUuid": "maths", "cmd": 3, "sequence": number + 1, "ts": old, "data": data}
    arrive([late])
    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    assert ChatMessage.objects.filter(text=CANARY).exists()
    days_later(hands, 1)
    assert run().counts == {"chat": {"rows": 1, "classes": 1}}
    assert not ChatMessage.objects.filter(deleted=False).exists()


def test_a_sealed_class_is_frozen(
    sim: RunningSimulator,
    lesson: Room,
    hands: SteppedClock,
    keep: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    summaries.refresh(lesson)
    keep(events=365)
    before = picture()
    figures = list(PersonSummary.objects.order_by("pk").values())
    days_later(hands, 365.1)
    found = run()
    assert found.counts["events"]["classes"] == 1
    assert not StoredEvent.objects.exists()
    after = picture()
    for name in before.keys() - {"Room"}:
        assert after[name] == before[name], name
    assert rebuilt(capsys) == "0 rows changed"
    # A later projection version leaves it out.
    monkeypatch.setattr("classroom_admin.events.PROJECTION_VERSION", 99)
    assert projector.outdated_room() is None
    # Limits for being late do not change stored figures.
    assert list(summaries.outdated(Room.objects.all())) == []
    assert list(PersonSummary.objects.order_by("pk").values()) == figures
    assert summaries.current(room("maths")).people.count() == len(figures)
    # Events that arrive late are counted, and change nothing.
    events = [
        {"roomUuid": "maths", "cmd": 20, "sequence": 900 + number, "ts": clock.now_ms(), "data": {}}
        for number in range(2)
    ]
    found_late = arrive(events)
    assert (found_late.stored, found_late.quarantined, found_late.rooms) == (0, 0, set())
    state = ClassRetention.objects.get(room=lesson)
    assert (state.late_events, state.events_deleted > 10) == (2, True)
    assert not StoredEvent.objects.exists()
    assert not Quarantine.objects.exists()
    assert picture() == after
    # Nothing of it is due any more, and a sync leaves it alone.
    assert not RoomCursor.objects.filter(project_due_at__isnull=False).exists()
    Room.objects.filter(pk=lesson.pk).update(gone_at=None)
    assert sync_once() == ""
    assert not StoredEvent.objects.filter(room=lesson).exists()
    assert run().counts == {}


def test_the_whole_class_is_deleted_at_last(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    summaries.refresh(lesson)
    keep(attendance=2190)
    days_later(hands, 2191)
    assert retention.preview()[Kind.ATTENDANCE].classes == 1
    found = run()
    assert found.counts["attendance"]["classes"] == 1
    for model in (Room, Participant, Presence, ChatMessage, StoredEvent, ClassSummary, PersonSummary):
        assert not model.objects.exists(), model
    assert not RoomCursor.objects.exists()


def test_classes_in_use_and_kept_classes_stay(
    sim: RunningSimulator, lesson: Room, hands: SteppedClock, keep: Any
) -> None:
    """A class with later plans, with a waiting command, or that an administrator keeps, is not touched."""
    head = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    a_class(sim, "again")
    a_class(sim, "waiting")
    a_class(sim, "kept")
    a_class(sim, "running")
    days_later(hands, 400)
    Room.objects.filter(room_uuid="again").update(planned_start_at=clock.now() + timedelta(days=2))
    ScheduledCommand.objects.create(
        kind="close", room=room("waiting"), key="k", by=head, due_at=clock.now() + timedelta(days=2)
    )
    ClassRetention.objects.create(room=room("kept"), kept_at=clock.now(), kept_by=head, kept_reason="a claim")
    Room.objects.filter(room_uuid="running").update(
        state=1, gone_at=None, ended_at=None, closed_at=None, last_event_at=clock.now() - timedelta(hours=1)
    )
    keep(chat=90, direct_messages=90, recordings=90, events=365, attendance=380)
    run()
    assert sorted(Room.objects.values_list("room_uuid", flat=True)) == ["again", "kept", "running", "waiting"]
    assert not Room.objects.exclude(sealed_at=None, chat_deleted_at=None, direct_deleted_at=None).exists()
    assert ChatMessage.objects.filter(deleted=False).count() == 16


def test_recordings_lose_their_addresses(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    made = Recording.objects.create(
        room=lesson,
        record_id="r",
        state="ended",
        started_at=clock.now(),
        ended_at=clock.now(),
        file_urls=["https://files.test/a.mp4"],
    )
    keep(recordings=30)
    days_later(hands, 31)
    assert run().counts == {"recordings": {"rows": 1, "classes": 1}}
    made.refresh_from_db()
    assert (made.file_urls, made.links_deleted_at is not None) == ([], True)


def test_unreadable_data_is_not_kept_longer_than_chat(
    lesson: Room, hands: SteppedClock, keep: Any, settings: Any
) -> None:
    arrive([{"roomUuid": "maths", "cmd": 3, "sequence": "x", "data": {"message": CANARY}}])
    assert Quarantine.objects.count() == 1
    keep(chat=30, direct_messages=30, quarantine=90)
    assert days_of(Kind.QUARANTINE) == 30
    days_later(hands, 31)
    run()
    assert not Quarantine.objects.exists()
    assert not InboxAnswer.objects.filter(body__contains=CANARY.encode()).exists()
    assert CANARY not in everything_stored()


def test_unused_class_lists_are_deleted(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    used, unused = ClassList.objects.create(name="7a"), ClassList.objects.create(name="7b")
    for one in (used, unused):
        ListedPerson.objects.create(class_list=one, name="Ada")
    days_later(hands, 729)
    young = ClassList.objects.create(name="8a", changed_at=clock.now())
    days_later(hands, 2)
    # Django's own clock made the first two lists.
    ClassList.objects.filter(pk__in=[used.pk, unused.pk]).update(changed_at=clock.now() - timedelta(days=731))
    Room.objects.filter(pk=lesson.pk).update(class_list=used)
    keep(class_lists=730)
    assert run().counts == {"class_lists": {"rows": 1, "classes": 0}}
    assert sorted(ClassList.objects.values_list("name", flat=True)) == [used.name, young.name]


def test_each_run_is_recorded(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    keep(chat=90)
    days_later(hands, 91)
    found = run()
    entries = {entry.action: entry for entry in Entry.objects.filter(action__startswith="retention.")}
    assert entries["retention.delete"].params["rows"] == 4
    assert entries["retention.delete"].params["kind"] == "chat"
    assert entries["retention.run"].params == {"chat": 4}
    assert found.limits["chat"] == 90


@pytest.mark.parametrize("at", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)])
def test_the_run_begins_at_night_in_the_schools_time_zone(
    at: datetime, hands: SteppedClock, keep: Any, settings: Any
) -> None:
    """Also in the nights when clocks change: once a night, and not at noon."""
    settings.TIME_ZONE, settings.RETENTION_HOUR = "Europe/Madrid", 3
    RetentionRun.objects.create(started_at=at - timedelta(hours=21), finished_at=at - timedelta(hours=20))
    began = []
    for half_hours in range(48):
        now = at + timedelta(minutes=30 * half_hours)
        if retention.is_due(now):
            RetentionRun.objects.create(started_at=now, finished_at=now)
            began.append(now)
    offset = 2 if at.month == 3 else 1
    assert began == [at + timedelta(hours=3 - offset)]
    assert retention.next_run(began[0]) > began[0] + timedelta(hours=20)


def test_the_night_of_a_late_hour_goes_on_after_midnight(transactional_db: None, settings: Any) -> None:
    settings.TIME_ZONE, settings.RETENTION_HOUR = "UTC", 23
    evening = datetime(2027, 5, 3, 23, tzinfo=UTC)
    RetentionRun.objects.create(started_at=evening - timedelta(days=1), finished_at=evening)
    due = [hours for hours in range(-3, 5) if retention.is_due(evening + timedelta(hours=hours))]
    assert due == [0, 1, 2]
    RetentionRun.objects.create(started_at=evening, finished_at=evening)
    assert not retention.is_due(evening + timedelta(hours=2))


def test_the_task_works_only_at_night(lesson: Room, hands: SteppedClock, keep: Any, settings: Any) -> None:
    keep(chat=90)
    settings.TIME_ZONE = "UTC"
    days_later(hands, 91)
    settings.RETENTION_HOUR = (clock.now().hour + 12) % 24
    assert tasks.retain() is False
    assert not RetentionRun.objects.exists()
    settings.RETENTION_HOUR = clock.now().hour
    assert tasks.retain() is True
    assert tasks.retain() is False
    assert RetentionRun.objects.count() == 1
    assert not ChatMessage.objects.filter(deleted=False).exists()


def test_an_interrupted_run_continues(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    keep(chat=90, events=365)
    days_later(hands, 366)
    begun = retention.begin()
    parts = 0
    while not retention.work(begun, within_s=0):
        parts += 1
        begun.refresh_from_db()
        assert parts < 30, begun.counts
    begun.refresh_from_db()
    assert parts >= 3
    assert begun.counts["chat"] == {"rows": 4, "classes": 1}
    assert begun.counts["events"]["classes"] == 1
    assert not StoredEvent.objects.exists()
    assert retention.begin().pk != begun.pk


def test_agora_chat_and_breakout_rooms_belong_to_the_class(
    sim: RunningSimulator, lesson: Room, hands: SteppedClock, keep: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    AgoraChatRoom.objects.create(
        room=lesson, org_name="o", app_name="a", chat_room_id="9", known_since=clock.now()
    )
    callback = {
        "callId": "o#a_1", "chat_type": "groupchat", "group_id": "9", "from": "ada", "to": "9",
        "msg_id": "55", "timestamp": clock.now_ms(),
        "payload": {"bodies": [{"type": "txt", "msg": CANARY}], "ext": {"nickName": "Ada"}},
    }  # fmt: skip
    raw = RawAnswer(
        body=json.dumps(callback).encode(),
        http_status=200,
        received_at_ms=clock.now_ms(),
        request_id="o#a",
        path="",
    )
    assert inbox.read(inbox.keep(raw, source=InboxAnswer.Source.CHAT_CALL).pk).stored == 1
    data = {"fromUser": {"userUuid": "ada", "userName": "Ada", "role": 2}, "message": f"{CANARY} in a group"}
    arrive([{"roomUuid": "group", "cmd": 3, "sequence": 1, "ts": clock.now_ms(), "data": data}])
    Room.objects.filter(room_uuid="group").update(parent=lesson, gone_at=clock.now())
    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    assert ChatMessage.objects.filter(text__contains=CANARY).count() == 6
    keep(chat=90, direct_messages=90)
    days_later(hands, 91)
    assert (retention.preview()[Kind.CHAT].rows, retention.preview()[Kind.CHAT].classes) == (6, 1)
    assert run().counts["chat"] == {"rows": 6, "classes": 1}
    inbox.prune()
    assert CANARY not in everything_stored()
    assert rebuilt(capsys) == "0 rows changed"
    assert room("group").chat_deleted_at is not None
    keep(chat=90, direct_messages=90, events=365)
    days_later(hands, 300)
    assert run().counts["events"]["classes"] == 1
    assert room("group").sealed_at is not None
    assert not StoredEvent.objects.exists()
    arrive([{"roomUuid": "group", "cmd": 3, "sequence": 2, "ts": clock.now_ms(), "data": data}])
    assert ClassRetention.objects.get(room=lesson).late_events == 1
    assert rebuilt(capsys) == "0 rows changed"


def test_a_kept_class_may_be_let_go_in_the_middle(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    """A class that is kept while its messages are deleted is not marked as done."""
    keep(chat=90)
    days_later(hands, 91)
    begun = retention.begin()
    assert retention.work(begun, within_s=0) is False
    ClassRetention.objects.update_or_create(
        room=lesson, defaults={"kept_at": clock.now(), "kept_reason": "x"}
    )
    ChatMessage.objects.filter(sequence=ChatMessage.objects.order_by("pk")[0].sequence).update(
        text="left over", deleted=False
    )
    assert retention.work(begun)
    assert ChatMessage.objects.filter(deleted=False).count() == 1
    ClassRetention.objects.update(kept_at=None, kept_reason="")
    days_later(hands, 1)
    run()
    assert not ChatMessage.objects.filter(deleted=False).exists()


def test_a_deletion_stops_between_two_parts_if_the_class_is_kept(
    lesson: Room, hands: SteppedClock, keep: Any
) -> None:
    """The person presses the button while the same task goes on."""
    keep(attendance=90)
    days_later(hands, 91)
    parts = retention._parts(retention.begin())
    next(parts)
    ClassRetention.objects.update_or_create(room=lesson, defaults={"kept_at": clock.now()})
    people = Participant.objects.count()
    assert people > 0
    assert sum(1 for _part in parts) == 0
    assert (Participant.objects.count(), Room.objects.count()) == (people, 1)
    assert ClassRetention.objects.filter(kept_at__isnull=False).exists()


def test_a_kept_class_keeps_its_substitutions(lesson: Room, hands: SteppedClock, keep: Any) -> None:
    head = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    now = clock.now()
    Substitution.objects.create(teacher=head, room=lesson, starts_at=now, ends_at=now, made_by=head)
    own = ClassRetention.objects.create(room=lesson, kept_at=now)
    keep(attendance=90)
    days_later(hands, 91)
    run()
    assert Substitution.objects.exists()
    own.delete()
    run()
    assert not Substitution.objects.exists()
