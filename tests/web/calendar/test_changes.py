"""Changes in the calendar feed: numbers, times, cancelled classes, the language. Another parser reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import vobject
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.actions import calendars, scheduling
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import Scope
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomState, RoomTeacher
from classroom_admin.web.calendar.views import address_of
from tests.actions.series import change as change_series
from tests.school import School, make_room
from tests.stepped_clock import SteppedClock, use

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
STARTS = datetime(2026, 10, 7, 7, 30, tzinfo=UTC)
SETTINGS = {"room_type": 4, "duration_s": 2700}


@pytest.fixture
def time(db: None) -> Any:
    """Stop the clock at NOW. The test steps it."""
    with use(SteppedClock(NOW)) as stepped:
        yield stepped


@pytest.fixture
def series(school: School, time: Any) -> Series:
    """A series of two classes of the teacher. The first begins at STARTS, the second a week later."""
    Room.objects.all().delete()
    return scheduling.plan(
        actor=school.teacher,
        request_id="one",
        name="Algebra",
        starts=[STARTS, STARTS + timedelta(days=7)],
        zone="UTC",
        asked=SETTINGS,
    )


def feed(user: User) -> list[Any]:
    """Return the events of the person's feed in order of time, as vobject reads and validates them."""
    answer = Client().get(urlsplit(address_of(calendars.make_address(actor=user))).path)
    read = vobject.readOne(answer.content.decode())
    read.validate(raiseException=True)
    return sorted(read.contents.get("vevent", []), key=lambda event: event.dtstart.value)


def numbers(user: User) -> list[int]:
    return [int(event.sequence.value) for event in feed(user)]


def first_of(series: Series) -> ScheduledCommand:
    return series.planned.order_by("starts_at")[0]


def test_feed_is_valid_for_an_independent_parser(series: Series, school: School) -> None:
    school.teacher.name = "Zoë; Å, \\ 張"
    school.teacher.save()
    change_series(school.teacher, series, name="A, b; c\\d " + "张" * 17)
    first, _second = feed(school.teacher)
    assert first.summary.value == "A, b; c\\d " + "张" * 17
    assert first.dtstart.value == STARTS
    assert first.dtend.value - first.dtstart.value == timedelta(minutes=45)
    assert first.url.value.endswith(reverse("live:plan", args=[series.key]))


def test_unchanged_classes_keep_their_number_and_time(series: Series, school: School, time: Any) -> None:
    before = [event.serialize() for event in feed(school.teacher)]
    time.step(3600)
    assert [event.serialize() for event in feed(school.teacher)] == before
    assert numbers(school.teacher) == [0, 0]


@pytest.mark.parametrize("change", ["move", "rename", "lengthen", "cancel"])
def test_change_raises_sequence_and_has_its_own_time(
    series: Series, school: School, time: Any, change: str
) -> None:
    feed(school.teacher)
    time.step(3600)
    teacher, planned = school.teacher, first_of(series)
    longer = SETTINGS | {"duration_s": 3600}
    {
        "move": lambda: change_series(
            teacher, series, anchor=planned, scope=Scope.THIS, starts_at=STARTS + timedelta(hours=1)
        ),
        "rename": lambda: change_series(teacher, series, name="Geometry"),
        "lengthen": lambda: change_series(teacher, series, settings=longer),
        "cancel": lambda: scheduling.cancel(actor=teacher, series=series, planned=planned),
    }[change]()
    time.step(7200)  # before anyone reads the feed
    first, second = feed(teacher)
    of_all = change in ("rename", "lengthen")
    assert [int(one.sequence.value) for one in (first, second)] == [1, int(of_all)]
    changed_at = NOW + timedelta(hours=1)
    assert first.last_modified.value == first.dtstamp.value == changed_at
    assert second.dtstamp.value == (changed_at if of_all else NOW)
    assert first.status.value == ("CANCELLED" if change == "cancel" else "CONFIRMED")


def test_every_further_change_raises_sequence(series: Series, school: School, time: Any) -> None:
    teacher, planned = school.teacher, first_of(series)
    feed(teacher)
    scheduling.cancel(actor=teacher, series=series, planned=planned)
    scheduling.restore(actor=teacher, series=series, planned=planned)
    change_series(teacher, series, name="Geometry")
    assert numbers(teacher) == [3, 1]
    assert numbers(school.administrator) == [3, 1], "the numbers are the same for everyone"


def test_cancelled_class_stays_for_thirty_days(series: Series, school: School, time: Any) -> None:
    planned = first_of(series)
    uid = feed(school.teacher)[0].uid.value
    scheduling.cancel(actor=school.teacher, series=series, planned=planned)
    time.step(timedelta(days=29, hours=23).total_seconds())
    first, second = feed(school.teacher)
    assert (first.uid.value, first.status.value) == (uid, "CANCELLED")
    assert second.status.value == "CONFIRMED"
    time.step(timedelta(hours=2).total_seconds())
    assert [event.status.value for event in feed(school.teacher)] == ["CONFIRMED"]


@pytest.mark.parametrize("how", ["closed_at", "gone_at"])
def test_created_class_that_ends_before_its_start_is_cancelled(school: School, time: Any, how: str) -> None:
    room = make_room(
        "Physics",
        state=None,
        started_at=None,
        planned_start_at=STARTS,
        planned_end_at=STARTS + timedelta(hours=1),
    )
    RoomTeacher.objects.create(room=room, user=school.teacher)
    of_room = {event.summary.value: event for event in feed(school.teacher)}["Physics"]
    assert of_room.status.value == "CONFIRMED"
    time.step(3600)
    changes = {"closed_at": {"state": RoomState.CLOSED}, "gone_at": {}}[how]
    Room.objects.filter(pk=room.pk).update(**{how: clock.now()}, **changes)
    of_room = {event.summary.value: event for event in feed(school.teacher)}["Physics"]
    assert (of_room.status.value, of_room.sequence.value) == ("CANCELLED", "1")
    Room.objects.filter(pk=room.pk).update(**{how: clock.now() - timedelta(days=31)})
    assert "Physics" not in {event.summary.value for event in feed(school.teacher)}


def test_class_that_took_place_is_not_cancelled(school: School, time: Any) -> None:
    room = make_room("Physics", state=RoomState.CLOSED, started_at=NOW, planned_start_at=STARTS)
    Room.objects.filter(pk=room.pk).update(closed_at=NOW + timedelta(hours=1))
    RoomTeacher.objects.create(room=room, user=school.teacher)
    assert "Physics" not in {event.summary.value for event in feed(school.teacher)}


def test_start_of_a_class_does_not_move_it(school: School, time: Any) -> None:
    room = make_room("Physics", state=None, started_at=None, planned_start_at=NOW + timedelta(hours=1))
    RoomTeacher.objects.create(room=room, user=school.teacher)
    before = {event.summary.value: event for event in feed(school.teacher)}["Physics"]
    Room.objects.filter(pk=room.pk).update(state=RoomState.STARTED, started_at=NOW + timedelta(minutes=55))
    after = {event.summary.value: event for event in feed(school.teacher)}["Physics"]
    assert after.serialize() == before.serialize()


def test_renamed_room_raises_sequence(school: School, time: Any) -> None:
    room = make_room("Physics", state=None, started_at=None, planned_start_at=STARTS)
    RoomTeacher.objects.create(room=room, user=school.teacher)
    feed(school.teacher)
    Room.objects.filter(pk=room.pk).update(name="Optics")
    of_room = {event.summary.value: event for event in feed(school.teacher)}["Optics"]
    assert of_room.sequence.value == "1"


def test_feed_speaks_its_owners_language(school: School, time: Any) -> None:
    room = make_room("", state=None, started_at=None, planned_start_at=STARTS)
    RoomTeacher.objects.create(room=room, user=school.teacher)
    path = urlsplit(address_of(calendars.make_address(actor=school.teacher))).path
    assert "SUMMARY:Unnamed class" in Client().get(path).content.decode()
    User.objects.filter(pk=school.teacher.pk).update(language="es")
    spanish = Client().get(path, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "SUMMARY:Unnamed class" not in spanish
    assert "SUMMARY:Clase sin nombre" in spanish
    assert set(numbers(school.teacher)) == {0}, "another language is not a change of the class"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://0.0.0.0:8000", "only on this computer"),
        ("http://[::1]:8000", "only on this computer"),
        ("http://[::]:8000", "only on this computer"),
        ("http://localhost.:8000", "only on this computer"),
        ("http://192.168.4.5", "inside the school"),
        ("http://[fd00::5]", "inside the school"),
        ("https://classes.lan/x", "inside the school"),
        ("https://classes.school.example", ""),
    ],
)
def test_page_warns_of_an_address_that_calendars_cannot_reach(
    school: School, settings: Any, address: str, words: str
) -> None:
    settings.PUBLIC_URL = address
    client = school.signed_in(school.teacher)
    client.post(reverse("live:calendar"), {"do": "on"})
    page = client.get(reverse("live:calendar")).content.decode()
    assert ("notice warn" in page) == bool(words)
    assert words in page


def test_class_that_is_created_again_moves_in_the_calendar(series: Series, school: School) -> None:
    """The earlier room is not shown, and the class keeps its id: its number rises."""
    planned = first_of(series)
    ScheduledCommand.objects.filter(pk=planned.pk).update(state="done")
    earlier = make_room("Algebra", room_uuid=planned.key, planned_start_at=STARTS, state=0, started_at=None)
    RoomTeacher.objects.create(room=earlier, user=school.teacher)
    before = feed(school.teacher)
    assert [event.dtstart.value for event in before] == [STARTS, STARTS + timedelta(days=7)]
    change_series(
        school.teacher, series, anchor=planned, scope=Scope.THIS, starts_at=STARTS + timedelta(hours=1)
    )
    for created in (False, True):
        if created:
            planned.refresh_from_db()
            ScheduledCommand.objects.filter(pk=planned.pk).update(state="done")
            room = make_room(
                "Algebra", room_uuid=planned.key, state=0, started_at=None,
                planned_start_at=STARTS + timedelta(hours=1),
            )  # fmt: skip
            RoomTeacher.objects.create(room=room, user=school.teacher)
        after = feed(school.teacher)
        assert [event.uid.value for event in after] == [event.uid.value for event in before]
        assert after[0].dtstart.value == STARTS + timedelta(hours=1)
        assert int(after[0].sequence.value) >= 1
