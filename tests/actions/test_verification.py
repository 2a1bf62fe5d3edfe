"""Was it done? The cloud is read; what shows there confirms the command, what does not is told."""

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.actions import (
    breakout_rooms,
    class_state,
    participants,
    properties,
    recordings,
    verification,
)
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import resources
from classroom_admin.audit.actions import COMMANDS
from classroom_admin.audit.models import PendingConfirmation, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.rooms import bans
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Resource
from tests.actions.conftest import kinds, last_detail

CONFIRMED = ["requested", "accepted", "confirmed"]


def look(school, entry):
    return verification.verify(access_to(school.teacher, school.room), entry=entry)


def asked(school, action, **columns):
    """A command of which nothing is known but that somebody asked for it."""
    return record(actor=school.teacher, action=action, room_uuid=school.room.room_uuid, **columns)


def test_verification_confirms_a_command_that_was_done(school):
    entry = class_state.start_class(access_to(school.teacher, school.room))
    assert kinds(entry) == ["requested", "accepted"]
    found = look(school, entry)
    assert (found.done, found.says) == (True, "According to the cloud, the class is running.")
    assert kinds(entry) == CONFIRMED
    assert last_detail(entry) == {"read_back": {"state": 1}}
    assert not PendingConfirmation.objects.exists()
    look(school, entry)
    assert kinds(entry) == CONFIRMED, "once is enough"


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("class.start", "According to the cloud, the class is not started."),
        ("class.end", "According to the cloud, the class is not started."),
        ("class.close", "According to the cloud, the class is not started."),
        ("recording.start", "According to the cloud, no recording is running."),
        ("resource.put", "According to the cloud, the class does not have the file."),
    ],
)
def test_what_was_not_done_is_told_and_confirms_nothing(school, action, says):
    entry = asked(school, action, target="nothing")
    found = look(school, entry)
    assert (found.done, found.says) == (False, says)
    assert kinds(entry) == []


def test_people(school, sim):
    entry = asked(school, "participant.remove", target="ada")
    assert look(school, entry).says == "According to the cloud, this person is in the class."
    sim.room(school.room.room_uuid, "leave", userUuid="ada")
    assert look(school, entry).done
    assert look(school, asked(school, "participant.remove", target="never was here")).done
    removed = participants.remove_participant(
        access_to(school.administrator, school.room), participant=school.pupil
    )
    assert look(school, removed).done
    assert kinds(removed) == CONFIRMED


def test_recordings_and_files(school):
    access = access_to(school.teacher, school.room)
    assert look(school, recordings.start_recording(access)).done
    entry = asked(school, "recording.stop")
    assert not look(school, entry).done
    assert look(school, recordings.stop_recording(access)).done
    put = resources.put_resource_by_url(access, name="a.pdf", url="https://f.test/a.pdf", ext="pdf", size=9)
    assert look(school, put).done
    gone = asked(school, "resource.delete", params={"resource_uuids": [put.target]})
    assert look(school, gone).says == "The cloud still has 1 of the files."
    row = Resource.objects.create(room=school.room, resource_uuid=put.target, name="a.pdf")
    assert look(school, resources.delete_resources(access, resources=[row])).done


def test_a_closed_class_that_the_cloud_has_forgotten(school, sim):
    sim.room(school.room.room_uuid, "destroy")
    assert look(school, asked(school, "class.close")).done
    assert not look(school, asked(school, "class.end")).done


def test_an_end_that_nobody_knew_of(school, sim):
    sim.fault("lose_answer", route="set_class_state", count=1)
    sim.room(school.room.room_uuid, "state", state=1)
    entry = class_state.end_class(access_to(school.teacher, school.room))
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


def test_absence_does_not_prove_a_ban(school, sim):
    """Of a removal whose answer was lost, nobody knows whether the cloud keeps them out."""
    sim.fault("lose_answer", route="kick", count=9)
    sim.room(school.room.room_uuid, "leave", userUuid="ada")
    school.pupil.online = False
    access = access_to(school.teacher, school.room)
    banned = participants.remove_participant(access, participant=school.pupil, duration_s=600)
    assert kinds(banned) == ["requested", "failed"]
    found = look(school, banned)
    assert (found.done, "Ban status can't be verified" in found.says) == (None, True)
    assert kinds(banned) == ["requested", "failed"]
    assert bans.kicked_until(school.room) == {}
    gone = participants.remove_participant(access, participant=school.pupil)
    assert kinds(gone) == ["requested", "failed", "confirmed"]


PROPERTIES = [{"name": "topic", "value": "fractions"}, {"name": "page", "value": 4}]


def test_properties_of_the_class(school, sim):
    access = access_to(school.teacher, school.room)
    values = {"topic": "fractions", "page": 4, "token": "abc"}
    entry = properties.set_properties(access, properties=values)
    assert look(school, entry).done
    assert kinds(entry) == CONFIRMED
    sim.room(school.room.room_uuid, "property", properties={"page": 5})
    found = look(school, asked(school, "room.set_properties", params={"properties": PROPERTIES}))
    assert (found.done, found.says) == (
        False,
        "According to the cloud, these properties have other values: page.",
    )
    gone = asked(school, "room.delete_properties", params={"names": ["page", "never"]})
    assert look(school, gone).says == "The cloud still has these properties: page."
    assert look(school, properties.delete_properties(access, names=["page"])).done


def test_properties_of_a_person(school, sim):
    access = access_to(school.teacher, school.room)
    columns = {"target": "ada", "params": {"properties": PROPERTIES}}
    assert not look(school, asked(school, "participant.set_properties", **columns)).done
    entry = properties.set_properties(access, participant=school.pupil, properties={"seat": {"row": [1, 2]}})
    assert look(school, entry).done
    assert not look(
        school, asked(school, "participant.delete_properties", target="ada", params={"names": ["seat"]})
    ).done
    assert look(school, properties.delete_properties(access, participant=school.pupil, names=["seat"])).done
    found = look(school, asked(school, "participant.set_properties", target="nobody"))
    assert (found.done, "no longer has this person" in found.says) == (None, True)


def test_properties_of_an_extension(school, sim):
    access = access_to(school.teacher, school.room)
    entry = properties.set_properties(access, ext_app_uuid="timer", properties={"seconds": 60}, state=1)
    assert look(school, entry).done
    off = asked(school, "ext_app.set_properties", target="timer", params={"state": 0, "properties": []})
    assert not look(school, off).done
    assert not look(
        school, asked(school, "ext_app.delete_properties", target="timer", params={"names": ["seconds"]})
    ).done
    assert look(school, properties.delete_properties(access, ext_app_uuid="timer", names=["seconds"])).done


def test_breakout_rooms(school):
    access = access_to(school.teacher, school.room)
    red = {"groupName": "Red", "users": ["ada"]}
    assert not look(school, asked(school, "groups.open", params={"groups": [red]})).done
    assert look(school, breakout_rooms.open_groups(access, groups=[red])).done
    others = {"groupName": "Red", "users": ["ben"]}
    assert not look(school, asked(school, "groups.open", params={"groups": [others]})).done
    found = look(school, asked(school, "groups.close"))
    assert (found.done, found.says) == (
        False,
        "The cloud still has 1 of the breakout rooms.",
    )
    assert look(school, asked(school, "groups.close", params={"groups": [{"groupName": "Blue"}]})).done
    assert look(school, breakout_rooms.close_groups(access)).done


def test_a_new_class(school, sim):
    entry = asked(school, "class.create")
    assert look(school, entry).done
    sim.room(school.room.room_uuid, "destroy")
    assert look(school, asked(school, "class.create")).done is False


HERE = {
    "room.use_list", "class_list.change", "participant.plan_removal", "participant.call_off_removal",
    "resource.hold_delete", "resource.undo_delete", "recording.files", "joining.let_in", "joining.refuse",
}  # fmt: skip
"""What happens without the cloud is done when it is on record."""


def test_every_command_has_a_verifier_or_a_reason_for_none():
    assert set(verification.VERIFIERS) | set(verification.NOT_VERIFIABLE) == set(COMMANDS) - HERE
    assert not set(verification.VERIFIERS) & set(verification.NOT_VERIFIABLE)
    assert all(verification.NOT_VERIFIABLE.values())


@pytest.mark.parametrize("action", sorted(set(COMMANDS) - set(verification.VERIFIERS)))
def test_what_no_read_shows_is_said(school, action):
    assert not verification.can_verify(action)
    with pytest.raises(ActionRefused, match="does not show whether"):
        look(school, asked(school, action))


@pytest.mark.parametrize("action", sorted(set(COMMANDS) - HERE))
def test_pending_command_offers_verification_after_ten_seconds(school, action):
    entry = asked(school, action)
    add_step(entry, Step.Kind.REQUESTED)
    html = page(school)
    assert f'id="late-{entry.pk}"' in html
    assert (reverse("live:check", args=[school.room.key, entry.pk]) in html) == (
        action in verification.VERIFIERS
    )
    add_step(entry, Step.Kind.CONFIRMED)
    assert f'id="late-{entry.pk}"' not in page(school)


def page(school):
    client = Client()
    client.force_login(school.teacher)
    address = reverse("live:class", args=[school.room.key])
    return client.get(address, {"show": "commands"}).content.decode()


def test_nobody_checks_what_is_not_theirs(school):
    entry = asked(school, "class.start")
    with pytest.raises(NotYours):
        verification.verify(access_to(school.other_teacher, school.room), entry=entry)
