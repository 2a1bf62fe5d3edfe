"""Bad input names its field, and another's class is not there, before anything is sent or put on record."""

from datetime import datetime

import pytest
from django.http import Http404

from classroom_admin.actions import breakout_rooms, class_state, participants, properties, recordings
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import resources
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Claim, Entry
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Participant, Resource, Room
from tests.actions.conftest import kinds, make_recording

FILE = {"name": "F", "url": "https://f.test/a.pdf", "ext": "pdf", "size": 1}
WEB = {"rootUrl": "https://school.test"}

COMMANDS = {
    "start": lambda access, school: class_state.start_class(access),
    "end": lambda access, school: class_state.end_class(access),
    "close": lambda access, school: class_state.close_class(access),
    "remove": lambda access, school: participants.remove_participant(access, participant=school.pupil),
    "unban": lambda access, school: participants.unban(access, user_uuid="ada"),
    "record": lambda access, school: recordings.start_recording(access),
    "stop": lambda access, school: recordings.stop_recording(access),
    "pause": lambda access, school: recordings.pause_recording(access),
    "resume": lambda access, school: recordings.resume_recording(access),
    "change": lambda access, school: recordings.change_recording(access, web_config={"videoFps": 20}),
    "put": lambda access, school: resources.put_resource_by_url(access, **FILE),
    "delete": lambda access, school: resources.delete_resources(
        access, resources=[Resource.objects.create(room=school.room, resource_uuid="r")]
    ),
    "set room": lambda access, school: properties.set_properties(access, properties={"a": 1}),
    "unset room": lambda access, school: properties.delete_properties(access, names=["a"]),
    "set person": lambda access, school: properties.set_properties(
        access, participant=school.pupil, properties={"a": 1}
    ),
    "unset person": lambda access, school: properties.delete_properties(
        access, participant=school.pupil, names=["a"]
    ),
    "set app": lambda access, school: properties.set_properties(
        access, ext_app_uuid="app", properties={"a": 1}
    ),
    "unset app": lambda access, school: properties.delete_properties(access, ext_app_uuid="app", names=["a"]),
    "groups": lambda access, school: breakout_rooms.open_groups(
        access, groups=[{"groupName": "Red", "users": []}]
    ),
    "no groups": lambda access, school: breakout_rooms.close_groups(access),
}


def emitted(sim, room):
    return sim.do(lambda world: len(world.rooms[room.room_uuid].logs["room"]))


@pytest.mark.parametrize("name", COMMANDS)
def test_another_teachers_class_is_not_there(school, sim, name):
    before = emitted(sim, school.room)
    with pytest.raises(NotYours):
        COMMANDS[name](access_to(school.other_teacher, school.room), school)
    assert emitted(sim, school.room) == before
    assert not Entry.objects.exists()


def test_not_yours_is_a_404_like_that_of_an_unknown_class():
    assert issubclass(NotYours, Http404)


def test_not_yours_comes_before_what_the_class_is_like(school):
    make_recording(school.room, "r", mode="composite")
    with pytest.raises(NotYours):
        recordings.pause_recording(access_to(school.other_teacher, school.room))


@pytest.mark.parametrize("name", ["start", "remove", "put"])
def test_an_administrator_may(school, name):
    entry = COMMANDS[name](access_to(school.administrator, school.room), school)
    assert kinds(entry) == ["requested", "accepted"]


def test_somebody_deactivated_may_not(school):
    school.teacher.is_active = False
    school.teacher.save()
    with pytest.raises(NotYours):
        class_state.start_class(access_to(school.teacher, school.room))
    with pytest.raises(NotYours):
        class_state.create_class(school.teacher, name="X", room_type=0)


BAD = [
    ("size", lambda access, s: resources.put_resource_by_url(access, **{**FILE, "size": 0})),
    ("ext", lambda access, s: resources.put_resource_by_url(access, **{**FILE, "ext": "exe"})),
    ("url", lambda access, s: resources.put_resource_by_url(access, **{**FILE, "url": "ftp://f.test/a"})),
    ("url", lambda access, s: resources.put_resource_by_url(access, **{**FILE, "url": "http://[::1/a"})),
    ("resourceName", lambda access, s: resources.put_resource_by_url(access, **{**FILE, "name": "é" * 32})),
    (
        "conversion.type",
        lambda access, s: resources.put_resource_by_url(access, **FILE, conversion={"type": "dynamic"}),
    ),
    ("resourceUuids", lambda access, s: resources.delete_resources(access, resources=[])),
    ("mode", lambda access, s: recordings.start_recording(access, mode="single")),
    ("webRecordConfig", lambda access, s: recordings.start_recording(access, mode="web")),
    (
        "webRecordConfig.videoFps",
        lambda access, s: recordings.start_recording(access, mode="web", web_config={**WEB, "videoFps": 61}),
    ),
    (
        "webRecordConfig.rootUrl",
        lambda access, s: recordings.start_recording(access, mode="web", web_config={"rootUrl": "http://["}),
    ),
    ("retryTimeout", lambda access, s: recordings.start_recording(access, retry_timeout_s=0)),
    ("webRecordConfig", lambda access, s: recordings.change_recording(access, web_config=["onhold"])),
    (
        "dirty.duration",
        lambda access, s: participants.remove_participant(access, participant=s.pupil, duration_s=0),
    ),
    (
        "dirty.duration",
        lambda access, s: participants.remove_participant(access, participant=s.pupil, duration_s=-1),
    ),
    (
        "dirty.duration",
        lambda access, s: participants.remove_participant(
            access, participant=s.pupil, duration_s=60, for_good=True
        ),
    ),
    (
        "reason",
        lambda access, s: participants.remove_participant(access, participant=s.pupil, reason="x" * 501),
    ),
    ("userUuid", lambda access, s: participants.unban(access, user_uuid="ada")),  # she is in the class
    ("userUuid", lambda access, s: participants.unban(access, user_uuid="..")),
    ("properties", lambda access, s: properties.set_properties(access, properties={})),
    ("properties", lambda access, s: properties.set_properties(access, properties=["a"])),
    ("properties", lambda access, s: properties.delete_properties(access, names=[])),
    ("cause", lambda access, s: properties.set_properties(access, properties={"a": 1}, cause=["x"])),
    (
        "extAppUuid",
        lambda access, s: properties.set_properties(access, ext_app_uuid="", properties={"a": 1}),
    ),
    (
        "common.state",
        lambda access, s: properties.set_properties(access, ext_app_uuid="a", properties={"a": 1}, state=2),
    ),
    ("groups", lambda access, s: breakout_rooms.open_groups(access, groups=[])),
]


@pytest.mark.parametrize(("field", "command"), BAD, ids=[f"{n}-{field}" for n, (field, _) in enumerate(BAD)])
def test_bad_input_names_its_field(school, sim, field, command):
    before = emitted(sim, school.room)
    with pytest.raises(ActionRefused) as refused:
        command(access_to(school.teacher, school.room), school)
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
        class_state.create_class(school.teacher, **{"name": "Latin", "room_type": 4, **asked})
    assert refused.value.field == field
    assert not Entry.objects.exists()
    assert Room.objects.count() == 1


def test_only_a_web_recording_can_be_paused(school):
    make_recording(school.room, "r", mode="composite")
    with pytest.raises(ActionRefused, match="Only a web recording"):
        recordings.pause_recording(access_to(school.teacher, school.room))
    assert not Entry.objects.exists()


def test_people_and_files_of_another_class(school):
    other = Room.objects.create(room_uuid="other")
    pupil = Participant.objects.create(room=other, user_uuid="bob")
    file = Resource.objects.create(room=other, resource_uuid="r")
    access = access_to(school.teacher, school.room)
    with pytest.raises(ActionRefused):
        participants.remove_participant(access, participant=pupil)
    with pytest.raises(ActionRefused):
        properties.set_properties(access, participant=pupil, properties={"a": 1})
    with pytest.raises(ActionRefused):
        resources.delete_resources(access, resources=[file])
    assert not Entry.objects.exists()


def test_a_connection_that_is_not_set_up_is_said_in_words(school, settings):
    settings.AGORA = CloudConfig()
    with pytest.raises(ActionRefused, match="AGORA_APP_ID is not set"):
        class_state.start_class(access_to(school.teacher, school.room))
    assert not Entry.objects.exists()
