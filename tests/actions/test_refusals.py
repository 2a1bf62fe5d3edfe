"""What the cloud refuses is on record with its own reason, and with a problem that says what to do next."""

from typing import Any

import pytest

from classroom_admin import agora
from classroom_admin.actions import class_state, participants, recordings, refusals
from classroom_admin.actions.files import resources
from classroom_admin.agora import errors
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import MEANINGS, CloudError
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Participant, Role, Room
from tests.actions.conftest import config_for, kinds, last_detail, make_school, reason_code
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, hang_up, raw, refusing_address, running_cloud

FAILED = ["requested", "failed"]
# (HTTP status, code) -> the code of the problem that a person is shown
TABLE = {
    (400, 400): "values_rejected",
    (400, 30400100): "values_rejected",
    (400, 30400412): "recording_address_missing",
    (401, None): "credentials_rejected",
    (403, 30403200): "chat_muted",
    (403, 30403100): "user_banned",
    (403, 20403001): "role_full",
    (403, 20403002): "class_full",
    (404, None): "address_not_found",
    (404, 20404100): "class_deleted",
    (404, 20404200): "user_not_found",
    (404, 30404462): "not_on_stage",
    (409, 30409410): "recording_not_started",
    (409, 30409411): "recording_already_running",
    (409, 30409100): "class_already_running",
    (409, 30409101): "class_already_ended",
    (409, 30409103): "screen_not_shared",
    (409, 30409104): "room_type_differs",
    (409, 30409460): "hand_changed",
    (409, 30409601): "already_invited",
    (409, 20409000): "state_forbids",
    (410, 20410100): "class_is_over",
    (410, 30410100): "class_is_over",
    (429, 30429461): "stage_full",
    (429, None): "rate_limited",
    (500, 500): "cloud_failed",
    (503, None): "outcome_unknown",
}


def configure(settings: Any, url: str, **more: Any) -> None:
    settings.AGORA = config_for(url, app_id=APP_ID, app_certificate=CERTIFICATE, **more)


def test_the_table_here_is_the_contracts():
    in_errors = {key for key in MEANINGS if key[1] is not None or (key[0], None) in TABLE}
    general = {(400, None), (409, None), (500, None)}
    assert in_errors - general == set(TABLE)


@pytest.mark.parametrize(("status", "code"), TABLE)
def test_every_error_of_the_contract_has_its_problem(db, settings, status, code):
    """Properties: a command with no problems of its own."""
    from classroom_admin.actions import properties

    school = make_school("maths")
    refusal = answer(status=status, code=code or 0, msg="no, because", x_request_id="r-1")
    with running_cloud(refusal) as cloud:
        configure(settings, cloud.url)
        entry = properties.set_properties(access_to(school.teacher, school.room), properties={"a": 1})
        agora.client_for(settings.AGORA).close()
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    assert detail["reason"] == {"code": TABLE[(status, code)], "params": {}}
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


def test_no_error_is_without_a_problem():
    assert every_meaning() == set(refusals.CODES)


@pytest.mark.parametrize("action", [*refusals.FOR_ACTION, "resource.put"])
def test_every_text_says_what_happened_and_what_to_do(action):
    for meaning in every_meaning():
        sentence = in_english(refusals.problem_of(meaning("x"), action=action))
        assert sentence.count(". ") + sentence.count("; ") >= 1, sentence
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_wrong_region_is_named_where_the_cloud_does_not_have_the_class():
    assert "AGORA_REGION" in in_english(refusals.problem_of(errors.RoomNotFound(), action="class.start"))


@pytest.mark.parametrize("action", ["recording.pause", "recording.resume", "recording.change"])
def test_refused_change_of_a_recording_says_to_wait_a_minute(action):
    sentence = in_english(refusals.problem_of(errors.Conflict(), action=action))
    assert "try again in a minute" in sentence


def test_retry_after_is_told():
    error = errors.RateLimited("slow down", retry_after_s=11.2)
    problem = refusals.problem_of(error, action="class.start")
    assert problem == Problem("rate_limited_for_seconds", {"seconds": 12})
    soon = errors.RateLimited("slow down", retry_after_s=0.5)
    assert refusals.problem_of(soon, action="class.start") == Problem("rate_limited_for_a_second")


def test_a_class_that_runs_already(school):
    access = access_to(school.teacher, school.room)
    class_state.start_class(access)
    again = class_state.start_class(access_to(school.administrator, school.room))
    detail = last_detail(again)
    assert kinds(again) == FAILED
    assert (detail["http_status"], detail["code"], detail["error"]) == (409, 30409100, "ClassAlreadyStarted")
    assert reason_code(again) == "class_already_running"
    assert not PendingConfirmation.objects.filter(entry=again).exists()


def test_a_class_that_has_ended_already(school, sim):
    sim.room(school.room.room_uuid, "state", state=1)
    sim.room(school.room.room_uuid, "state", state=2)
    entry = class_state.end_class(access_to(school.teacher, school.room))
    assert last_detail(entry)["code"] == 30409101
    assert reason_code(entry) == "end_after_end"


def test_no_recording_to_stop(school):
    entry = recordings.stop_recording(access_to(school.teacher, school.room))
    assert last_detail(entry)["code"] == 30409410
    assert reason_code(entry) == "stop_after_stop"


def test_a_second_recording(school):
    recordings.start_recording(access_to(school.teacher, school.room))
    entry = recordings.start_recording(access_to(school.administrator, school.room))
    assert last_detail(entry)["code"] == 30409411
    assert reason_code(entry) == "recording_already_running"


def test_a_room_that_the_cloud_has_deleted(school, sim):
    sim.room(school.room.room_uuid, "destroy")
    entry = class_state.start_class(access_to(school.teacher, school.room))
    assert last_detail(entry)["code"] == 20404100
    assert reason_code(entry) == "class_deleted"


def test_someone_whom_the_cloud_does_not_know(school):
    nobody = Participant.objects.create(room=school.room, user_uuid="nobody", name="N", role=Role.STUDENT)
    entry = participants.remove_participant(access_to(school.teacher, school.room), participant=nobody)
    assert last_detail(entry)["code"] == 20404200
    assert kinds(entry) == FAILED


def test_refused_unban_says_what_to_do(db, settings):
    school = make_school("maths")
    school.room.participants.update(online=False)
    with running_cloud(answer(status=400, code=400, msg="dirty.state")) as cloud:
        configure(settings, cloud.url)
        entry = participants.unban(access_to(school.teacher, school.room), user_uuid="ada")
        agora.client_for(settings.AGORA).close()
    assert cloud.asked[0].json == {"dirty": {"state": 0}}
    assert reason_code(entry) == "unban_refused"
    assert last_detail(entry)["message"] == "dirty.state"


def test_nothing_was_sent_where_the_cloud_cannot_be_reached(db, settings):
    school = make_school("maths")
    with refusing_address() as url:
        configure(settings, url)
        entry = class_state.start_class(access_to(school.teacher, school.room))
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    assert detail["unknown_outcome"] is False
    assert reason_code(entry) == "cloud_not_reached"
    assert detail["found"] == {"code": "unreachable", "params": {}}
    assert not PendingConfirmation.objects.filter(entry=entry).exists()


@pytest.mark.parametrize(
    ("script", "code"),
    [(hang_up, "outcome_unknown"), (raw(200, b"<html>hotel wifi</html>"), "answer_not_understood")],
)
def test_an_unknown_outcome_says_so_and_still_waits_for_its_event(db, settings, script, code):
    school = make_school("maths")
    with running_cloud(script) as cloud:
        configure(settings, cloud.url)
        entry = class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    detail = last_detail(entry)
    assert kinds(entry) == FAILED
    assert detail["unknown_outcome"] is True
    assert reason_code(entry) == code
    assert PendingConfirmation.objects.filter(entry=entry).exists()


def test_a_lost_answer_and_the_command_worked(school, sim, truth):
    sim.fault("lose_answer", route="set_class_state", count=1)
    entry = class_state.start_class(access_to(school.teacher, school.room))
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
        entry = class_state.end_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 1
    assert kinds(entry) == FAILED
    assert reason_code(entry) == "outcome_unknown"


def test_a_created_class_whose_answer_was_lost_is_found_by_the_read_back(school, sim):
    sim.fault("lose_answer", route="create_room", count=1)
    entry = class_state.create_class(school.teacher, name="Latin", room_type=0)
    assert kinds(entry) == ["requested", "failed", "confirmed"]
    room = Room.objects.get(room_uuid=entry.room_uuid)
    assert room.name == "Latin"
    assert room.teachers.get().user == school.teacher


def test_a_class_that_was_not_created_is_not_known(db, settings):
    school = make_school("maths")
    with refusing_address() as url:
        configure(settings, url)
        entry = class_state.create_class(school.teacher, name="Latin", room_type=0)
    assert kinds(entry) == FAILED
    assert Room.objects.count() == 1


def test_a_command_that_is_given_up_can_be_pressed_again(school, sim, truth):
    sim.fault("unavailable", route="put_resource", count=3)
    asked = {"name": "F", "url": "https://f.test/a.pdf", "ext": "pdf", "size": 1}
    first = resources.put_resource_by_url(access_to(school.teacher, school.room), **asked)
    assert kinds(first) == FAILED
    sim.clear_faults()
    second = resources.put_resource_by_url(access_to(school.administrator, school.room), **asked)
    assert kinds(second) == ["requested", "accepted"]
    assert len(truth()["resources"]) == 1


def test_the_client_is_the_real_one(sim, settings):
    assert type(agora.client_for(settings.AGORA)) is Client
    assert agora.client_for(settings.AGORA) is agora.client_for(settings.AGORA)
