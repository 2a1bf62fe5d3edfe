"""What workers write down is read in the language of whoever looks, not in the workers'."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from classroom_admin.actions import held, participants
from classroom_admin.actions.bulk import carrying, runs
from classroom_admin.actions.bulk.models import BulkItem
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import HeldDeletion
from classroom_admin.actions.planning import making, series
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.actions.reasons import because
from classroom_admin.actions.removals import carrying_out, planning
from classroom_admin.actions.removals.models import PlannedRemoval
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Resource, RoomState, RoomTeacher
from classroom_admin.web.wording import command_statuses
from tests.actions.conftest import School

SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es"}


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests are the workers."""
    monkeypatch.setattr("classroom_admin.actions.planning.hints.make", lambda series_id: None)


def plan(school: School) -> Series:
    return series.plan(
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
    making.make_due()
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
    making.make_due()
    html = page(school, planned)
    assert "La conexión con la nube no está configurada" in html
    assert "AGORA_BASE_URL no" in html
    assert "is not set" not in html


def test_a_plan_whose_time_was_over(school: School) -> None:
    planned = plan(school)
    PlannedClass.objects.update(starts_at=timezone.now() - timedelta(days=1))
    making.make_due()
    with translation.override("es"):
        assert planned.planned.get().why == "Su hora pasó antes de que se pudiera crear."


def test_a_class_of_a_run(school: School) -> None:
    school.room.state = RoomState.STARTED
    school.room.save()
    run = runs.make(actor=school.teacher, what="end", keys=[school.room.key], token=uuid4().hex)
    RoomTeacher.objects.all().delete()
    carrying.work(run.pk, within_s=9)
    client = Client()
    client.force_login(school.administrator)
    html = client.get(reverse("live:run", args=[run.key]), **SPANISH).content.decode()
    assert "Esta clase ya no es suya" in html
    assert "not yours" not in html


def test_a_removal_that_came_to_nothing(school: School) -> None:
    planning.plan_removal(actor=school.teacher, room=school.room, participant=school.pupil, after_s=5)
    PlannedRemoval.objects.update(due_at=clock.now())
    school.pupil.online = False
    school.pupil.save()
    for planned_id in carrying_out.due():
        carrying_out.carry_out(planned_id)
    entry = Entry.objects.get(action="participant.remove")
    assert in_spanish(entry) == "Ya se había ido antes por su cuenta. No se hizo nada."


def test_a_deletion_by_somebody_who_may_not_any_more(school: School) -> None:
    row = Resource.objects.create(room=school.room, resource_uuid="a", name="a.pdf")
    hold = held.hold_deletion(actor=school.teacher, room=school.room, resources=[row])
    HeldDeletion.objects.update(due_at=clock.cloud_now())
    RoomTeacher.objects.all().delete()
    held.send_due()
    assert in_spanish(hold.hold).endswith("así que no se ha borrado nada.")


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
    row = BulkItem(reason=reason)
    assert row.says is None
    with translation.override("es"):
        assert row.why == words


def test_a_text_in_somebodys_own_words_is_kept_as_it_is() -> None:
    assert because("No.") == {"reason": "No.", "says": None}
