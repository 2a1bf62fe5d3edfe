"""The timeline of a person: what happened in which classes, time ranges, filters, pages, and access."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.events import Stream
from classroom_admin.rooms.models import Participant, RoomTeacher
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.students.time_range import HOUR, TODAY, WEEK, named_range, range_with
from classroom_admin.web.students.timeline import MOST_ROOMS, PAGE
from tests.school import School, make_room
from tests.web.students.conftest import ADA, Happened, attend

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")


def shown(client: Client, person: Participant, **query: Any) -> str:
    answer = client.get(reverse("live:student", args=[person.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u2068", "").replace("\u2069", "")


def moments(html: str) -> list[str]:
    return re.findall(r'<span class="what">([^<]+)</span>', html)


def pages(client: Client, person: Participant, **query: Any) -> list[list[str]]:
    """Follow the link "Earlier" to the end. Return the sentences of each page."""
    found, html = [], shown(client, person, **query)
    while True:
        found.append(moments(html))
        earlier = re.search(r'rel="next" href="[^"]*before=(\d+)', html)
        if not earlier:
            return found
        html = shown(client, person, **query, before=earlier[1])


def test_timeline_shows_what_the_student_did_newest_first(school: School, ada: Participant) -> None:
    html = shown(school.signed_in(school.teacher), ada)
    assert moments(html) == [
        "Ada Lovelace got a reward",
        "Ada Lovelace raised a hand",
        "Ada Lovelace wrote: Good morning",
    ]
    assert reverse("live:class", args=[school.room.key]) in html
    event = StoredEvent.objects.filter(room=school.room, cmd=1101).get()
    assert f"{reverse('live:replay', args=[school.room.key])}?at={event.ts_ms}" in html


def test_teacher_sees_only_what_happened_in_own_classes(
    school: School, admin: Client, ada: Participant, foreign: Participant
) -> None:
    for row in (ada, foreign):  # both rows lead to the same person
        own = shown(school.signed_in(school.teacher), row)
        assert "Good morning" in own
        assert "Written elsewhere" not in own
        assert "Foreign class" not in own
        others = shown(school.signed_in(school.other_teacher), row)
        assert "Written elsewhere" in others
        assert "Good morning" not in others
        both = moments(shown(admin, row))
        assert both[0] == "Ada Lovelace wrote: Written elsewhere"
        assert len(both) == 4


def test_teacher_who_never_met_the_student_gets_404(school: School, ada: Participant, stranger: User) -> None:
    for user in (school.other_teacher, stranger):
        assert school.signed_in(user).get(reverse("live:student", args=[ada.pk])).status_code == 404
    assert school.signed_in(school.teacher).get(reverse("live:student", args=[10**9])).status_code == 404


def test_no_cloud_id_is_in_the_page(school: School, ada: Participant) -> None:
    html = shown(school.signed_in(school.teacher), ada)
    assert "cloud-ada" not in html
    assert school.room.room_uuid not in html


def test_commands_for_the_student_are_shown_with_outcome_and_reason(school: School, ada: Participant) -> None:
    entry = record(
        actor=school.teacher, action="participant.remove", room_uuid=school.room.room_uuid,
        target="cloud-ada", target_name="Ada Lovelace", params={"reason": "Shared the link"},
    )  # fmt: skip
    add_step(entry, Step.Kind.REQUESTED)
    add_step(entry, Step.Kind.CONFIRMED)
    other = record(
        actor=school.teacher, action="participant.remove", room_uuid=school.room.room_uuid, target="else",
        params={"reason": "About another person"},
    )  # fmt: skip
    add_step(other, Step.Kind.REQUESTED)
    teacher = school.signed_in(school.teacher)
    for kind in ("", "commands"):
        html = shown(teacher, ada, kind=kind)
        assert "Shared the link" in html
        assert "Confirmed in" in html
        assert "About another person" not in html
    assert "Good morning" not in html
    assert "Shared the link" not in shown(teacher, ada, kind="chat")


def test_move_to_a_breakout_room_is_a_command_for_the_student(
    school: School, admin: Client, ada: Participant
) -> None:
    entry = record(
        actor=school.teacher, action="groups.move", room_uuid=school.room.room_uuid, target="cloud-ada",
        target_name="Ada Lovelace", params={"to": "Red"},
    )  # fmt: skip
    add_step(entry, Step.Kind.ACCEPTED)
    assert "Move" in shown(school.signed_in(school.teacher), ada, kind="commands")
    found = admin.get(reverse("settings:audit"), {"student": "cloud-ada"}).context["rows"]
    assert [row.entry for row in found] == [entry]


def test_kind_shows_only_events_of_that_kind(school: School, ada: Participant) -> None:
    teacher = school.signed_in(school.teacher)
    assert moments(shown(teacher, ada, kind="hands")) == ["Ada Lovelace raised a hand"]
    assert len(moments(shown(teacher, ada, kind="nonsense"))) == 3


def test_events_that_only_list_the_student_are_left_out(
    school: School, ada: Participant, happened: Happened
) -> None:
    user = {"userUuid": "cloud-ada"}
    happened(
        school.room, 1502, timedelta(minutes=5), progressUsers=[user], addProgressUsers=[{"userUuid": "b"}]
    )
    assert len(moments(shown(school.signed_in(school.teacher), ada))) == 3


def test_direct_messages_are_left_out(school: School, ada: Participant, happened: Happened) -> None:
    happened(school.room, 1, timedelta(minutes=5), stream=Stream.PEER, fromUser=ADA, message="Private")
    assert "Private" not in shown(school.signed_in(school.teacher), ada, range="all")


@pytest.mark.parametrize(
    ("minutes", "hour", "day"), [(30, True, True), (70, False, True), (25 * 60, False, False)]
)
def test_time_range_limits_the_events(
    school: School, ada: Participant, happened: Happened, minutes: int, hour: bool, day: bool
) -> None:
    happened(school.room, 3, timedelta(minutes=minutes), fromUser=ADA, message="Timed")
    teacher = school.signed_in(school.teacher)
    assert ("Timed" in shown(teacher, ada, range="hour")) is hour
    assert "Timed" in shown(teacher, ada, range="all")
    since = clock.now() - timedelta(hours=2)
    own = shown(teacher, ada, range="own", since=since.strftime("%Y-%m-%dT%H:%M"))
    assert ("Timed" in own) is day
    before = shown(teacher, ada, range="own", until=since.strftime("%Y-%m-%dT%H:%M"))
    assert ("Timed" in before) is not day


def test_event_without_a_time_counts_at_its_receipt(
    school: School, ada: Participant, happened: Happened
) -> None:
    answer = {"popupQuizId": "q", "userUuid": "cloud-ada"}
    event = happened(school.room, 4, timedelta(minutes=35), stream="popupQuiz", fromUser=ADA)
    event.raw = json.dumps({"sequence": 1, "data": {"fromUser": ADA, "cause": {"action": 3, **answer}}})
    event.raw = event.raw.replace(": ", ":")
    event.ts_ms = None
    event.save()
    words = moments(shown(school.signed_in(school.teacher), ada, range="hour"))
    assert len(words) == 4
    assert words.index("Ada Lovelace raised a hand") == 2  # 40 minutes ago


def test_wrong_time_range_is_explained(school: School, ada: Participant) -> None:
    teacher = school.signed_in(school.teacher)
    wrong = {"range": "own", "since": "2026-01-02T10:00", "until": "2026-01-01T10:00"}
    answer = teacher.get(reverse("live:student", args=[ada.pk]), wrong)
    assert answer.status_code == 422
    assert "Choose a later end" in answer.content.decode()
    assert 'value="2026-01-02T10:00"' in answer.content.decode()
    nonsense = teacher.get(reverse("live:student", args=[ada.pk]), {"range": "own", "since": "soon"})
    assert nonsense.status_code == 422


def test_pages_lose_and_repeat_nothing(school: School, ada: Participant, happened: Happened) -> None:
    """Also if events of one millisecond are at the edge of a page, and classes overlap in time."""
    second = make_room("Second")
    RoomTeacher.objects.create(room=second, user=school.teacher)
    attend(second)
    for number in range(2 * PAGE + 7):
        room = (school.room, second)[number % 2]
        event = happened(room, 3, timedelta(seconds=number), fromUser=ADA, message=f"No {number:03}")
        StoredEvent.objects.filter(pk=event.pk).update(ts_ms=event.ts_ms // 3000 * 3000)
    found = pages(school.signed_in(school.teacher), ada, kind="chat", range="all")
    assert len(found) == 3
    numbers = [words for page in found for words in page if "No " in words]
    assert len(numbers) == len(set(numbers)) == 2 * PAGE + 7


def test_events_of_more_classes_than_a_page_reads_are_on_later_pages(
    school: School, ada: Participant, happened: Happened
) -> None:
    for number in range(MOST_ROOMS + 5):
        room = make_room(f"Class {number}")
        RoomTeacher.objects.create(room=room, user=school.teacher)
        attend(room)
        happened(room, 3, timedelta(days=number + 1), fromUser=ADA, message=f"Day {number}")
    found = pages(school.signed_in(school.teacher), ada, kind="chat", range="all")
    words = [words for page in found for words in page]
    assert [one for one in words if "Day" in one] == [
        f"Ada Lovelace wrote: Day {number}" for number in range(MOST_ROOMS + 5)
    ]


def test_number_of_queries_does_not_grow(
    school: School, ada: Participant, happened: Happened, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        room = make_room(f"Class {number}")
        RoomTeacher.objects.create(room=room, user=school.teacher)
        attend(room)
        entry = record(
            actor=school.teacher, action="participant.remove", room_uuid=room.room_uuid, target="cloud-ada"
        )
        add_step(entry, Step.Kind.REQUESTED)
        happened(room, 1101, timedelta(minutes=number), rewardDetails=[{"userUuid": "cloud-ada"}])
    teacher = school.signed_in(school.teacher)
    shown(teacher, ada)
    with django_assert_max_num_queries(19):
        shown(teacher, ada)


def test_people_with_the_same_name_are_included_only_on_request(
    school: School, ada: Participant, happened: Happened
) -> None:
    attend(school.room, "guest-1", name="ada  LOVELACE")
    attend(school.room, "other", name="Áda Lovelace")  # another name
    guest = {"userUuid": "guest-1", "userName": "Ada Lovelace"}
    happened(school.room, 3, timedelta(minutes=3), fromUser=guest, message="As a guest")
    teacher = school.signed_in(school.teacher)
    html = shown(teacher, ada)
    assert "As a guest" not in html
    assert "Include 1 other user id with this name" in html
    assert "As a guest" in shown(teacher, ada, also="1")


def test_person_dialog_links_to_the_timeline(school: School, ada: Participant) -> None:
    html = school.signed_in(school.teacher).get(
        reverse("live:person", args=[school.room.key, ada.pk])
    ).content.decode()  # fmt: skip
    assert f'href="{reverse("live:student", args=[ada.pk])}"' in html


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(minutes=59), HOUR),
        (timedelta(hours=3), TODAY),
        (timedelta(days=1), WEEK),
        (timedelta(days=8), "all"),
        (None, "all"),
    ],
)
def test_page_opens_with_the_shortest_range_that_has_the_last_class(
    ago: timedelta | None, expected: str
) -> None:
    last_seen = None if ago is None else NOW - ago
    assert range_with(last_seen, now=NOW, zone=BERLIN).name == expected


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("hour", datetime(2026, 3, 4, 11, 30, tzinfo=UTC)),
        ("today", datetime(2026, 3, 3, 23, 0, tzinfo=UTC)),
        ("week", datetime(2026, 3, 1, 23, 0, tzinfo=UTC)),
        ("all", None),
    ],
)
def test_days_and_weeks_begin_in_the_zone_of_the_viewer(name: str, since: datetime | None) -> None:
    assert named_range(name, now=NOW, zone=BERLIN).since == since


def test_week_begins_at_midnight_before_the_change_to_summer_time() -> None:
    sunday = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    found = named_range(WEEK, now=sunday, zone=BERLIN).since
    assert found == datetime(2026, 3, 23, 0, 0, tzinfo=BERLIN)
    assert found.astimezone(UTC) == datetime(2026, 3, 22, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("field", ["since", "until"])
@pytest.mark.parametrize("value", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_year_that_no_time_zone_has_is_named(
    school: School, ada: Participant, zone: str, field: str, value: str
) -> None:
    school.teacher.time_zone = zone
    school.teacher.save()
    where = reverse("live:student", args=[ada.pk])
    answer = school.signed_in(school.teacher).get(where, {"range": "own", field: value})
    assert answer.status_code == 422
    assert "This year is out of range" in answer.content.decode()
