"""What the cloud refuses is on record with its own reason, and with a sentence that says what to do next."""

from typing import Any

import pytest

from classroom_admin import agora
from classroom_admin.actions import class_state, participants, recordings, refusals
from classroom_admin.actions.files import resources
from classroom_admin.agora import errors
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import MEANINGS, CloudError
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.rooms.models import Participant, Role, Room
from tests.actions.conftest import config_for, kinds, last_detail, make_school
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, hang_up, raw, refusing_address, running_cloud

FAILED = ["requested", "failed"]
# (HTTP status, code) -> what the sentence must tell: what happened, and what to do
TABLE = {
    (400, 400): ("something wrong in what was asked", "Check what you entered"),
    (401, None): ("did not accept this school's App ID", "Ask an administrator to open Settings"),
    (403, 30403200): ("Chat is muted", "Unmute it"),
    (403, 30403100): ("was removed and may not enter", "Unban them"),
    (404, None): ("the region or the App ID may be wrong", "Ask an administrator to open Settings"),
    (404, 20404100): ("does not have this class any more", "Create a new class"),
    (404, 20404200): ("does not know this person", "Reload"),
    (409, 30409410): ("No recording is running", "Start a recording"),
    (409, 30409411): ("A recording is running already", "Stop it"),
    (409, 30409100): ("running already", "nothing more to do"),
    (409, 30409101): ("has ended already", "Create a new class"),
    (409, 20409000): ("a state in which this can't be done", "Reload the page"),
    (429, None): ("asked too often", "Try again in a few seconds"),
    (500, 500): ("an error of its own", "Wait until the page shows it"),
    (503, None): ("not known whether this was done", "Wait until the page shows it"),
}


def configure(settings: Any, url: str, **more: Any) -> None:
    settings.AGORA = config_for(url, app_id=APP_ID, app_certificate=CERTIFICATE, **more)


def test_the_table_here_is_the_contracts():
    in_errors = {key for key in MEANINGS if key[1] is not None or (key[0], None) in TABLE}
    general = {(400, None), (409, None), (500, None)}
    assert in_errors - general == set(TABLE)


@pytest.mark.parametrize(("status", "code"), TABLE)
def test_a_sentence_for_every_error_of_the_contract(db, settings, status, code):
    """Properties: a command of which no action-specific sentence exists."""
    from classroom_admin.actions import properties

    school = make_school("maths")
    refusal = answer(status=status, code=code or 0, msg="no, because", x_request_id="r-1")
    with running_cloud(refusal) as cloud:
        configure(settings, cloud.url)
        entry = properties.set_room_properties(actor=school.teacher, room=school.room, properties={"a": 1})
        agora.client_for(settings.AGORA).close()
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    for words in TABLE[(status, code)]:
        assert words in detail["sentence"]
    assert detail["http_status"] == status
    assert detail["code"] == (code or 0)
    assert (detail["message"], detail["request_id"]) == ("no, because", "r-1")
    assert detail["unknown_outcome"] is (status >= 500)
    assert PendingConfirmation.objects.filter(entry=entry).exists() is (status >= 500)


def every_meaning():
    todo, found = [CloudError], set()
    while todo:
        meaning = todo.pop()
        found.add(meaning)
        todo += meaning.__subclasses__()
    return found


def test_no_error_is_without_a_sentence():
    assert every_meaning() == set(refusals.SENTENCES)


@pytest.mark.parametrize("action", [*refusals.FOR_ACTION, "resource.put"])
def test_every_sentence_says_what_happened_and_what_to_do(action):
    for meaning in every_meaning():
        sentence = refusals.sentence_for(meaning("x"), action=action)
        assert sentence.count(". ") + sentence.count("; ") >= 1, sentence
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_retry_after_is_told():
    error = errors.RateLimited("slow down", retry_after_s=11.2)
    assert "Try again in 12 seconds" in refusals.sentence_for(error, action="class.start")


def test_a_class_that_runs_already(school):
    who = {"actor": school.teacher, "room": school.room}
    class_state.start_class(**who)
    again = class_state.start_class(actor=school.administrator, room=school.room)
    detail = last_detail(again)
    assert kinds(again) == FAILED
    assert (detail["http_status"], detail["code"], detail["error"]) == (409, 30409100, "ClassAlreadyStarted")
    assert detail["sentence"] == "The class is already running. You don't need to do anything."
    assert not PendingConfirmation.objects.filter(entry=again).exists()


def test_a_class_that_has_ended_already(school, sim):
    sim.room(school.room.room_uuid, "state", state=1)
    sim.room(school.room.room_uuid, "state", state=2)
    entry = class_state.end_class(actor=school.teacher, room=school.room)
    assert last_detail(entry)["code"] == 30409101
    assert last_detail(entry)["sentence"] == "The class has already ended. You don't need to do anything."


def test_no_recording_to_stop(school):
    entry = recordings.stop_recording(actor=school.teacher, room=school.room)
    assert last_detail(entry)["code"] == 30409410
    assert "stopped already" in last_detail(entry)["sentence"]


def test_a_second_recording(school):
    recordings.start_recording(actor=school.teacher, room=school.room)
    entry = recordings.start_recording(actor=school.administrator, room=school.room)
    assert last_detail(entry)["code"] == 30409411
    assert "Stop it" in last_detail(entry)["sentence"]


def test_a_room_that_the_cloud_has_deleted(school, sim):
    sim.room(school.room.room_uuid, "destroy")
    entry = class_state.start_class(actor=school.teacher, room=school.room)
    assert last_detail(entry)["code"] == 20404100
    assert "Create a new class" in last_detail(entry)["sentence"]


def test_someone_whom_the_cloud_does_not_know(school):
    nobody = Participant.objects.create(room=school.room, user_uuid="nobody", name="N", role=Role.STUDENT)
    entry = participants.remove_participant(actor=school.teacher, room=school.room, participant=nobody)
    assert last_detail(entry)["code"] == 20404200
    assert kinds(entry) == FAILED


def test_letting_back_in_is_guessed_and_says_so(db, settings):
    school = make_school("maths")
    school.room.participants.update(online=False)
    with running_cloud(answer(status=400, code=400, msg="dirty.state")) as cloud:
        configure(settings, cloud.url)
        entry = participants.unban(actor=school.teacher, room=school.room, user_uuid="ada")
        agora.client_for(settings.AGORA).close()
    assert cloud.asked[0].json == {"dirty": {"state": 0}}
    assert "do not promise that this works" in last_detail(entry)["sentence"]
    assert last_detail(entry)["message"] == "dirty.state"


def test_nothing_was_sent_where_the_cloud_cannot_be_reached(db, settings):
    school = make_school("maths")
    with refusing_address() as url:
        configure(settings, url)
        entry = class_state.start_class(actor=school.teacher, room=school.room)
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    assert detail["unknown_outcome"] is False
    assert "could not be reached; nothing was done" in detail["sentence"]
    assert not PendingConfirmation.objects.filter(entry=entry).exists()


@pytest.mark.parametrize("script", [hang_up, raw(200, b"<html>hotel wifi</html>")])
def test_an_unknown_outcome_says_so_and_still_waits_for_its_event(db, settings, script):
    school = make_school("maths")
    with running_cloud(script) as cloud:
        configure(settings, cloud.url)
        entry = class_state.start_class(actor=school.teacher, room=school.room)
        agora.client_for(settings.AGORA).close()
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    assert detail["unknown_outcome"] is True
    assert "not known whether this was done" in detail["sentence"]
    assert PendingConfirmation.objects.filter(entry=entry).exists()


def test_a_lost_answer_and_the_command_worked(school, sim, truth):
    sim.fault("lose_answer", route="set_class_state", count=1)
    entry = class_state.start_class(actor=school.teacher, room=school.room)
    assert truth()["state"] == 1
    assert kinds(entry) == FAILED
    assert last_detail(entry)["unknown_outcome"] is True
    assert PendingConfirmation.objects.get(entry=entry).match == {"state": 1}


def test_a_time_out(db, settings):
    school = make_school("maths")

    def silent(handler):
        cloud.released.wait(30)
        handler.close_connection = True

    with running_cloud(silent) as cloud:
        configure(settings, cloud.url, read_timeout_s=0.3)
        entry = class_state.end_class(actor=school.teacher, room=school.room)
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 1
    assert kinds(entry) == FAILED
    assert "did not answer in time" in last_detail(entry)["sentence"]


def test_a_created_class_whose_answer_was_lost_is_found_by_the_read_back(school, sim):
    sim.fault("lose_answer", route="create_room", count=1)
    entry = class_state.create_class(actor=school.teacher, name="Latin", room_type=0)
    assert kinds(entry) == ["requested", "failed", "confirmed"]
    room = Room.objects.get(room_uuid=entry.room_uuid)
    assert room.name == "Latin"
    assert room.teachers.get().user == school.teacher


def test_a_class_that_was_not_created_is_not_known(db, settings):
    school = make_school("maths")
    with refusing_address() as url:
        configure(settings, url)
        entry = class_state.create_class(actor=school.teacher, name="Latin", room_type=0)
    assert kinds(entry) == FAILED
    assert Room.objects.count() == 1


def test_a_command_that_is_given_up_can_be_pressed_again(school, sim, truth):
    sim.fault("unavailable", route="put_resource", count=3)
    asked = {"name": "F", "url": "https://f.test/a.pdf", "ext": "pdf", "size": 1}
    first = resources.put_resource_by_url(actor=school.teacher, room=school.room, **asked)
    assert kinds(first) == FAILED
    sim.clear_faults()
    second = resources.put_resource_by_url(actor=school.administrator, room=school.room, **asked)
    assert kinds(second) == ["requested", "accepted"]
    assert len(truth()["resources"]) == 1


def test_the_client_is_the_real_one(sim, settings):
    assert type(agora.client_for(settings.AGORA)) is Client
    assert agora.client_for(settings.AGORA) is agora.client_for(settings.AGORA)
