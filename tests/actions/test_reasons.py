"""What workers write down is read in the language of whoever looks, not in the workers'."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from classroom_admin.actions import bulk, participants, scheduling
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Entry
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Resource, RoomState, RoomTeacher
from classroom_admin.web.wording import command_statuses
from tests.actions.conftest import School, let_it_be_due, run_due

SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es"}


def plan(school: School) -> Series:
    return scheduling.plan(
        actor=school.teacher,
        request_id=uuid4().hex,
        name="Latin 8a",
        starts=[timezone.now() + timedelta(days=1)],
        zone="UTC",
        asked={"room_type": 4, "duration_s": 2700},
    )


def page(school: School, planned: Series) -> str:
    client = Client()
    client.force_login(school.teacher)
    return client.get(reverse("live:plan", args=[planned.key]), **SPANISH).content.decode()


def shown(entry: Entry) -> str:
    """Why it failed, as a page in Spanish shows it."""
    with translation.override("es"):
        return command_statuses([entry])[0].reason


def spanish(code: str, **params: Any) -> str:
    with translation.override("es"):
        return in_words(Problem(code, params))


def test_a_plan_that_the_cloud_refused(school: School, sim: Any) -> None:
    sim.fault("token_expired", route="create_room")
    planned = plan(school)
    run_due()
    assert planned.planned.get().problem == {"code": "credentials_rejected", "params": {}}
    html = page(school, planned)
    assert spanish("credentials_rejected") in html
    assert "The cloud" not in html


def test_a_plan_that_no_cloud_was_asked_about(school: School, settings: Any) -> None:
    planned = plan(school)
    settings.AGORA = CloudConfig(
        base_url="", fallback_url="", region="eu", app_id="", app_certificate="", uid="server"
    )
    run_due()
    html = page(school, planned)
    assert spanish("base_url_missing") in html
    assert spanish("project_value_missing", name="AGORA_APP_ID") in html
    assert "is not set" not in html


def test_a_plan_whose_time_was_over(school: School) -> None:
    planned = plan(school)
    ScheduledCommand.objects.update(starts_at=timezone.now() - timedelta(days=1))
    run_due()
    with translation.override("es"):
        assert planned.planned.get().why == spanish("class_time_passed")


def test_a_class_of_a_run(school: School) -> None:
    school.room.state = RoomState.STARTED
    school.room.save()
    run = bulk.start(actor=school.teacher, what="end", keys=[school.room.key], token=uuid4().hex)
    RoomTeacher.objects.all().delete()
    run_due()
    client = Client()
    client.force_login(school.administrator)
    html = client.get(reverse("live:run", args=[run.key]), **SPANISH).content.decode()
    assert spanish("class_not_yours") in html
    assert "no longer assigned to you" not in html


def test_a_removal_that_came_to_nothing(school: School) -> None:
    participants.schedule_removal(access_to(school.teacher, school.room), participant=school.pupil, after_s=5)
    let_it_be_due()
    school.pupil.online = False
    school.pupil.save()
    run_due()
    entry = Entry.objects.get(action="participant.remove")
    assert shown(entry) == spanish("person_already_left")


def test_a_deletion_by_somebody_who_may_not_any_more(school: School) -> None:
    row = Resource.objects.create(room=school.room, resource_uuid="a", name="a.pdf")
    hold = deletions.schedule_deletion(access_to(school.teacher, school.room), resources=[row])
    let_it_be_due()
    RoomTeacher.objects.all().delete()
    run_due()
    assert shown(hold.entry) == spanish("deletion_not_allowed")


def test_a_refusal_is_said_in_the_language_of_who_reads_it(school: School) -> None:
    with translation.override("es"), pytest.raises(ActionRefused) as refused:
        participants.check_removal(duration_s=None, for_the_class=False, for_good=False, reason="x" * 501)
    with translation.override("es"):
        assert refused.value.message == spanish("reason_too_long", most=500)
    assert refused.value.message == "The reason must be at most 500 characters."


def test_a_row_of_version_0_1_0_shows_its_english_text() -> None:
    row = ScheduledCommand(problem={"sentence": "It is late.", "says": None})
    with translation.override("es"):
        assert row.why == "It is late."


def test_a_row_that_did_not_fail_has_no_reason() -> None:
    assert ScheduledCommand().why == ""


def test_a_text_of_a_request_is_stored_as_it_is() -> None:
    refused = ActionRefused("No {way}.")
    assert refused.message == "No {way}."
    assert ScheduledCommand(problem=refused.problem.as_json()).why == "No {way}."


def test_beside_its_field_a_text_does_not_repeat_the_name_of_the_field() -> None:
    problem = Problem("argument", {"field": "size", "problem": Problem("not_whole")})
    refused = ActionRefused(problem, field="size")
    assert refused.message == "size: The value must be a whole number."
    assert refused.message_at_field == "The value must be a whole number."
    assert ActionRefused("too late.", field="size").message_at_field == "Too late."
