"""What the project offers: learnt from answers, tested again each day and by a button, never by accident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from classroom_admin.actions import capabilities, capability_tests, messages, quizzes_polls, tasks
from classroom_admin.actions.capabilities import KINDS
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import Capability
from classroom_admin.agora import classroom_calls, media_calls, widget_calls
from classroom_admin.agora.call import CloudCall
from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry
from classroom_admin.common.command_texts import CAPABILITIES
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Quiz
from classroom_admin.settings import CELERY_BEAT_SCHEDULE
from classroom_admin.simulator.settings import DEMO_CUSTOMER_ID, DEMO_CUSTOMER_SECRET
from tests.actions.conftest import config_for, kinds, reason_code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def access(school: Any) -> Any:
    return access_to(school.teacher, school.room)


def mute(access: Any) -> Entry:
    return messages.mute_class_chat(access, muted=True)


def known(name: str = "mute_chat") -> Capability:
    return Capability.objects.get(name=name)


def make_missing(sim: Any, access: Any) -> None:
    sim.fault("not_offered", route="mute_room")
    assert reason_code(mute(access)) == "not_offered_by_cloud"
    assert known().offered == "no"


def test_every_call_that_may_be_missing_has_words_and_actions() -> None:
    needed = {
        each.capability
        for module in (classroom_calls, media_calls, widget_calls)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, CloudCall) and each.capability
    }
    assert set(KINDS) == needed
    assert {f"capability_{name}" for name in KINDS} == set(CAPABILITIES)
    assert all(set(kind.actions) <= set(LABELS) for kind in KINDS.values())
    assert all(
        kind.probe("r").capability == name for name, kind in KINDS.items() if name != "block_publishing"
    )


def test_a_command_that_works_is_offered(access: Any, django_assert_num_queries: Any) -> None:
    assert {row.offered for row in capabilities.capabilities()} == {"unknown"}
    mute(access)
    assert (known().offered, known().said) == ("yes", "")
    first = known().tried_at
    messages.mute_class_chat(access, muted=False)
    assert known().tried_at == first, "no write for what is known already"
    with django_assert_num_queries(1):
        rows = {row.name: row for row in capabilities.capabilities()}
    assert list(rows) == list(KINDS)
    assert rows["mute_chat"].offered == "yes"


def test_what_is_not_offered_is_shown_with_the_answer(sim: Any, access: Any) -> None:
    make_missing(sim, access)
    assert "HTTP 404" in known().said
    assert set(capabilities.not_offered()) == {"chat.mute", "chat.unmute"}
    assert set(capabilities.not_offered(["chat.mute", "class.end"])) == {"chat.mute"}
    with pytest.raises(ActionRefused):
        messages.mute_class_chat(access, muted=False)
    assert Entry.objects.count() == 1, "the second command was neither sent nor recorded"


def test_a_wrong_connection_teaches_nothing(sim: Any, access: Any) -> None:
    sim.fault("not_offered", route="*", params={"status": 401})
    entry = mute(access)
    assert reason_code(entry) == "credentials_rejected"
    assert not Capability.objects.exists()


def test_a_wrong_address_teaches_nothing(sim: Any, access: Any) -> None:
    sim.fault("not_offered", route="*")
    assert reason_code(mute(access)) == "address_not_found"
    assert not Capability.objects.exists()


@pytest.mark.odd_answers
@pytest.mark.parametrize(
    ("status", "code"), [(403, 30403200), (409, 20409000), (400, 400), (404, 20404100), (404, 30404462)]
)
def test_an_answer_with_a_known_meaning_is_no_missing_command(
    sim: Any, access: Any, status: int, code: int
) -> None:
    sim.fault("refused", route="mute_room", params={"status": status, "code": code})
    entry = mute(access)
    assert kinds(entry) == ["requested", "failed"]
    assert reason_code(entry) != "not_offered_by_cloud"
    assert not Capability.objects.filter(offered="no").exists()


@pytest.mark.odd_answers
@pytest.mark.parametrize("status", [403, 405])
def test_a_refusal_in_one_class_is_no_missing_command(sim: Any, access: Any, status: int) -> None:
    sim.fault("refused", route="mute_room", count=1, params={"status": status})
    entry = mute(access)
    assert reason_code(entry) != "not_offered_by_cloud"
    assert not Capability.objects.filter(offered="no").exists()
    again = messages.mute_class_chat(access, muted=False)
    assert "failed" not in kinds(again), "the command stays possible"


@pytest.mark.odd_answers
@pytest.mark.parametrize("status", [403, 405])
def test_a_command_that_no_class_offers_is_missing(sim: Any, access: Any, status: int) -> None:
    sim.fault("refused", route="mute_room", params={"status": status})
    assert reason_code(mute(access)) == "not_offered_by_cloud"
    assert known().offered == "no"


def test_a_quiz_that_is_gone_is_no_missing_command(access: Any) -> None:
    quiz = Quiz.objects.create(room=access.room, quiz_id="gone", running=True)
    entry = quizzes_polls.stop_quiz(access, quiz=quiz)  # answered 404 without a code, as an unknown path
    assert reason_code(entry) != "not_offered_by_cloud"
    assert not Capability.objects.exists()


def test_an_administrator_tests_again_and_the_command_is_possible(sim: Any, access: Any, school: Any) -> None:
    make_missing(sim, access)
    row = capability_tests.test_again(actor=school.administrator, name="mute_chat")
    assert row.offered == "no"
    sim.clear_faults()
    row = capability_tests.test_again(actor=school.administrator, name="mute_chat")
    assert row.offered == "yes"
    unmuted = messages.mute_class_chat(access, muted=False)
    assert kinds(unmuted)[:2] == ["requested", "accepted"]
    tests = Entry.objects.filter(action="capability.test").order_by("id")
    assert [(entry.actor, entry.target, kinds(entry)) for entry in tests] == [
        (school.administrator, "mute_chat", ["failed"]),
        (school.administrator, "mute_chat", ["done"]),
    ]


def test_testing_again_clears_a_capability_whatever_the_cloud_answers(
    sim: Any, access: Any, school: Any
) -> None:
    make_missing(sim, access)
    sim.clear_faults()
    sim.fault("unavailable", route="mute_room")
    row = capability_tests.test_again(actor=school.administrator, name="mute_chat")
    assert row.offered == "unknown"
    assert not capabilities.not_offered()


@pytest.mark.parametrize("name", KINDS)
def test_a_test_changes_nothing_in_a_class(sim: Any, school: Any, settings: Any, name: str) -> None:
    settings.AGORA = config_for(
        sim.base_url,
        app_id=sim.app_id,
        app_certificate=sim.app_certificate,
        customer_id=DEMO_CUSTOMER_ID,
        customer_secret=DEMO_CUSTOMER_SECRET,
    )
    before = sim.oracle(events=0)["rooms"]
    row = capability_tests.test_again(actor=school.administrator, name=name)
    assert row.offered == "yes", row.said
    assert sim.oracle(events=0)["rooms"] == before


def test_blocking_without_a_customer_id_stays_unknown(school: Any) -> None:
    row = capability_tests.test_again(actor=school.administrator, name="block_publishing")
    assert row.offered == "unknown"


def test_only_administrators_test(school: Any) -> None:
    with pytest.raises(PermissionDenied):
        capability_tests.test_again(actor=school.teacher, name="mute_chat")
    with pytest.raises(ActionRefused):
        capability_tests.test_again(actor=school.administrator, name="nothing")
    assert not Entry.objects.exists()


def test_the_beat_tests_each_day_what_was_not_offered(sim: Any, access: Any) -> None:
    assert CELERY_BEAT_SCHEDULE["actions.test_capabilities"]["schedule"] <= 86_400
    make_missing(sim, access)
    sim.clear_faults()
    tasks.test_capabilities()
    assert known().offered == "no", "it was tried today"
    Capability.objects.update(tried_at=known().tried_at - timedelta(days=1))
    tasks.test_capabilities()
    assert known().offered == "yes"
