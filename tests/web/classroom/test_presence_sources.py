"""The class page says whether the cloud's notifications and its events agree about who was there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.common.clock import iso
from classroom_admin.rooms.models import Participant, Presence, Room, RoomState
from classroom_admin.sync.models import ChannelNotice, PresenceCorrection
from tests.school import HOSTILE, HTMX, School, make_person


@pytest.fixture
def start(school: School) -> datetime:
    """The start of the class, which began yesterday at ten. Nobody was there yet."""
    Participant.objects.filter(room=school.room).delete()
    Presence.objects.filter(room=school.room).delete()
    yesterday = clock.cloud_now() - timedelta(days=1)
    moment = yesterday.replace(hour=10, minute=0, second=0, microsecond=0)
    Room.objects.filter(pk=school.room.pk).update(started_at=moment)
    return moment


def there(room: Room, start: datetime, *, told: tuple[int, int], seen: tuple[int, int], name: str) -> None:
    """Let a person be there by the notifications and by the events, in minutes from the start."""
    number = Participant.objects.count() + 100
    person = make_person(room, number, name=name, online=False)
    for event_type, minutes in ((105, told[0]), (106, told[1])):
        notice(room, start + timedelta(minutes=minutes), event_type, person.user_uuid)
    Presence.objects.create(
        room=room,
        user_uuid=person.user_uuid,
        entered_sequence=number,
        entered_at=start + timedelta(minutes=seen[0]),
        left_at=start + timedelta(minutes=seen[1]),
    )


def notice(room: Room, at: datetime, event_type: int, user_uuid: str) -> None:
    ChannelNotice.objects.create(
        notice_id=f"{ChannelNotice.objects.count()}",
        event_type=event_type,
        room_uuid=room.room_uuid,
        stream_uuid=f"stream of {user_uuid}",
        user_uuid=user_uuid,
        at=at,
        received_at=at,
        raw="{}",
    )


def words(html: str) -> str:
    """Return the text of a page."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def details(client: Client, school: School) -> str:
    return client.get(reverse("live:details", args=[school.room.key]), **HTMX).content.decode()


def test_details_say_that_both_sources_agree(school: School, admin: Client, start: datetime) -> None:
    there(school.room, start, told=(0, 40), seen=(0, 40), name="Ada")
    assert "Events and notifications agree" in words(details(admin, school))


def test_details_say_what_each_source_shows(school: School, admin: Client, start: datetime) -> None:
    there(school.room, start, told=(0, 42), seen=(0, 40), name="Ada")
    there(school.room, start, told=(0, 40), seen=(5, 40), name="Ben")
    html = details(admin, school)
    times = {minutes: f"{start + timedelta(minutes=minutes):%H:%M UTC}" for minutes in (0, 5, 40, 42)}
    assert f"The cloud's notifications show Ada until {times[42]}; the events until {times[40]}." in words(
        html
    ).replace("&#x27;", "'")
    assert f"show Ben from {times[0]}; the events from {times[5]}." in words(html)
    assert f'datetime="{iso(start + timedelta(minutes=42))}"' in html


def test_names_are_shown_as_text(school: School, admin: Client, start: datetime) -> None:
    there(school.room, start, told=(0, 42), seen=(0, 40), name=HOSTILE)
    assert HOSTILE not in details(admin, school)


def test_class_without_notifications_says_nothing(school: School, admin: Client) -> None:
    assert "Who was present" not in details(admin, school)


def test_connections_of_nobody_are_counted(school: School, admin: Client, start: datetime) -> None:
    there(school.room, start, told=(0, 40), seen=(0, 40), name="Ada")
    notice(school.room, start, 105, "")
    html = words(details(admin, school))
    assert "Events and notifications agree" in html
    assert "1 connection belongs to no one in this class" in html


def test_page_of_a_class_that_is_over_says_it_with_the_attendance(
    school: School, admin: Client, start: datetime
) -> None:
    Room.objects.filter(pk=school.room.pk).update(
        state=RoomState.CLOSED,
        ended_at=start + timedelta(minutes=45),
        closed_at=start + timedelta(minutes=45),
    )
    there(school.room, start, told=(0, 42), seen=(0, 40), name="Ada")
    PresenceCorrection.objects.create(
        room=school.room,
        after_sequence=1,
        user_uuid="x",
        online=True,
        at=start,
        made_at=start,
        source="notice",
    )
    html = admin.get(reverse("live:class", args=[school.room.key])).content.decode()
    told = words(html.partition('id="presence-sources"')[2].partition("</table>")[0])
    assert "show Ada until" in told
    assert "Events were lost. One join or leave is known only from the notifications." in told


def test_panel_of_details_says_it_too(school: School, admin: Client, start: datetime) -> None:
    there(school.room, start, told=(0, 40), seen=(0, 40), name="Ada")
    address = reverse("live:class", args=[school.room.key]) + "?show=details"
    assert "Events and notifications agree" in words(admin.get(address, **HTMX).content.decode())
