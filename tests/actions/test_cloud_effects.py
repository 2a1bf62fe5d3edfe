"""Every command has its effect at the cloud and is recorded: who, what, to whom, and its outcome."""

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom_admin.actions import breakout_rooms, class_state, participants, properties, recordings
from classroom_admin.actions.files import resources
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Resource, Room, RoomTeacher
from tests.actions.conftest import kinds, last_detail, make_recording

ACCEPTED = ["requested", "accepted"]
CONFIRMED = [*ACCEPTED, "confirmed"]
WEB = {"rootUrl": "https://school.test/page", "videoFps": 15}


def test_start_end_close(school, truth):
    access = access_to(school.teacher, school.room)
    for command, state in (
        (class_state.start_class, 1),
        (class_state.end_class, 2),
        (class_state.close_class, 3),
    ):
        entry = command(access)
        assert kinds(entry) == ACCEPTED
        assert truth()["state"] == state
        waiting = PendingConfirmation.objects.get(entry=entry)
        assert (waiting.cmd, waiting.match, waiting.room_uuid) == (1, {"state": state}, school.room.room_uuid)
    school.room.refresh_from_db()
    assert school.room.state is None  # an action never writes a read model


def test_the_entry_says_who_did_what_to_whom(school):
    entry = participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, duration_s=600, reason="shouting"
    )
    assert entry.actor == school.teacher
    assert entry.actor_name == "teacher"
    assert (entry.action, entry.target, entry.target_name) == ("participant.remove", "ada", "Ada")
    assert entry.room_uuid == school.room.room_uuid
    assert entry.params == {"duration_s": 600, "reason": "shouting", "ban_s": 600}


def test_the_expectation_starts_at_the_last_stored_event(school):
    Room.objects.filter(pk=school.room.pk).update(last_sequence=41)  # after the caller read the room
    entry = class_state.start_class(access_to(school.teacher, school.room))
    assert PendingConfirmation.objects.get(entry=entry).since_sequence == 41


@pytest.mark.parametrize(
    ("how", "banned_for_s"),
    [
        ({}, None),
        ({"duration_s": 600}, 600),
        ({"duration_s": 3600}, 3600),
        ({"for_the_class": True}, 1800),
        ({"for_good": True}, -1),
    ],
)
def test_remove(school, sim, person, how, banned_for_s):
    school.room.planned_close_at = timezone.now() + timedelta(seconds=1800)
    entry = participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, **how
    )
    assert kinds(entry) == ACCEPTED
    assert PendingConfirmation.objects.get(entry=entry).match == {"offline": "ada"}
    assert not person("ada")["online"]
    until = sim.do(lambda world: world.rooms[school.room.room_uuid].users["ada"].banned_until)
    if banned_for_s is None or banned_for_s == -1:
        assert until == banned_for_s
    else:
        left_s = (until - sim.do(lambda world: world.now)) / 1000
        assert banned_for_s - 30 < left_s <= banned_for_s + 1


def test_for_the_class_without_a_planned_close_is_for_good_in_this_room(school):
    now = timezone.now()
    assert participants.rest_of_class(school.room, now=now) == -1
    school.room.planned_close_at = now - timedelta(seconds=1)
    assert participants.rest_of_class(school.room, now=now) == -1
    school.room.planned_close_at = now + timedelta(seconds=90.2)
    assert participants.rest_of_class(school.room, now=now) == 91


def test_removing_someone_who_is_away_is_confirmed_by_reading_that_they_are(school, sim):
    sim.room(school.room.room_uuid, "leave", userUuid="ada")
    school.pupil.online = False
    entry = participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, for_good=True
    )
    assert kinds(entry) == CONFIRMED
    assert last_detail(entry) == {"read_back": {"state": 0}}
    assert not PendingConfirmation.objects.filter(entry=entry).exists()


def test_let_back(school, sim):
    participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, for_good=True
    )
    school.room.participants.update(online=False)
    entry = participants.unban(access_to(school.teacher, school.room), user_uuid="ada")
    assert kinds(entry) == ACCEPTED
    assert last_detail(entry) == {"final": True}
    assert entry.target_name == "Ada"
    sim.room(school.room.room_uuid, "enter", userUuid="ada", userName="Ada")  # refused while banned


def test_recording_in_web_mode(school, truth):
    access = access_to(school.teacher, school.room)
    entry = recordings.start_recording(access, mode="web", web_config=WEB)
    assert kinds(entry) == ACCEPTED
    record_id = last_detail(entry)["record_id"]
    assert truth()["recordings"][-1]["recordId"] == record_id
    make_recording(school.room, record_id)

    paused = recordings.pause_recording(access)
    assert truth()["recordings"][-1]["onHold"] is True
    assert (kinds(paused), last_detail(paused), paused.target) == (CONFIRMED, {"read_back": {}}, record_id)
    recordings.resume_recording(access)
    assert truth()["recordings"][-1]["onHold"] is False
    changed = recordings.change_recording(access, web_config={"onhold": True, "videoFps": 30})
    assert kinds(changed) == ACCEPTED
    assert truth()["recordings"][-1]["onHold"] is True

    stopped = recordings.stop_recording(access)
    assert PendingConfirmation.objects.get(entry=stopped).match == {"state": 0}
    assert truth()["recordings"][-1]["status"] == 2


def test_recorded_page_is_reported_as_loaded(school, truth):
    access = access_to(school.teacher, school.room)
    entry = recordings.start_recording(access, mode="web", web_config=WEB, retry_timeout_s=30)
    recording = make_recording(school.room, last_detail(entry)["record_id"])
    commands = recording_state.accepted_for(recording, recording_state.commands_of(school.room))
    assert recording_state.waits_for_page(commands)
    recordings.pause_recording(access)
    assert kinds(recordings.report_page_ready(access)) == ACCEPTED
    commands = recording_state.accepted_for(recording, recording_state.commands_of(school.room))
    assert not recording_state.waits_for_page(commands)
    assert recording_state.is_paused(commands), "the report does not resume the recording"
    assert [end for _start, end in recording_state.pauses_of(recording, commands)] == [None]


def test_recording_in_composite_mode(school, truth):
    entry = recordings.start_recording(access_to(school.teacher, school.room))
    assert (kinds(entry), entry.params) == (ACCEPTED, {"mode": "composite"})
    assert truth()["recordings"][-1]["mode"] == "composite"
    assert PendingConfirmation.objects.get(entry=entry).match == {"state": 1}


def test_files(school, truth):
    put = resources.put_resource_by_url(
        access_to(school.teacher, school.room),
        name="Fractions",
        url="https://files.school.test/fractions.pdf?sig=abc",
        ext="pdf",
        size=1234,
        conversion={"type": "static"},
    )
    assert kinds(put) == ACCEPTED
    assert [row["resourceUuid"] for row in truth()["resources"]] == [put.target]
    assert PendingConfirmation.objects.get(entry=put).match == {"action": 1, "resource_uuids": [put.target]}
    known = Resource.objects.create(room=school.room, resource_uuid=put.target, name="Fractions")
    gone = resources.delete_resources(access_to(school.teacher, school.room), resources=[known])
    assert kinds(gone) == ACCEPTED
    assert (gone.target, gone.target_name) == (put.target, "Fractions")
    assert truth()["resources"] == []
    assert PendingConfirmation.objects.get(entry=gone).match == {"action": 2, "resource_uuids": [put.target]}


def test_create_class(school, sim):
    starts_at = timezone.now() + timedelta(hours=2)
    entry = class_state.create_class(
        school.teacher,
        name="Chemistry 9a",
        room_type=4,
        starts_at=starts_at,
        duration_s=2700,
        close_delay_s=300,
        pupil_limit=25,
        max_on_stage=4,
        widgets={"netlessBoard": {"state": 1}},
    )
    assert kinds(entry) == CONFIRMED
    assert last_detail(entry)["read_back"]["name"] == "Chemistry 9a"
    made = sim.do(lambda world: world.rooms[entry.room_uuid])
    assert (made.name, made.type, made.schedule.duration_s, made.schedule.close_delay_s) == (
        "Chemistry 9a",
        4,
        2700,
        300,
    )
    assert made.role_config["2"]["limit"] == 25
    room = Room.objects.get(room_uuid=entry.room_uuid)
    assert (room.name, room.room_type, room.planned_start_at) == ("Chemistry 9a", 4, starts_at)
    assert room.planned_end_at - starts_at == timedelta(seconds=2700)
    assert room.planned_close_at - room.planned_end_at == timedelta(seconds=300)
    assert room.profile_read_at is None  # reading the profile is the sync's
    assert RoomTeacher.objects.filter(room=room, user=school.teacher).count() == 1


def test_what_an_administrator_creates_is_nobodys(school):
    entry = class_state.create_class(school.administrator, name="Assembly", room_type=2)
    assert kinds(entry) == CONFIRMED
    assert not RoomTeacher.objects.filter(room__room_uuid=entry.room_uuid).exists()


def test_a_created_class_is_known_even_where_the_read_back_fails(school, sim):
    sim.fault("unavailable", route="read_room")
    entry = class_state.create_class(school.teacher, name="Latin", room_type=0)
    assert kinds(entry) == ACCEPTED
    room = Room.objects.get(room_uuid=entry.room_uuid)
    assert room.name == "Latin"
    assert room.teachers.get().user == school.teacher


def test_properties_of_the_room(school, truth):
    access = access_to(school.teacher, school.room)
    entry = properties.set_properties(access, properties={"topic": "fractions"}, cause={"why": "plan"})
    assert kinds(entry) == ACCEPTED
    assert truth()["properties"]["topic"] == "fractions"
    assert PendingConfirmation.objects.get(entry=entry).match == {"property_names": ["topic"]}
    properties.delete_properties(access, names=["topic"])
    assert "topic" not in truth()["properties"]


def test_properties_of_a_person(school, sim):
    access = access_to(school.teacher, school.room)

    def at_cloud():
        return sim.do(lambda world: dict(world.rooms[school.room.room_uuid].users["ada"].properties))

    entry = properties.set_properties(access, participant=school.pupil, properties={"seat": 4})
    assert at_cloud() == {"seat": 4}
    assert PendingConfirmation.objects.get(entry=entry).match == {
        "property_names": ["seat"],
        "user_uuid": "ada",
    }
    properties.delete_properties(access, participant=school.pupil, names=["seat"])
    assert at_cloud() == {}


def test_properties_of_an_ext_app(school, truth):
    access = access_to(school.teacher, school.room)
    entry = properties.set_properties(access, ext_app_uuid="timer", properties={"seconds": 60}, state=1)
    assert truth()["extApps"]["timer"] == {"seconds": 60}
    assert PendingConfirmation.objects.get(entry=entry).match == {
        "property_names": ["seconds"],
        "ext_app": "timer",
    }
    properties.delete_properties(access, ext_app_uuid="timer", names=["seconds"])
    assert truth()["extApps"]["timer"] == {}


def test_breakout_rooms(school, truth):
    access = access_to(school.teacher, school.room)
    entry = breakout_rooms.open_groups(access, groups=[{"groupName": "Red", "users": ["ada"]}])
    assert kinds(entry) == ACCEPTED
    assert [group["groupName"] for group in truth()["groups"].values()] == ["Red"]
    assert PendingConfirmation.objects.get(entry=entry).match == {"groups": True}
    assert kinds(breakout_rooms.close_groups(access)) == ACCEPTED
    assert truth()["groups"] == {}
