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
from classroom_admin.actions.models import ScheduledCommand, Series, because
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Entry
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


def in_spanish(entry: Entry) -> str:
    with translation.override("es"):
        return command_statuses([entry])[0].reason


def test_a_plan_that_the_cloud_refused(school: School, sim: Any) -> None:
    sim.fault("token_expired", route="create_room")
    planned = plan(school)
    run_due()
    assert "did not accept this school" in planned.planned.get().reason, "English in the database"
    html = page(school, planned)
    assert "La nube no aceptó el App ID" in html
    assert "Pida a un administrador" in html
    assert "The cloud" not in html


def test_a_plan_that_no_cloud_was_asked_about(school: School, settings: Any) -> None:
    planned = plan(school)
    settings.AGORA = CloudConfig(
        base_url="", fallback_url="", region="eu", app_id="", app_certificate="", uid="server"
    )
    run_due()
    html = page(school, planned)
    assert "La conexión con la nube no está configurada" in html
    assert "AGORA_BASE_URL no" in html
    assert "is not set" not in html


def test_a_plan_whose_time_was_over(school: School) -> None:
    planned = plan(school)
    ScheduledCommand.objects.update(starts_at=timezone.now() - timedelta(days=1))
    run_due()
    with translation.override("es"):
        assert planned.planned.get().why == "Su hora pasó antes de que se pudiera crear."


def test_a_class_of_a_run(school: School) -> None:
    school.room.state = RoomState.STARTED
    school.room.save()
    run = bulk.start(actor=school.teacher, what="end", keys=[school.room.key], token=uuid4().hex)
    RoomTeacher.objects.all().delete()
    run_due()
    client = Client()
    client.force_login(school.administrator)
    html = client.get(reverse("live:run", args=[run.key]), **SPANISH).content.decode()
    assert "Esta clase ya no es suya" in html
    assert "not yours" not in html


def test_a_removal_that_came_to_nothing(school: School) -> None:
    participants.schedule_removal(actor=school.teacher, room=school.room, participant=school.pupil, after_s=5)
    let_it_be_due()
    school.pupil.online = False
    school.pupil.save()
    run_due()
    entry = Entry.objects.get(action="participant.remove")
    assert in_spanish(entry) == "Ya se había ido antes por su cuenta. No se hizo nada."


def test_a_deletion_by_somebody_who_may_not_any_more(school: School) -> None:
    row = Resource.objects.create(room=school.room, resource_uuid="a", name="a.pdf")
    hold = deletions.schedule_deletion(actor=school.teacher, room=school.room, resources=[row])
    let_it_be_due()
    RoomTeacher.objects.all().delete()
    run_due()
    assert in_spanish(hold.entry).endswith("así que no se ha borrado nada.")


def test_a_refusal_is_said_in_the_language_of_who_reads_it(school: School) -> None:
    with translation.override("es"), pytest.raises(ActionRefused) as refused:
        participants.check_removal(duration_s=None, for_the_class=False, for_good=False, reason="x" * 501)
    with translation.override("es"):
        assert refused.value.message == "El motivo debe tener como máximo 500 caracteres."
    assert refused.value.message == "The reason must be at most 500 characters."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "The scheduled time passed before the class could be created.",
            "Su hora pasó antes de que se pudiera crear.",
        ),
        ("Words of an earlier release.", "Words of an earlier release."),
        ("", ""),
    ],
)
def test_rows_of_earlier_releases_stay_readable(reason: str, words: str) -> None:
    row = ScheduledCommand(reason=reason)
    assert row.says is None
    with translation.override("es"):
        assert row.why == words


def test_a_text_in_somebodys_own_words_is_kept_as_it_is() -> None:
    assert because("No.") == {"reason": "No.", "says": None}
