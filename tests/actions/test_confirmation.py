"""From the button to *confirmed*: the command, the simulated cloud, its event, the sync that projects it."""

import pytest
from django.db import connections, transaction

from classroom_admin import agora
from classroom_admin.actions import breakout_rooms, class_state, participants, properties, recordings
from classroom_admin.actions.files import resources
from classroom_admin.audit.models import PendingConfirmation, Step
from classroom_admin.audit.record import add_step
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.management.commands.room import room_as_json
from classroom_admin.rooms.models import Recording, RoomState
from classroom_admin.sync import projector, tasks
from classroom_admin.sync.polling import Poller
from tests.actions.conftest import config_for, kinds, last_detail, make_school
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, hang_up, running_cloud

pytestmark = pytest.mark.django_db(transaction=True)
CONFIRMED = ["requested", "accepted", "confirmed"]


@pytest.fixture
def sync(settings, school):
    """Read the cloud's events and project them."""
    poller = Poller(agora.client_for(settings.AGORA))

    def run() -> None:
        polled = poller.poll()
        assert polled is not None
        assert polled.problems == []
        tasks.project_waiting(within_s=20)
        school.room.refresh_from_db()
        school.pupil.refresh_from_db()

    run()
    return run


def test_a_class_from_start_to_close(school, sync):
    access = access_to(school.teacher, school.room)
    for command, state in (
        (class_state.start_class, RoomState.STARTED),
        (class_state.end_class, RoomState.ENDED),
        (class_state.close_class, RoomState.CLOSED),
    ):
        entry = command(access)
        assert kinds(entry) == ["requested", "accepted"]
        sync()
        assert kinds(entry) == CONFIRMED
        assert last_detail(entry)["sequence"] > 0
        assert school.room.state == state
    assert not PendingConfirmation.objects.exists()


def test_a_pupil_is_removed_for_ten_minutes(school, sync):
    assert school.pupil.online
    entry = participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, duration_s=600
    )
    sync()
    assert kinds(entry) == CONFIRMED
    assert not school.pupil.online
    assert school.pupil.kicked_sequence == last_detail(entry)["sequence"]
    [shown] = room_as_json(school.room)["participants"]
    assert shown["kicked_until"].endswith("Z")
    participants.unban(access_to(school.teacher, school.room), user_uuid="ada")
    [shown] = room_as_json(school.room)["participants"]
    assert shown["kicked_until"] is None


def test_a_recording_from_start_to_stop(school, sync):
    access = access_to(school.teacher, school.room)

    def state():
        return room_as_json(school.room)["recording"]["state"]

    started = recordings.start_recording(access, mode="web", web_config={"rootUrl": "https://school.test"})
    sync()
    assert (kinds(started), state()) == (CONFIRMED, "recording")
    recordings.pause_recording(access)
    assert state() == "paused"
    recordings.resume_recording(access)
    assert state() == "recording"
    stopped = recordings.stop_recording(access)
    sync()
    assert (kinds(stopped), state()) == (CONFIRMED, "ended")
    assert Recording.objects.get().state == Recording.State.ENDED


@pytest.mark.parametrize("dialect", ["2023", "sdk"])
def test_a_pause_is_confirmed_by_its_event_even_if_the_cloud_cannot_be_read(school, sim, sync, dialect):
    sim.do(lambda world: setattr(world, "dialect", dialect))
    access = access_to(school.teacher, school.room)
    recordings.start_recording(access, mode="web", web_config={"rootUrl": "https://school.test"})
    sync()
    for command, state in (
        (recordings.pause_recording, "paused"),
        (recordings.resume_recording, "recording"),
    ):
        sim.fault("too_many", route="read_room", params={"retryAfter": 30})
        entry = command(access)
        assert kinds(entry) == ["requested", "accepted"]
        sim.clear_faults()
        sync()
        assert kinds(entry) == CONFIRMED
        assert last_detail(entry)["sequence"] > 0
        assert room_as_json(school.room)["recording"]["state"] == state
    assert not PendingConfirmation.objects.exists()


def test_a_file_comes_and_goes(school, sync):
    access = access_to(school.teacher, school.room)
    put = resources.put_resource_by_url(access, name="F", url="https://f.test/a.pdf", ext="pdf", size=1)
    sync()
    assert kinds(put) == CONFIRMED
    known = school.room.resources.get()
    assert known.resource_uuid == put.target
    gone = resources.delete_resources(access, resources=[known])
    sync()
    assert kinds(gone) == CONFIRMED
    assert room_as_json(school.room)["resources"] == []


def test_properties_and_breakout_rooms(school, sync):
    access = access_to(school.teacher, school.room)
    entries = [
        properties.set_properties(access, properties={"topic": "fractions", "page": 4}),
        properties.delete_properties(access, names=["page"]),
        properties.set_properties(access, participant=school.pupil, properties={"seat": 4}),
        properties.delete_properties(access, participant=school.pupil, names=["seat"]),
        properties.set_properties(access, ext_app_uuid="timer", properties={"seconds": 60}, state=1),
        properties.delete_properties(access, ext_app_uuid="timer", names=["seconds"]),
        breakout_rooms.open_groups(access, groups=[{"groupName": "Red", "users": ["ada"]}]),
        breakout_rooms.close_groups(access),
    ]
    sync()
    assert [kinds(entry) for entry in entries] == [CONFIRMED] * len(entries)


def test_failed_becomes_confirmed_when_the_answer_was_lost_and_the_event_comes(school, sim, sync):
    sim.fault("lose_answer", route="set_class_state", count=1)
    entry = class_state.start_class(access_to(school.teacher, school.room))
    assert kinds(entry) == ["requested", "failed"]
    sync()
    assert kinds(entry) == ["requested", "failed", "confirmed"]
    assert school.room.state == RoomState.STARTED


def test_a_refused_command_is_not_confirmed_by_a_later_event(school, sim, sync):
    refused = recordings.stop_recording(access_to(school.teacher, school.room))
    recordings.start_recording(access_to(school.administrator, school.room))
    recordings.stop_recording(access_to(school.administrator, school.room))
    sync()
    assert kinds(refused) == ["requested", "failed"]


def test_an_event_of_before_confirms_nothing(school, sim, sync):
    sim.room(school.room.room_uuid, "leave", userUuid="ada")
    sync()
    left_at = school.room.last_sequence
    sim.room(school.room.room_uuid, "enter", userUuid="ada", userName="Ada")
    sync()
    entry = participants.remove_participant(access_to(school.teacher, school.room), participant=school.pupil)
    projector.project_again(school.room.pk)
    assert kinds(entry) == ["requested", "accepted"]
    sync()
    assert kinds(entry) == CONFIRMED
    assert last_detail(entry)["sequence"] > left_at


# --- the event is quicker than the cloud's answer ---------------------------------------------


def confirm_now() -> None:
    """Confirm as the sync does when it projects the event, in another thread."""
    try:
        with transaction.atomic():
            waiting = PendingConfirmation.objects.get()
            entry = waiting.entry
            waiting.delete()
            add_step(entry, Step.Kind.CONFIRMED, {"sequence": 7})
    finally:
        connections.close_all()


@pytest.mark.parametrize(
    ("reply", "steps"),
    [
        (answer(), ["requested", "confirmed"]),
        (hang_up, ["requested", "confirmed"]),
        (answer(status=409, code=30409100, msg="runs"), ["requested", "confirmed", "failed"]),
    ],
    ids=["accepted", "unknown", "refused"],
)
def test_the_last_word_stays_the_last(settings, reply, steps):
    school = make_school("maths")

    def script(handler):
        confirm_now()
        reply(handler)

    with running_cloud(script) as cloud:
        settings.AGORA = config_for(cloud.url, app_id=APP_ID, app_certificate=CERTIFICATE)
        entry = class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert kinds(entry) == steps
