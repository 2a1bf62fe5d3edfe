"""Was it done? The cloud is read; what shows there confirms the command, what does not is told."""

import pytest

from classroom_admin.actions import checking, classes, participants, recordings, resources
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.audit.models import Expectation, Step
from classroom_admin.audit.record import record
from classroom_admin.live.wording import COMMANDS
from classroom_admin.rooms.models import Resource
from tests.actions.conftest import kinds, last_detail

CONFIRMED = ["requested", "accepted", "confirmed"]


def look(school, entry):
    return checking.check(actor=school.teacher, room=school.room, entry=entry)


def asked(school, action, **columns):
    """A command of which nothing is known but that somebody asked for it."""
    return record(actor=school.teacher, action=action, room_uuid=school.room.room_uuid, **columns)


def test_what_was_done_is_confirmed_by_the_look(school):
    entry = classes.start_class(actor=school.teacher, room=school.room)
    assert kinds(entry) == ["requested", "accepted"]
    found = look(school, entry)
    assert (found.done, found.says) == (True, "The cloud says: the class is running.")
    assert kinds(entry) == CONFIRMED
    assert last_detail(entry) == {"read_back": {"state": 1}}
    assert not Expectation.objects.exists()
    look(school, entry)
    assert kinds(entry) == CONFIRMED, "once is enough"


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("class.start", "The cloud says: the class is not started."),
        ("class.end", "The cloud says: the class is not started."),
        ("class.close", "The cloud says: the class is not started."),
        ("recording.start", "The cloud says: no recording is running."),
        ("resource.put", "The cloud does not have the file."),
    ],
)
def test_what_was_not_done_is_told_and_confirms_nothing(school, action, says):
    entry = asked(school, action, target="nothing")
    found = look(school, entry)
    assert (found.done, found.says) == (False, says)
    assert kinds(entry) == []


def test_people(school, sim):
    entry = asked(school, "participant.remove", target="ada")
    assert look(school, entry).says == "The cloud says: they are in the class."
    sim.room(school.room.room_uuid, "leave", userUuid="ada")
    assert look(school, entry).done
    assert look(school, asked(school, "participant.remove", target="never was here")).done
    removed = participants.remove_participant(
        actor=school.administrator, room=school.room, participant=school.pupil
    )
    assert look(school, removed).done
    assert kinds(removed) == CONFIRMED


def test_recordings_and_files(school):
    who = {"actor": school.teacher, "room": school.room}
    assert look(school, recordings.start_recording(**who)).done
    entry = asked(school, "recording.stop")
    assert not look(school, entry).done
    assert look(school, recordings.stop_recording(**who)).done
    put = resources.put_resource_by_url(**who, name="a.pdf", url="https://f.test/a.pdf", ext="pdf", size=9)
    assert look(school, put).done
    gone = asked(school, "resource.delete", params={"resource_uuids": [put.target]})
    assert look(school, gone).says == "The cloud still has 1 of the files."
    row = Resource.objects.create(room=school.room, resource_uuid=put.target, name="a.pdf")
    assert look(school, resources.delete_resources(**who, resources=[row])).done


def test_a_closed_class_that_the_cloud_has_forgotten(school, sim):
    sim.room(school.room.room_uuid, "destroy")
    assert look(school, asked(school, "class.close")).done
    assert not look(school, asked(school, "class.end")).done


def test_an_end_that_nobody_knew_of(school, sim):
    sim.fault("lose_answer", route="set_class_state", count=1)
    sim.room(school.room.room_uuid, "state", state=1)
    entry = classes.end_class(actor=school.teacher, room=school.room)
    sim.clear_faults()
    assert kinds(entry)[-1] == Step.Kind.FAILED
    assert look(school, entry).done
    assert kinds(entry) == ["requested", "failed", "confirmed"]


def test_a_cloud_that_does_not_answer_says_why(school, sim):
    entry = asked(school, "class.start")
    sim.fault("token_expired")
    with pytest.raises(ActionRefused, match="App ID"):
        look(school, entry)
    assert kinds(entry) == []


@pytest.mark.parametrize("action", sorted(set(COMMANDS) - set(checking.LOOKS)))
def test_what_no_read_shows_is_said(school, action):
    assert not checking.can_check(action)
    with pytest.raises(ActionRefused, match="No question"):
        look(school, asked(school, action))


def test_nobody_checks_what_is_not_theirs(school):
    entry = asked(school, "class.start")
    with pytest.raises(NotYours):
        checking.check(actor=school.other_teacher, room=school.room, entry=entry)
