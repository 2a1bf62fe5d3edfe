"""Commands from outside the classroom: their effect at the cloud, their record, confirmation and refusal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.actions import capabilities, media, messages, rewards, stage, verification
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.media import Device
from classroom_admin.actions.models import Capability
from classroom_admin.audit.actions import COMMANDS
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess, NotYours, access_to
from classroom_admin.rooms.models import Participant, PeerMessage, Room
from classroom_admin.simulator.settings import DEMO_CUSTOMER_ID, DEMO_CUSTOMER_SECRET
from classroom_admin.sync import confirmation, webhook
from classroom_admin.web.audit_sentences import describe
from tests.actions.classroom import ANNOUNCED_TO_ALL, CASES, Case, Lesson, who
from tests.actions.conftest import config_for, kinds, last_detail, reason_code
from tests.events.lesson import decoded

pytestmark = pytest.mark.django_db(transaction=True)
CONFIRMED = ["requested", "accepted", "confirmed"]


@pytest.fixture
def lesson(sim: Any, school: Any, settings: Any) -> Lesson:
    settings.AGORA = config_for(
        sim.base_url,
        app_id=sim.app_id,
        app_certificate=sim.app_certificate,
        customer_id=DEMO_CUSTOMER_ID,
        customer_secret=DEMO_CUSTOMER_SECRET,
    )
    found = Lesson(sim, school.room.room_uuid, settings.AGORA)
    found.begin()
    return found


def access_of(school: Any) -> ClassAccess:
    return access_to(school.teacher, Room.objects.get(pk=school.room.pk))


def plain(text: str) -> str:
    """A sentence without the marks that isolate names."""
    return "".join(character for character in text if character not in "\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("case", [*CASES, ANNOUNCED_TO_ALL], ids=lambda case: case.action)
def test_a_command_has_its_effect_and_is_recorded_and_confirmed(
    school: Any, lesson: Lesson, case: Case
) -> None:
    case.prepare(lesson)
    lesson.sync()
    before = rows(school)
    entry = case.run(access_of(school))
    assert case.effect(lesson), lesson.truth()
    assert rows(school) == before, "an action never writes a read model"
    assert (entry.action, entry.actor, entry.room_uuid) == (case.action, school.teacher, lesson.room_uuid)
    assert plain(describe(entry).sentence) == case.sentence
    assert case.action in COMMANDS
    lesson.sync()
    assert kinds(entry) == (CONFIRMED if case.confirmed else CONFIRMED[:2]), last_detail(entry)
    assert bool(last_detail(entry).get("final")) is not case.confirmed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
def test_the_cloud_can_be_asked_whether_it_worked(school: Any, lesson: Lesson, case: Case) -> None:
    case.prepare(lesson)
    lesson.sync()
    entry = case.run(access_of(school))
    if case.action in verification.NOT_VERIFIABLE:
        assert not verification.can_verify(case.action)
    else:
        assert verification.verify(access_of(school), entry=entry).done is True


REFUSED_BY = [
    pytest.param(case, status, id=f"{case.action}-{status}")
    for case in CASES
    for status in (
        (404, 401, 403)
        if case.action in ("participant.block_publishing", "participant.camera_off")
        else (404,)
    )
    if case.route
]
"""Every command with 404, and two of them with each status."""


@pytest.mark.odd_answers
@pytest.mark.parametrize(("case", "status"), REFUSED_BY)
def test_a_command_that_the_project_does_not_offer_is_refused_from_then_on(
    school: Any, lesson: Lesson, case: Case, status: int
) -> None:
    case.prepare(lesson)
    lesson.sync()
    for route in {case.route, *(other.route for other in CASES if shares(case, other))}:
        lesson.sim.fault("not_offered", route=route, params={"status": status})
    entry = case.run(access_of(school))
    assert kinds(entry) == ["requested", "failed"]
    if (case.route, status) == ("add_kicking_rule", 401):  # this call signs in with its own credentials
        assert reason_code(entry) == "customer_rejected"
        assert not Capability.objects.exists()
        return
    assert reason_code(entry) == "not_offered_by_cloud"
    known = Capability.objects.get()
    assert (known.offered, known.tried_at is not None) == ("no", True)
    assert case.action in capabilities.not_offered()
    lesson.sim.clear_faults()
    with pytest.raises(ActionRefused) as refused:
        case.run(access_of(school))
    assert refused.value.problem.code == "not_offered"
    assert str(known.tried_at.date()) in refused.value.message
    assert refused.value.message.startswith("This cloud project does not offer this feature: ")


def shares(case: Case, other: Case) -> bool:
    """Return whether two commands need the same capability."""
    return any({case.action, other.action} <= set(kind.actions) for kind in capabilities.KINDS.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
def test_a_teacher_of_another_class_may_not(school: Any, case: Case) -> None:
    with pytest.raises(NotYours):
        case.run(access_to(school.other_teacher, school.room))


def rows(school: Any) -> list[Any]:
    """Every projected row of the class."""
    room = Room.objects.filter(pk=school.room.pk).values().get()
    return [room, list(Participant.objects.filter(room=school.room).order_by("pk").values())]


@pytest.mark.parametrize("first_is_on", [True, False])
def test_microphone_of_a_person_with_two_devices_is_muted_on_both(
    school: Any, lesson: Lesson, first_is_on: bool
) -> None:
    if not first_is_on:
        lesson.do("stream", userUuid="ada", streamUuid=lesson.stream_of("ada"), audioState=0)
    lesson.do("stream", userUuid="ada", streamUuid="77001", videoState=1, audioState=1)
    lesson.sync()
    entry = media.set_media(
        access_of(school), participant=who(access_of(school), "ada"), device=Device.MICROPHONE, on=False
    )
    lesson.sync()
    assert [stream["audioState"] for stream in lesson.person("ada")["streams"]] == [0, 0]
    assert kinds(entry) == CONFIRMED
    assert not who(access_of(school), "ada").microphone_on


def test_person_with_two_devices_is_blocked_on_both(school: Any, lesson: Lesson) -> None:
    lesson.do("stream", userUuid="ada", streamUuid="77001", videoState=1, audioState=1)
    lesson.sync()
    access = access_of(school)
    media.block_publishing(access, participant=who(access, "ada"), minutes=5)
    assert [stream["audioState"] for stream in lesson.person("ada")["streams"]] == [0, 0]


def test_hands_are_lowered_although_a_person_left_the_cloud_in_between(school: Any, lesson: Lesson) -> None:
    access = access_of(school)
    long_ago = clock.now() - timedelta(hours=1)
    Participant.objects.create(
        room=access.room,
        user_uuid="left",
        name="Left",
        online=True,
        hand_raised=True,
        hand_raised_at=long_ago,
    )
    entry = stage.lower_all_hands(access)
    assert lesson.truth()["hands"] == []
    assert "failed" not in kinds(entry)


def test_rewards_that_the_cloud_reports_one_by_one_are_confirmed(school: Any, lesson: Lesson) -> None:
    access = access_of(school)
    people = [who(access, user) for user in ("ada", "ben")]
    entry = rewards.give_rewards(access, participants=people)
    waiting = list(PendingConfirmation.objects.filter(entry=entry))
    events = [
        decoded(1101, {"rewardDetails": [{"userUuid": user}]}, sequence=number)
        for number, user in enumerate(("ada", "ben"), 10_000)
    ]
    assert confirmation.confirm(waiting, events) == 1
    assert kinds(entry) == ["requested", "accepted", "confirmed"]


def test_a_direct_message_that_comes_back_by_the_webhook_belongs_to_its_class(
    school: Any, lesson: Lesson
) -> None:
    access = access_of(school)
    messages.message_person(access, participant=who(access, "ada"), text="Please come to the office")
    sent = lesson.truth()["messages"][-1]
    item = {"channel": "peer", "toUserUuid": "ada", "notification": sent["notification"]}
    webhook.accept(json.dumps([item]).encode(), timestamp="1763757600")
    (stored,) = PeerMessage.objects.all()
    assert (stored.room_id, stored.text) == (access.room.pk, "Please come to the office")
