"""The calendar feed: its classes, its access, and unchanged answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions import calendars
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room, RoomState, RoomTeacher
from classroom_admin.web.calendar.views import CalendarEntry, address_of, document, etag
from tests.school import School, make_room

State = ScheduledCommand.State

AT = datetime(2026, 9, 7, 7, 30, tzinfo=UTC)


def path_of(user: User) -> str:
    """Return the answer for a new feed to a calendar program without cookies."""
    return urlsplit(address_of(calendars.make_address(actor=user))).path


def names(answer) -> set[str]:
    return {str(event["summary"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")}


@pytest.fixture
def classes(school: School) -> School:
    """A live, an upcoming and a past class of the teacher, and a class of another teacher."""
    tomorrow = timezone.now() + timedelta(days=1)
    coming = make_room(
        "Upcoming", state=None, started_at=None,
        planned_start_at=tomorrow, planned_end_at=tomorrow + timedelta(minutes=45),
    )  # fmt: skip
    over = make_room("Over", state=RoomState.CLOSED)
    make_room("Foreign")
    make_room("Without a time", state=None, started_at=None)
    for room in (coming, over):
        RoomTeacher.objects.create(room=room, user=school.teacher)
    Room.objects.filter(pk=school.room.pk).update(name="Algebra")
    for user, name in ((school.teacher, "Planned"), (school.other_teacher, "Planned elsewhere")):
        series = Series.objects.create(
            created_by=user, request_id=name, name=name, zone="UTC", settings={"duration_s": 2700}
        )
        for state in (State.WAITING, State.CANCELLED):
            ScheduledCommand.objects.create(
                kind=ScheduledCommand.Kind.CLASS,
                by=user,
                series=series,
                key=f"{name} {state}",
                starts_at=tomorrow,
                due_at=tomorrow,
                state=state,
            )
    return school


def test_teachers_calendar_has_own_classes_only(classes: School) -> None:
    answer = Client().get(path_of(classes.teacher))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert names(answer) == {"Algebra", "Upcoming", "Planned"}


def test_administrators_calendar_has_all_classes(classes: School) -> None:
    answer = Client().get(path_of(classes.administrator))
    assert names(answer) == {"Algebra", "Upcoming", "Foreign", "Planned", "Planned elsewhere"}


def test_entries_have_times_and_addresses_but_no_cloud_ids(classes: School) -> None:
    answer = Client().get(path_of(classes.teacher))
    assert classes.room.room_uuid not in answer.content.decode()
    coming = Room.objects.get(name="Upcoming")
    (event,) = [
        one for one in Calendar.from_ical(answer.content).walk("VEVENT") if one["summary"] == "Upcoming"
    ]
    assert event.decoded("dtstart") == coming.planned_start_at.replace(microsecond=0)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=45)
    assert str(event["url"]).endswith(f"/classes/{coming.key}/")


def test_scheduled_class_keeps_its_uid_once_created(classes: School) -> None:
    path = path_of(classes.teacher)

    def mark() -> str:
        events = Calendar.from_ical(Client().get(path).content).walk("VEVENT")
        (event,) = [one for one in events if one["summary"] == "Planned" and one["status"] == "CONFIRMED"]
        return str(event["uid"])

    before = mark()
    planned = ScheduledCommand.objects.get(series__name="Planned", state="waiting")
    made = make_room(
        "Planned",
        room_uuid=planned.key,
        state=None,
        started_at=None,
        planned_start_at=planned.starts_at,
    )
    RoomTeacher.objects.create(room=made, user=classes.teacher)
    planned.state = State.DONE
    planned.save()
    assert mark() == before


def test_unchanged_calendar_is_not_sent_again(classes: School) -> None:
    path = path_of(classes.teacher)
    first = Client().get(path)
    assert first["ETag"]
    again = Client().get(path, HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304
    assert not again.content
    assert Client().head(path)["ETag"] == first["ETag"]
    Room.objects.filter(name="Upcoming").update(name="Moved")
    changed = Client().get(path, HTTP_IF_NONE_MATCH=first["ETag"])
    assert changed.status_code == 200
    assert "Moved" in names(changed)


def test_query_count_of_the_calendar_is_constant(classes: School, django_assert_max_num_queries) -> None:
    path = path_of(classes.administrator)
    for number in range(30):
        make_room(f"More {number}")
    with django_assert_max_num_queries(6):
        Client().get(path)


def test_deactivated_person_has_no_calendar(classes: School) -> None:
    path = path_of(classes.teacher)
    classes.teacher.is_active = False
    classes.teacher.save()
    assert Client().get(path).status_code == 404
    classes.teacher.is_active = True
    classes.teacher.save()
    assert Client().get(path).status_code == 200


def test_replaced_or_disabled_address_is_not_found(school: School) -> None:
    client = school.signed_in(school.teacher)
    page = reverse("live:calendar")
    client.post(page, {"do": "on"})
    old = urlsplit(client.get(page).context["address"]).path
    assert Client().get(old).status_code == 200
    client.post(page, {"do": "on"})
    fresh = urlsplit(client.get(page).context["address"]).path
    assert Client().get(old).status_code == 404
    assert Client().get(fresh).status_code == 200
    client.post(page, {"do": "off"})
    assert Client().get(fresh).status_code == 404
    assert client.get(page).context["address"] == ""
    assert list(Entry.objects.values_list("action", flat=True))[:3] == [
        "account.calendar_off", "account.calendar_on", "account.calendar_on",
    ]  # fmt: skip


def test_address_needs_our_signature(school: School) -> None:
    path = path_of(school.teacher)
    feed = CalendarFeed.objects.get()
    assert len(feed.code) >= 32
    for wrong in (feed.code, f"{feed.code}~", f"{feed.code}~AAAA", path.split("/")[-1][:-5], "x"):
        assert Client().get(f"/calendar/{wrong}.ics").status_code == 404
    assert feed.code not in str(list(Entry.objects.values_list("params", "target")))


def test_page_shows_only_the_own_address(school: School) -> None:
    mine = school.signed_in(school.teacher)
    mine.post(reverse("live:calendar"), {"do": "on"})
    address = mine.get(reverse("live:calendar")).context["address"]
    assert (
        address not in school.signed_in(school.administrator).get(reverse("live:calendar")).content.decode()
    )
    assert school.signed_in(None).post(reverse("live:calendar"), {"do": "on"}).status_code == 302
    assert CalendarFeed.objects.count() == 1


def test_document_is_valid_icalendar() -> None:
    lesson = CalendarEntry(
        uid="m", name="A, b; c\nd", starts_at=AT, ends_at=None, known_at=AT, address="https://x.test/"
    )
    body = document([lesson], name="Ana’s", host="school.test")
    assert document([lesson], name="Ana’s", host="school.test") == body
    assert etag(body) != etag(document([], name="Ana’s", host="school.test"))
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert str(event["summary"]) == "A, b; c\nd"
    assert event["uid"] == "m@school.test"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(hours=1)
