"""Bad input names its field, and another's class is not there, before anything is sent or put on record."""

from datetime import datetime

import pytest
from django.http import Http404

from classroom_admin.actions import breakout_rooms, class_state, participants, properties, recordings
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.files import resources
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Claim, Entry
from classroom_admin.rooms.models import Participant, Resource, Room
from tests.actions.conftest import kinds, make_recording

FILE = {"name": "F", "url": "https://f.test/a.pdf", "ext": "pdf", "size": 1}
WEB = {"rootUrl": "https://school.test"}

COMMANDS = {
    "start": lambda who, school: class_state.start_class(**who),
    "end": lambda who, school: class_state.end_class(**who),
    "close": lambda who, school: class_state.close_class(**who),
    "remove": lambda who, school: participants.remove_participant(**who, participant=school.pupil),
    "unban": lambda who, school: participants.unban(**who, user_uuid="ada"),
    "record": lambda who, school: recordings.start_recording(**who),
    "stop": lambda who, school: recordings.stop_recording(**who),
    "pause": lambda who, school: recordings.pause_recording(**who),
    "resume": lambda who, school: recordings.resume_recording(**who),
    "change": lambda who, school: recordings.change_recording(**who, web_config={"videoFps": 20}),
    "put": lambda who, school: resources.put_resource_by_url(**who, **FILE),
    "delete": lambda who, school: resources.delete_resources(
        **who, resources=[Resource.objects.create(room=school.room, resource_uuid="r")]
    ),
    "set room": lambda who, school: properties.set_room_properties(**who, properties={"a": 1}),
    "unset room": lambda who, school: properties.delete_room_properties(**who, names=["a"]),
    "set person": lambda who, school: properties.set_participant_properties(
        **who, participant=school.pupil, properties={"a": 1}
    ),
    "unset person": lambda who, school: properties.delete_participant_properties(
        **who, participant=school.pupil, names=["a"]
    ),
    "set app": lambda who, school: properties.set_ext_app_properties(
        **who, ext_app_uuid="app", properties={"a": 1}
    ),
    "unset app": lambda who, school: properties.delete_ext_app_properties(
        **who, ext_app_uuid="app", names=["a"]
    ),
    "groups": lambda who, school: breakout_rooms.open_groups(
        **who, groups=[{"groupName": "Red", "users": []}]
    ),
    "no groups": lambda who, school: breakout_rooms.close_groups(**who),
}


def emitted(sim, room):
    return sim.do(lambda world: len(world.rooms[room.room_uuid].logs["room"]))


@pytest.mark.parametrize("name", COMMANDS)
def test_another_teachers_class_is_not_there(school, sim, name):
    before = emitted(sim, school.room)
    with pytest.raises(NotYours):
        COMMANDS[name]({"actor": school.other_teacher, "room": school.room}, school)
    assert emitted(sim, school.room) == before
    assert not Entry.objects.exists()


def test_not_yours_is_a_404_like_that_of_an_unknown_class():
    assert issubclass(NotYours, Http404)


def test_not_yours_comes_before_what_the_class_is_like(school):
    make_recording(school.room, "r", mode="composite")
    with pytest.raises(NotYours):
        recordings.pause_recording(actor=school.other_teacher, room=school.room)


@pytest.mark.parametrize("name", ["start", "remove", "put"])
def test_an_administrator_may(school, name):
    entry = COMMANDS[name]({"actor": school.administrator, "room": school.room}, school)
    assert kinds(entry) == ["requested", "accepted"]


def test_somebody_deactivated_may_not(school):
    school.teacher.is_active = False
    school.teacher.save()
    with pytest.raises(NotYours):
        class_state.start_class(actor=school.teacher, room=school.room)
    with pytest.raises(NotYours):
        class_state.create_class(actor=school.teacher, name="X", room_type=0)


BAD = [
    ("size", lambda who, s: resources.put_resource_by_url(**who, **{**FILE, "size": 0})),
    ("ext", lambda who, s: resources.put_resource_by_url(**who, **{**FILE, "ext": "exe"})),
    ("url", lambda who, s: resources.put_resource_by_url(**who, **{**FILE, "url": "ftp://f.test/a"})),
    ("url", lambda who, s: resources.put_resource_by_url(**who, **{**FILE, "url": "http://[::1/a"})),
    ("resourceName", lambda who, s: resources.put_resource_by_url(**who, **{**FILE, "name": "é" * 32})),
    (
        "conversion.type",
        lambda who, s: resources.put_resource_by_url(**who, **FILE, conversion={"type": "dynamic"}),
    ),
    ("resourceUuids", lambda who, s: resources.delete_resources(**who, resources=[])),
    ("mode", lambda who, s: recordings.start_recording(**who, mode="single")),
    ("webRecordConfig", lambda who, s: recordings.start_recording(**who, mode="web")),
    (
        "webRecordConfig.videoFps",
        lambda who, s: recordings.start_recording(**who, mode="web", web_config={**WEB, "videoFps": 61}),
    ),
    (
        "webRecordConfig.rootUrl",
        lambda who, s: recordings.start_recording(**who, mode="web", web_config={"rootUrl": "http://["}),
    ),
    ("retryTimeout", lambda who, s: recordings.start_recording(**who, retry_timeout_s=0)),
    ("webRecordConfig", lambda who, s: recordings.change_recording(**who, web_config=["onhold"])),
    (
        "dirty.duration",
        lambda who, s: participants.remove_participant(**who, participant=s.pupil, duration_s=0),
    ),
    (
        "dirty.duration",
        lambda who, s: participants.remove_participant(**who, participant=s.pupil, duration_s=-1),
    ),
    (
        "dirty.duration",
        lambda who, s: participants.remove_participant(
            **who, participant=s.pupil, duration_s=60, for_good=True
        ),
    ),
    (
        "reason",
        lambda who, s: participants.remove_participant(**who, participant=s.pupil, reason="x" * 501),
    ),
    ("userUuid", lambda who, s: participants.unban(**who, user_uuid="ada")),  # she is in the class
    ("userUuid", lambda who, s: participants.unban(**who, user_uuid="..")),
    ("properties", lambda who, s: properties.set_room_properties(**who, properties={})),
    ("properties", lambda who, s: properties.set_room_properties(**who, properties=["a"])),
    ("properties", lambda who, s: properties.delete_room_properties(**who, names=[])),
    ("cause", lambda who, s: properties.set_room_properties(**who, properties={"a": 1}, cause=["x"])),
    (
        "extAppUuid",
        lambda who, s: properties.set_ext_app_properties(**who, ext_app_uuid="", properties={"a": 1}),
    ),
    (
        "common.state",
        lambda who, s: properties.set_ext_app_properties(
            **who, ext_app_uuid="a", properties={"a": 1}, state=2
        ),
    ),
    ("groups", lambda who, s: breakout_rooms.open_groups(**who, groups=[])),
]


@pytest.mark.parametrize(("field", "command"), BAD, ids=[f"{n}-{field}" for n, (field, _) in enumerate(BAD)])
def test_bad_input_names_its_field(school, sim, field, command):
    before = emitted(sim, school.room)
    with pytest.raises(ActionRefused) as refused:
        command({"actor": school.teacher, "room": school.room}, school)
    assert refused.value.field == field
    assert refused.value.message
    assert emitted(sim, school.room) == before
    assert not Entry.objects.exists()
    assert not Claim.objects.exists()


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("roomName", {"name": " "}),
        ("roomName", {"name": "é" * 33}),
        ("roomType", {"room_type": 1}),
        ("schedule.duration", {"duration_s": 86_401}),
        ("schedule.closeDelay", {"close_delay_s": -1}),
        ("schedule.startTime", {"starts_at": datetime(2026, 9, 1, 9, 0)}),
        ("handsUp.maxAccept", {"max_on_stage": -1}),
        ("roleConfig.2.limit", {"pupil_limit": -2}),
        ("widgets", {"widgets": ["netlessBoard"]}),
    ],
)
def test_bad_input_for_a_new_class(school, field, asked):
    with pytest.raises(ActionRefused) as refused:
        class_state.create_class(actor=school.teacher, **{"name": "Latin", "room_type": 4, **asked})
    assert refused.value.field == field
    assert not Entry.objects.exists()
    assert Room.objects.count() == 1


def test_only_a_web_recording_can_be_paused(school):
    make_recording(school.room, "r", mode="composite")
    with pytest.raises(ActionRefused, match="Only a web recording"):
        recordings.pause_recording(actor=school.teacher, room=school.room)
    assert not Entry.objects.exists()


def test_people_and_files_of_another_class(school):
    other = Room.objects.create(room_uuid="other")
    pupil = Participant.objects.create(room=other, user_uuid="bob")
    file = Resource.objects.create(room=other, resource_uuid="r")
    who = {"actor": school.teacher, "room": school.room}
    with pytest.raises(ActionRefused):
        participants.remove_participant(**who, participant=pupil)
    with pytest.raises(ActionRefused):
        properties.set_participant_properties(**who, participant=pupil, properties={"a": 1})
    with pytest.raises(ActionRefused):
        resources.delete_resources(**who, resources=[file])
    assert not Entry.objects.exists()


def test_a_connection_that_is_not_set_up_is_said_in_words(school, settings):
    settings.AGORA = CloudConfig()
    with pytest.raises(ActionRefused, match="AGORA_APP_ID is not set"):
        class_state.start_class(actor=school.teacher, room=school.room)
    assert not Entry.objects.exists()
