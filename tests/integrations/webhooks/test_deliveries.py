"""Messages are signed, sent in order for each class, and tried again until they are delivered or too old."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.encryption import decrypt
from classroom_admin.events.erasure import Replacement
from classroom_admin.integrations.notices import recorder
from classroom_admin.integrations.notices import tasks as notice_tasks
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.integrations.webhooks import actions, deliveries, tasks, upkeep
from classroom_admin.integrations.webhooks.models import Attempt, Delivery, Endpoint
from classroom_admin.privacy import person_rest
from classroom_admin.privacy.person import Plain, Subject
from classroom_admin.rooms.models import Participant, Room
from tests.integrations.webhooks.conftest import Notify
from tests.integrations.webhooks.receiver import Received, Receiver, running_receiver
from tests.school import make_person, make_room
from tests.stepped_clock import SteppedClock
from tests.sync.test_lease import database_url

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
State = Delivery.State


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_message_is_signed_and_says_what_happened(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://school.test"
    room = make_room("Choir")
    ada = make_person(room, 1, name="Ada", user_uuid="ada")
    started = notify(room, "first", started_at="2026-11-30T08:00:00Z")
    removed = notify(room, "5 ada", Notice.Kind.PARTICIPANT_REMOVED, participant=ada.pk)
    recording = {"recording": 7, "started_at": None, "ended_at": "2026-11-30T09:00:00Z"}
    notify(room, "r", Notice.Kind.RECORDING_READY, **recording)
    notify(room, "a", Notice.Kind.ATTENDANCE_READY, students=1, complete=True)
    tasks.deliver()
    assert [one.is_valid for one in receiver.received] == [True] * 4
    assert receiver.numbers[:2] == [started.number, removed.number]
    of_class = {"key": room.key, "name": "Choir", "url": f"https://school.test/classes/{room.key}/"}
    first, second, third, fourth = (one.content for one in receiver.received)
    assert first == {
        "type": "class_started",
        "timestamp": clock.iso(started.at),
        "data": {"class": of_class, "started_at": "2026-11-30T08:00:00Z"},
    }
    assert second["data"] == {"class": of_class, "participant": {"user_id": "ada", "name": "Ada"}}
    assert third["data"]["recording"]["url"] == "https://school.test/reports/recordings/7/"
    assert fourth["data"]["students"] == 1
    assert "Ada" not in "".join(one.text for one in receiver.received if one.number != removed.number)
    assert room.room_uuid not in "".join(one.text for one in receiver.received)
    sent = receiver.received[0].headers
    assert sent["content-type"] == "application/json"
    assert sent["user-agent"].startswith("classroom-admin/")
    assert states() == [State.DELIVERED] * 4
    assert set(Attempt.objects.values_list("status", "answer")) == {(204, "")}
    Participant.objects.all().delete()  # as an erasure does
    again = Delivery.objects.get(number=removed.number)
    actions.send_again(actor=User.objects.get(), delivery=again)
    tasks.deliver()
    assert receiver.received[-1].number == removed.number
    assert receiver.received[-1].content["data"]["participant"] == {"user_id": None, "name": None}


def test_endpoint_gets_only_its_kinds_and_nothing_from_before_or_while_it_is_off(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, head: User
) -> None:
    with running_receiver() as other:
        kinds = [Notice.Kind.CLASS_ENDED]
        actions.save(actor=head, endpoint=None, address=other.url, description="", kinds=kinds)
        room = make_room("Choir")
        notify(room, "1")
        notify(room, "2", Notice.Kind.CLASS_ENDED)
        actions.switch(actor=head, endpoint=endpoint, is_on=False)
        notify(room, "3", Notice.Kind.CLASS_ENDED)
        tasks.deliver()
        assert other.types == ["class_ended", "class_ended"]
        assert receiver.received == [], "what was stored before waits while the endpoint is off"
        actions.switch(actor=head, endpoint=endpoint, is_on=True)
        tasks.deliver()
        assert receiver.types == ["class_started", "class_ended"]


def test_messages_of_a_class_stay_in_order_and_do_not_hold_up_other_classes(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock
) -> None:
    choir, latin = make_room("Choir"), make_room("Latin")
    refused = notify(choir, "1").number
    later = notify(choir, "2").number
    other = notify(latin, "1").number

    def refuse(one: Received) -> None:
        receiver.answer = (422, b"not this one") if one.number == refused else (204, b"")

    receiver.before_answer = refuse
    # Send one after the other, so that an answer belongs to its message.
    while claimed := deliveries.claim(1):
        deliveries.send_all(claimed)
    assert receiver.numbers == [refused, other]
    tasks.deliver()
    assert len(receiver.received) == 2, "the second message of the class waits for the first"
    receiver.before_answer, receiver.answer = lambda one: None, (204, b"")
    hands.step(deliveries.BACK_OFF_S[0])
    tasks.deliver()
    assert receiver.numbers == [refused, other, refused, later]
    first = Delivery.objects.get(number=refused)
    assert [(one.status, one.answer) for one in first.attempts.all()] == [(422, "not this one"), (204, "")]
    assert states() == [State.DELIVERED] * 3


def test_many_classes_are_sent_at_the_same_time(
    endpoint: Endpoint, receiver: Receiver, notify: Notify
) -> None:
    """The receiver answers none of the messages before it has all of them."""
    import threading

    meeting = threading.Barrier(deliveries.AT_ONCE)
    receiver.before_answer = lambda one: meeting.wait(60) and None
    for number in range(deliveries.AT_ONCE):
        notify(make_room(f"Class {number}"), "1")
    tasks.deliver()
    assert states() == [State.DELIVERED] * deliveries.AT_ONCE


def test_message_is_tried_for_three_days_and_a_failing_endpoint_is_switched_off(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock, head: User
) -> None:
    receiver.answer = (500, "à la carte".encode() * 1000)
    room = make_room("Choir")
    notify(room, "1")
    waits, began, last = [], clock.now(), clock.now()
    while (row := Delivery.objects.get()).state == State.WAITING:
        due_at = max(at for at in (row.claimable_at, row.endpoint.paused_until, clock.now()) if at)
        hands.set_wall(due_at)
        tasks.deliver()
        waits.append((clock.now() - last).total_seconds())
        last = clock.now()
    tried_for = clock.now() - began
    assert timedelta(days=2, hours=12) < tried_for < timedelta(days=3, hours=1)
    assert len(waits) == Attempt.objects.count() > len(deliveries.BACK_OFF_S)
    assert waits == [0, *deliveries.BACK_OFF_S, *waits[len(deliveries.BACK_OFF_S) + 1 :]]
    assert row.state == State.FAILED
    assert len(Attempt.objects.all()[0].answer) == deliveries.MOST_ANSWER
    endpoint.refresh_from_db()
    assert endpoint.is_on
    notify(room, "2")
    hands.step(12 * 3600)
    tasks.deliver()
    endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.off_reason) == (False, Endpoint.Off.FAILING)
    actions.switch(actor=head, endpoint=endpoint, is_on=True)
    endpoint.refresh_from_db()
    assert (endpoint.off_reason, endpoint.failing_since, endpoint.failures) == ("", None, 0)


def test_endpoint_that_is_away_pauses_and_catches_up_when_it_is_back(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock
) -> None:
    rooms = [make_room(f"Class {number}") for number in range(20)]
    receiver.answer = (503, b"")
    for room in rooms:
        notify(room, "1")
    deliveries.send_all(deliveries.claim(1))
    assert deliveries.claim() == [], "the others are not tried now"
    hands.step(deliveries.BACK_OFF_S[0])
    receiver.answer = (204, b"")
    deliveries.work(within_s=60)
    assert states() == [State.DELIVERED] * 20
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.paused_until) == (0, None, None)
    assert len(receiver.received) == 21


def test_gone_receiver_is_switched_off_at_once(
    endpoint: Endpoint, receiver: Receiver, notify: Notify
) -> None:
    receiver.answer = (410, b"")
    notify(make_room("Choir"), "1")
    tasks.deliver()
    endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.off_reason) == (False, Endpoint.Off.FAILING)


def test_killed_between_the_answer_and_its_record_a_worker_sends_the_same_message_again(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock
) -> None:
    sent = notify(make_room("Choir"), "1")
    module = "classroom_admin.integrations.webhooks"
    code = f"import django; django.setup(); from {module} import tasks; tasks.deliver()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")} | {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "DATABASE_URL": database_url(),
        "SECRET_KEY": str(django_settings.SECRET_KEY),
        "OUTBOUND_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    receiver.before_answer = lambda one: os.kill(worker.pid, signal.SIGKILL)
    assert worker.wait(100) == -signal.SIGKILL
    receiver.before_answer = lambda one: None
    assert receiver.numbers == [sent.number]
    assert (states(), Attempt.objects.count()) == ([State.CLAIMED], 0)
    tasks.deliver()
    assert len(receiver.received) == 1, "the lease of the dead worker lasts"
    lease_ends_at = Delivery.objects.get().claimable_at
    assert lease_ends_at is not None
    hands.set_wall(lease_ends_at)
    tasks.deliver()
    assert receiver.numbers == [sent.number] * 2
    assert all(one.is_valid for one in receiver.received)
    assert (states(), Attempt.objects.count()) == ([State.DELIVERED], 1)


def test_worker_that_lost_its_lease_stores_nothing(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock
) -> None:
    notify(make_room("Choir"), "1")
    (slow,) = deliveries.claim()
    hands.step(deliveries.LEASE.total_seconds() + 1)
    tasks.deliver()
    assert not deliveries.settle(slow, deliveries.Outcome(clock.now(), 1, 500))
    assert (states(), Attempt.objects.count()) == ([State.DELIVERED], 1)


def test_after_a_rotation_both_secrets_are_valid_for_a_day(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock, head: User
) -> None:
    room = make_room("Choir")
    actions.rotate_secret(actor=head, endpoint=endpoint)
    notify(room, "1")
    tasks.deliver()
    assert receiver.received[-1].is_valid, "the receiver still has the old secret"
    endpoint.refresh_from_db()
    old, receiver.secret = receiver.secret, decrypt(endpoint.secret)
    assert receiver.secret != old
    notify(room, "2")
    tasks.deliver()
    assert receiver.received[-1].is_valid
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 2
    Endpoint.objects.update(old_secret_until=clock.now() - timedelta(seconds=1))
    notify(room, "3")
    tasks.deliver()
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 1
    assert receiver.received[-1].is_valid
    secret = actions.show_secret(actor=head, endpoint=endpoint)
    assert secret == receiver.secret
    stored = [endpoint.secret, endpoint.old_secret, *map(str, Entry.objects.values_list("params", flat=True))]
    assert not any(one in text for text in stored for one in (secret, old))
    assert {"webhook.create", "webhook.rotate", "webhook.show"} <= set(
        Entry.objects.values_list("action", flat=True)
    )


def test_test_message_is_sent_at_once_and_recorded(
    endpoint: Endpoint, receiver: Receiver, head: User
) -> None:
    actions.switch(actor=head, endpoint=endpoint, is_on=False)
    delivery, outcome = actions.send_test(actor=head, endpoint=endpoint)
    assert (outcome.problem, receiver.types) == (None, ["test"])
    receiver.answer = (500, b"no")
    _again, outcome = actions.send_test(actor=head, endpoint=endpoint)
    assert outcome.problem is not None
    assert states() == [State.DELIVERED, State.FAILED]
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None, "a failed test does not count"
    assert delivery.attempts.get().by == head
    steps = [entry.steps.get().kind for entry in Entry.objects.filter(action="webhook.test").order_by("pk")]
    assert steps == ["done", "failed"]


def test_erasure_empties_answers_that_name_the_person(endpoint: Endpoint) -> None:
    made = {"endpoint": endpoint, "state": State.FAILED, "claimable_at": None}
    for number, answer in enumerate(("unknown user ada-7", "out of order")):
        one = Delivery.objects.create(number=f"msg_{number}", **made)
        Attempt.objects.create(delivery=one, at=clock.now(), took_ms=1, status=500, answer=answer)
    nobody = Plain({}, {}, frozenset())
    stand_in = Replacement("erased-1", "Erased", False)
    counts = person_rest.commands(Subject(user_uuids=["ada-7"]), nobody, stand_in)
    assert counts["webhook_answers"] == 1
    assert list(Attempt.objects.values_list("answer", flat=True)) == ["", "out of order"]


def test_messages_of_an_old_backup_are_not_sent(
    endpoint: Endpoint, receiver: Receiver, notify: Notify, hands: SteppedClock
) -> None:
    notify(make_room("Choir"), "1")
    with transaction.atomic():
        room = Room.objects.get()
        recorder.record(room, [Occurrence(kind=Notice.Kind.CLASS_ENDED, name="1", at=clock.cloud_now())])
    hands.step(deliveries.TRIED_FOR.total_seconds() + 1)
    notice_tasks.hand_over()
    tasks.deliver()
    assert receiver.received == []
    assert states() == [State.FAILED]


def test_old_messages_are_given_up_and_deleted(
    endpoint: Endpoint, notify: Notify, hands: SteppedClock, head: User
) -> None:
    actions_room: Room = make_room("Choir")
    notify(actions_room, "1")
    actions.switch(actor=head, endpoint=endpoint, is_on=False)
    hands.step(deliveries.TRIED_FOR.total_seconds() + 1)
    tasks.deliver()
    assert states() == [State.FAILED]
    hands.step(upkeep.KEPT_FOR.total_seconds() + 1)
    tasks.tidy()
    assert states() == []
    assert Notice.objects.exists()
