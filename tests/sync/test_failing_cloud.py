"""A cloud that refuses, lies or stammers never stops the sync, and nothing it said is lost. (Invariant 3.)"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import ChatMessage, Participant, Role, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import health, inbox, tasks
from classroom_admin.sync.models import InboxAnswer, Lease, Quarantine, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once
from tests.sync.conftest import config_for, room, sync_once

# The cloud is made to answer wrongly here: only what is sent is held to the contract.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.odd_answers]

POLL = "polled_sequences"


@pytest.fixture
def lesson(sim: RunningSimulator) -> RunningSimulator:
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="p1", userName="Ada")
    return sim


def poll_fault(sim: RunningSimulator, kind: str, **more: Any) -> None:
    sim.fault(kind, route="poll", **more)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("malform", {"body": "<html>sign in to the school's network</html>"}),
        ("malform", {"body": '{"code": 0, "msg": "Success", "ts": 1, "data": "nonsense"}'}),
        ("malform", {"body": "[]"}),
        ("malform", {"body": ""}),
        ("truncate", {"share": 0.7}),
    ],
)
def test_a_malformed_answer_is_kept_whole_and_the_rest_is_done(
    lesson: RunningSimulator, cloud: Client, kind: str, params: dict[str, Any]
) -> None:
    assert sync_once() == ""
    lesson.room("r1", "chat", userUuid="p1", message="drained by the unreadable answer")
    poll_fault(lesson, kind, count=1, params=params)
    said = sync_once()

    assert "kept unchanged in quarantine" in said
    aside = Quarantine.objects.get(whole_answer=True)
    assert aside.answer is not None
    body = bytes(aside.answer.body)
    if kind == "malform":
        assert body.decode() == params["body"] == aside.raw
    assert aside.reason
    # What the unreadable answer drained is fetched again from the endpoint that can be asked twice.
    assert_all_stored_once(lesson)
    assert room("r1").name == "One"
    assert sync_once() == ""


def test_an_answer_with_another_code_than_0_is_no_success(lesson: RunningSimulator, cloud: Client) -> None:
    body = '{"code": 500, "msg": "internal error", "ts": 1, "data": {}}'
    poll_fault(lesson, "malform", count=1, params={"body": body})
    assert "internal error" in sync_once()
    assert Quarantine.objects.get().raw == body


def test_items_that_are_no_events_go_aside_and_the_others_are_taken(
    lesson: RunningSimulator, cloud: Client
) -> None:
    sync_once()
    body = (
        '{"code": 0, "ts": 5, "data": ["hello", null, {"cmd": 3}, '
        '{"roomUuid": "r1", "cmd": 3, "sequence": 99999999999999999999999, "data": {}},'
        '{"roomUuid": "r1", "cmd": 3, "sequence": "3", "ts": "1700000000000", '
        '"data": {"fromUser": {"userUuid": "p1", "role": "2"}, "message": "hi"}}]}'
    )
    poll_fault(lesson, "malform", count=1, params={"body": body})
    assert sync_once() == ""
    assert ChatMessage.objects.get().text == "hi"
    assert sorted(Quarantine.objects.values_list("raw", flat=True))[:2] == ['"hello"', "null"]
    assert Quarantine.objects.count() == 4


def test_numbers_as_text_roles_in_all_shapes_and_unknown_kinds(
    lesson: RunningSimulator, cloud: Client
) -> None:
    for number, role in enumerate([1, "1", "host", "audience", "broadcaster", 3, "server", 0, 4, {"odd": 1}]):
        user = {"userUuid": f"u{number}", "userName": f"U{number}", "role": role, "type": "1"}
        data = {"total": "7", "onlineUsers": [user]}
        lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 20, "data": data, "fields": {"cmd": "20"}})
    lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 4711, "data": {"new": True}})
    lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 4712, "data": [1], "fields": {"cmd": "??"}})
    lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 20, "data": {"onlineUsers": "nobody"}})
    lesson.room("r1", "chat", userUuid="p1", message="still here")
    assert sync_once() == ""

    roles = dict(Participant.objects.filter(user_uuid__startswith="u").values_list("user_uuid", "role"))
    assert roles["u0"] == roles["u1"] == roles["u2"] == Role.TEACHER
    assert roles["u3"] == roles["u4"] == Role.STUDENT
    assert roles["u9"] == Role.UNKNOWN
    assert ChatMessage.objects.get().text == "still here"
    assert_all_stored_once(lesson)
    assert room("r1").event_count == StoredEvent.objects.filter(stream="room").count()
    call_command("rebuild")


def test_an_event_that_cannot_be_decoded_is_counted_shown_and_skipped(
    lesson: RunningSimulator, cloud: Client
) -> None:
    lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 1, "data": {"state": "upside down"}})
    lesson.room("r1", "chat", userUuid="p1", message="after")
    assert sync_once() == ""
    event = StoredEvent.objects.get(cmd=1, raw__contains="upside down")
    assert event.unreadable or event.odd
    if event.unreadable:
        assert health.quarantine().get().event == event
    assert ChatMessage.objects.get().text == "after"


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("server_error", "internal problem", "poll_cloud_failed"),
        ("unavailable", "internal problem", "poll_cloud_failed"),
        ("token_expired", "rejects the sign-in of this server", "poll_unauthorized"),
        ("refuse", "can't be reached", "poll_unreachable"),
        ("lose_answer", "can't be reached", "poll_unreachable"),
    ],
)
def test_a_failing_poll_is_said_in_plain_words_and_over_by_itself(
    lesson: RunningSimulator, cloud: Client, kind: str, words: str, code: str
) -> None:
    assert sync_once() == ""
    lesson.room("r1", "chat", userUuid="p1", message="meanwhile")
    poll_fault(lesson, kind)
    assert words in sync_once()
    error = health.health().last_error
    assert error is not None
    assert error.code == code
    lesson.clear_faults()
    Lease.objects.update(not_before=None)
    assert sync_once() == ""
    assert health.health().last_error is None
    assert_all_stored_once(lesson)


def test_a_lost_answer_is_fetched_again_room_by_room(lesson: RunningSimulator, cloud: Client) -> None:
    assert sync_once() == ""
    lesson.room("r1", "chat", userUuid="p1", message="the last word")
    poll_fault(lesson, "lose_answer", count=1)
    poller = Poller(cloud)
    polled = poller.poll()
    assert polled is not None
    assert polled.problems
    tasks.reconcile()
    assert ChatMessage.objects.get().text == "the last word"


def test_429_is_honoured(lesson: RunningSimulator, cloud: Client) -> None:
    poll_fault(lesson, "too_many", count=1, params={"retryAfter": 30})
    poller = Poller(cloud)
    polled = poller.poll()
    assert polled is not None
    assert polled.retry_after_s == 30
    assert poller.poll() is None, "the cloud wants to be left alone"
    assert health.health().last_error == Problem("poll_rate_limited")


def test_a_pause_that_is_short_is_waited_for_by_the_command(lesson: RunningSimulator, cloud: Client) -> None:
    poll_fault(lesson, "too_many", count=2, params={"retryAfter": 0.1})
    assert sync_once() == ""
    assert_all_stored_once(lesson)


def test_nothing_answers(settings: Any, sim: RunningSimulator) -> None:
    settings.AGORA = config_for(sim, base_url="http://127.0.0.1:9")
    assert "can't be reached" in sync_once()
    assert not Room.objects.exists()


def test_a_cloud_that_answers_nonsense_without_end_ends_nothing_and_fills_nothing(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    assert sync_once() == ""
    poll_fault(lesson, "malform", params={"body": "<html>sign in</html>"})
    assert "kept unchanged in quarantine" in sync_once()
    poller = Poller(cloud)
    polls = 0
    for _second in range(60):
        polls += poller.poll() is not None
        hands.step(1)
    assert 5 <= polls <= 30, "asked again, but not every second"
    assert Quarantine.objects.count() == 1, "the same again is kept once"
    lesson.room("r1", "chat", userUuid="p1", message="drained by nonsense")
    hands.step(10)
    poller.poll()
    lesson.clear_faults()
    tasks.reconcile()
    assert ChatMessage.objects.get().text == "drained by nonsense"


def test_bytes_are_let_go_of_after_a_day_but_not_those_in_quarantine(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    assert sync_once() == ""
    poll_fault(lesson, "malform", count=1, params={"body": "nonsense"})
    assert sync_once() != ""
    hands.step(23 * 3600)
    assert inbox.prune() == 0
    hands.step(2 * 3600)
    assert inbox.prune() > 0
    assert [bytes(answer.body) for answer in InboxAnswer.objects.all()] == [b"nonsense"]
    assert_all_stored_once(lesson)


def test_a_later_release_reads_what_was_in_quarantine(
    lesson: RunningSimulator,
    cloud: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def too_old(_body: bytes) -> None:
        raise UnreadableAnswer("this release does not know the shape")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "read_events_answer", too_old)
        assert "does not know the shape" in sync_once()
    assert not StoredEvent.objects.exists()
    capsys.readouterr()
    call_command("rebuild")
    assert capsys.readouterr().out != "0 rows changed\n"
    assert not Quarantine.objects.exists()
    assert_all_stored_once(lesson)


def test_a_huge_answer_is_taken(lesson: RunningSimulator, cloud: Client) -> None:
    for _ in range(30):
        lesson.room("r1", "chat", userUuid="p1", message="x" * 50_000)
    assert sync_once() == ""
    assert ChatMessage.objects.count() == 30
    assert_all_stored_once(lesson)


def test_the_bytes_of_an_answer_are_committed_before_it_is_read(
    lesson: RunningSimulator, cloud: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        """The reader's process ends here."""

    def die(_answer_id: int, **_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("classroom_admin.sync.inbox.read", die)
        with pytest.raises(Died):
            Poller(cloud).poll()
    assert InboxAnswer.objects.filter(read_at__isnull=True).count() == 1
    assert not StoredEvent.objects.exists()
    lesson.control("POST", "/rooms/r1/destroy")
    Poller(cloud).poll()
    assert StoredEvent.objects.filter(stream="room").count() == 2
