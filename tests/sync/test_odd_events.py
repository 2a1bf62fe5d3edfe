"""One event that Python's own parser can't read, among healthy ones: nothing but that event suffers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.agora.client import Client
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.rooms.models import Answer, ChatMessage, Gap, Poll, Quiz
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import InboxAnswer, Quarantine, SequenceGap, StoredEvent
from tests.sync.conftest import room, sync_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.odd_answers]

UUID = "maths"
LONG = "9" * 5000
DEEP = '{"a":' * 2000 + "1" + "}" * 2000
DEEP_LIST = "[" * 300 + "]" * 300
ODD = {
    "a number of 5,000 digits": f'{{"action":0,"changeProperties":{{"n":{LONG}}}}}',
    "a negative one": f'{{"action":0,"changeProperties":{{"n":-{LONG}}}}}',
    "a line break in a text": '{"action":0,"changeProperties":{"n":"one\ntwo"}}',
}
UNREADABLE = {
    "not JSON": '{"action":0,"changeProperties":{"n":01}}',
    "brackets without end": f'{{"action":0,"changeProperties":{{"n":{DEEP}}}}}',
    "lists in lists": f'{{"action":0,"changeProperties":{{"n":{DEEP_LIST}}}}}',
}


def last(sim: RunningSimulator, stream: str = "room") -> int:
    (only,) = (each for each in sim.oracle(events=0)["rooms"] if each["roomUuid"] == UUID)
    return int(only["last"][stream])


def emit(sim: RunningSimulator, data: str, *, stream: str = "room", cmd: int = 4) -> int:
    """An event with this data, as it stands; gives its number."""
    number = last(sim, stream) + 1
    around = f'"roomUuid":"{UUID}","cmd":{cmd},"sequence":{number},"version":1,"ts":{sim.world.now}'
    raw = f'{{{around},"data":{data}}}'
    told = sim.control("POST", "/emit", {"roomUuid": UUID, "raw": raw, "cmd": cmd, "stream": stream})
    assert told["sequence"] == number
    return number


def a_class(sim: RunningSimulator) -> None:
    sim.make_room(UUID, roomName="Mathematics", state=1)
    sim.room(UUID, "enter", userUuid="t1", userName="Ms Noether", role=1)
    sim.room(UUID, "enter", userUuid="p1", userName="Student")
    sim.room(UUID, "chat", userUuid="p1", message="before")


def assert_whole(sim: RunningSimulator, capsys: Any, *, number: int) -> None:
    """All is stored and projected, nothing is missing or put aside, and rebuild changes nothing."""
    stored = StoredEvent.objects.filter(room=room(UUID), stream="room")
    assert sorted(stored.values_list("sequence", flat=True)) == list(range(1, last(sim) + 1))
    assert list(ChatMessage.objects.order_by("sequence").values_list("text", flat=True)) == [
        "before",
        "after",
    ]
    assert not stored.exclude(unreadable="").exists()
    assert room(UUID).last_sequence == last(sim)
    assert not SequenceGap.objects.exists()
    assert not Gap.objects.exists()
    assert not Quarantine.objects.exists()
    assert isinstance(json.loads(stored.get(sequence=number).raw), dict)
    capsys.readouterr()
    call_command("rebuild")
    assert capsys.readouterr().out == "0 rows changed\n"


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_in_the_stream_that_hands_out_once(
    sim: RunningSimulator, cloud: Client, capsys: Any, data: str
) -> None:
    a_class(sim)
    number = emit(sim, data)
    sim.room(UUID, "chat", userUuid="p1", message="after")
    assert sync_once() == ""
    assert set(StoredEvent.objects.values_list("answer__source", flat=True)) == {InboxAnswer.Source.POLL}
    assert_whole(sim, capsys, number=number)


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_in_the_repeatable_endpoint(sim: RunningSimulator, cloud: Client, capsys: Any, data: str) -> None:
    a_class(sim)
    assert sync_once() == ""
    number = emit(sim, data)
    cloud.send(PollEvents())  # the answer with it is lost
    sim.room(UUID, "chat", userUuid="p1", message="after")
    assert sync_once() == ""
    assert StoredEvent.objects.get(sequence=number).answer.source == InboxAnswer.Source.ROOM
    assert_whole(sim, capsys, number=number)


def test_a_number_that_is_too_long_is_kept_as_its_text(sim: RunningSimulator, cloud: Client) -> None:
    a_class(sim)
    number = emit(sim, ODD["a number of 5,000 digits"])
    assert sync_once() == ""
    assert room(UUID).properties["n"] == LONG
    kept = json.loads(StoredEvent.objects.get(sequence=number).raw)["data"]["changeProperties"]
    assert kept["n"] == LONG


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_an_event_that_cannot_be_read_is_put_aside_alone_and_once_as_it_came(
    sim: RunningSimulator, cloud: Client, data: str
) -> None:
    a_class(sim)
    broken = emit(sim, data)
    sim.room(UUID, "chat", userUuid="p1", message="after")
    for _ in range(3):
        assert sync_once() == ""
    (aside,) = Quarantine.objects.all()
    assert (aside.whole_answer, aside.reason) == (False, "no JSON")
    assert data in aside.raw
    assert list(ChatMessage.objects.order_by("sequence").values_list("text", flat=True)) == [
        "before",
        "after",
    ]
    stored = StoredEvent.objects.filter(stream="room").values_list("sequence", flat=True)
    assert sorted(stored) == [number for number in range(1, last(sim) + 1) if number != broken]


@pytest.mark.parametrize("odd", [LONG, DEEP], ids=["long", "deep"])
def test_among_quizzes_and_polls(sim: RunningSimulator, cloud: Client, odd: str) -> None:
    a_class(sim)
    for kind, stream in (("quiz", "popupQuiz"), ("poll", "poll")):
        emit(sim, f'{{"changeProperties":{{"n":{odd}}},"cause":{{"action":4}}}}', stream=stream, cmd=5)
        items = {"correctItems": ["A"]} if kind == "quiz" else {"title": "Tea?"}
        sim.room(UUID, kind, userUuid="t1", items=["A", "B"], **items)
    sim.room(UUID, "answer", userUuid="p1", selectedItems=["A"])
    assert sync_once() == ""
    for stream in ("popupQuiz", "poll"):
        here = StoredEvent.objects.filter(room=room(UUID), stream=stream).values_list("sequence", flat=True)
        first = 2 if odd is DEEP else 1  # put aside
        assert sorted(here) == list(range(first, last(sim, stream) + 1))
    assert Quiz.objects.filter(room=room(UUID)).count() == Poll.objects.filter(room=room(UUID)).count() == 1
    assert Answer.objects.get().user_uuid == "p1"
    assert not Quarantine.objects.filter(whole_answer=True).exists()
    assert Quarantine.objects.count() == (2 if odd is DEEP else 0)
