"""The past week of a demo. It comes from a simulated cloud through the real sync."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.operations import demo_school, past_week, past_week_notes
from classroom_admin.reports.alert_history import from_rows
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary, Correction
from classroom_admin.rooms.models import ClassList, Gap, Presence, Recording, Room, RoomState, RoomTeacher
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.sync.models import StoredEvent
from tests.sync.conftest import cloud, config_for, sim

__all__ = ["cloud", "sim"]
MONDAY = date(2026, 3, 30)


@pytest.fixture
def accounts(transactional_db):
    demo_school.open_accounts()


@pytest.mark.parametrize("weekday", range(7))
def test_week_has_twenty_classes_on_the_school_days_before_today(weekday):
    zone = ZoneInfo("Europe/Berlin")  # with the change to summer time on 2026-03-29
    today = MONDAY + timedelta(days=weekday)
    classes = past_week.plan(today, zone)
    assert len({one.room_uuid for one in classes}) == 20
    assert {one.form for one in classes} == {"7b", "9c", "10a", ""}
    assert sum(not one.form for one in classes) == 2
    assert sum(one.loses_events for one in classes) == 1
    days = [one.starts_at.astimezone(zone).date() for one in classes]
    assert all(today - timedelta(days=7) <= day < today and day.weekday() < 5 for day in days)
    assert len(set(days)) == 5
    assert {one.starts_at.astimezone(zone).strftime("%H:%M") for one in classes if one.form == "7b"} == {
        "08:15",
        "11:10",
    }


def test_students_of_all_forms_differ():
    people = [person for form in past_week.FORMS for person in past_week.students_of(form)]
    assert len(people) == sum(past_week.FORMS.values())
    assert (
        len({user_uuid for user_uuid, _name in people}) == len({name for _id, name in people}) == len(people)
    )


def test_week_arrives_through_the_sync_with_the_right_times(sim, cloud, accounts):
    assert past_week.add_classes(base_url=sim.base_url, arrived=lambda _planned: True, rest=0) == 20
    call_command("sync", "--once")
    rooms = {room.room_uuid: room for room in Room.objects.select_related("class_list")}
    assert len(rooms) == 20
    truth = {row["roomUuid"]: row for row in sim.oracle()["rooms"]}
    lossy = [row["roomUuid"] for row in truth.values() if row["destroyedAt"]]
    for planned in past_week.plan(past_week.chosen_day(), ZoneInfo("UTC")):
        room = rooms[planned.room_uuid]
        assert room.state == RoomState.CLOSED
        assert (room.started_at, room.timetable_start_at) == (planned.starts_at, planned.starts_at)
        assert (room.ended_at, room.timetable_end_at) == (planned.ends_at, planned.ends_at)
        assert (room.class_list.name if room.class_list else "") == (planned.form and f"Class {planned.form}")
        if planned.room_uuid not in lossy:
            stays = Presence.objects.filter(room=room).values_list("user_uuid", "entered_at", "left_at")
            assert sorted(stays) == stays_in(truth[planned.room_uuid])
    assert [room.room_uuid for room in Room.objects.filter(pk__in=Gap.objects.values("room"))] == lossy
    assert RoomTeacher.objects.count() == 20
    assert Recording.objects.values("room").distinct().count() == sum(
        one.is_recorded for one in past_week.plan(past_week.chosen_day(), UTC)
    )
    check_notes(list(rooms.values()))
    assert past_week.missing() == []
    assert past_week.add_classes(base_url="http://127.0.0.1:9", rest=0) == 0  # asks nobody


def check_notes(rooms):
    """Check what teachers did on the dashboard: it has the times of the past, and reports contain it."""
    for number, room in enumerate(rooms):
        past_week_notes.add(room, number)
    entries = Entry.objects.filter(action__in=["participant.mute_chat", "wall.snooze"]).order_by("pk")
    started = {room.room_uuid: room.started_at for room in rooms}
    assert all(timedelta() <= one.at - started[one.room_uuid] < timedelta(minutes=60) for one in entries)
    assert entries.filter(action="participant.mute_chat").count() > 10
    shown = [alert for one in ClassSummary.objects.all() for alert in from_rows(one.alerts)]
    assert [one.wait_ms for one in shown if one.acknowledged is not None]
    assert {one.status for one in Correction.objects.all()} == {Status.EXCUSED}
    assert clock.now() > max(one.at for one in entries)  # the clock shows the present again


def stays_in(room):
    return sorted(
        (user["userUuid"], moment(entered), moment(left))
        for user in room["users"]
        for entered, left, _how in user["presence"]
    )


def moment(ms):
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


def stop_after_half(world):
    """Deliver the first half of the events only. Then the cloud knows nothing any more."""
    first_half = list(world.queue)[: len(world.queue) // 2]
    for room in list(world.rooms.values()):
        world.forget(room)
    for event in first_half:
        event.withheld = None
    world.queue.clear()
    world.queue.extend(first_half)


def test_next_start_completes_a_class_of_which_only_a_part_had_arrived(sim, cloud, accounts, settings):
    first = past_week.missing()[0]
    past_week.register(first)
    past_week.offer(first, base_url=sim.base_url)
    sim.do(stop_after_half)
    call_command("sync", "--once")
    before = set(StoredEvent.objects.values_list("stream", "sequence", "raw"))
    assert len(before) > 100
    assert past_week.missing()[0] == first
    with running_simulator(plain=True, seed=3) as later:
        settings.AGORA = config_for(later)
        past_week.register(first)
        past_week.offer(first, base_url=later.base_url)
        call_command("sync", "--once")
        truth = later.oracle(room=first.room_uuid)["rooms"][0]
    room = Room.objects.get(room_uuid=first.room_uuid)
    assert room.state == RoomState.CLOSED
    assert before < set(StoredEvent.objects.filter(room=room).values_list("stream", "sequence", "raw"))
    stays = Presence.objects.filter(room=room).values_list("user_uuid", "entered_at", "left_at")
    assert sorted(stays) == stays_in(truth)


def test_week_stays_the_same_on_later_days(sim, cloud, accounts):
    first = past_week.missing()[0]
    past_week.register(first)
    week = past_week.missing()
    Room.objects.update(room_uuid=first.room_uuid.replace(f"{clock.cloud_now():%Y%m%d}", "20261020"))
    assert [one.room_uuid for one in past_week.missing()] != [one.room_uuid for one in week]
    assert all("-20261020-" in one.room_uuid for one in past_week.missing())


def test_each_form_has_one_class_list(accounts):
    for planned in past_week.missing():
        past_week.register(planned)
        past_week.register(planned)
    lists = {one.name: one.people.count() for one in ClassList.objects.all()}
    assert lists == {f"Class {form}": number for form, number in past_week.FORMS.items()}
