"""Any event: its place, its type, its time."""

import pytest

from classroom_admin.events import EventKind, Identity, Stream, Undecodable, filters, identify, unnamed
from classroom_admin.events.registry import kinds_named, type_of
from tests.events.lesson import ADA, Lesson, T, at, decoded, say


def test_identity():
    raw = {"roomUuid": "r", "cmd": 20, "sequence": 7, "ts": T, "data": {}}
    assert identify(raw) == Identity("r", 7, 20, T)
    assert identify({**raw, "sequence": "7", "cmd": "20", "ts": str(T)}) == Identity("r", 7, 20, T)
    assert identify({**raw, "ts": -1}).ts_ms is None
    assert identify({**raw, "cmd": 10**40}).cmd is None
    assert identify({"sequence": 3, "cmd": 1}, room_uuid="asked").room_uuid == "asked"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"roomUuid": "r"},
        {"sequence": 1},
        {"roomUuid": "", "sequence": 1},
        {"roomUuid": "r", "sequence": "x"},
        {"roomUuid": "r", "sequence": -1},
        {"roomUuid": "r", "sequence": 2**70},
        {"roomUuid": "r\x00", "sequence": 1},
        {"roomUuid": "r" * 65, "sequence": 1},
        {"roomUuid": ["r"], "sequence": 1},
        [],
        None,
    ],
)
def test_what_has_no_place_is_undecodable(raw):
    with pytest.raises(Undecodable):
        identify(raw)


def test_other_streams_need_less_of_a_place():
    assert identify({"sequence": "4"}, Stream.QUIZ) == Identity(None, 4, None, None)
    assert identify({"cmd": 1}, Stream.PEER) == Identity(None, None, 1, None)
    with pytest.raises(Undecodable):
        identify({}, Stream.POLL)


def test_unknown_kind_is_no_error():
    read = decoded(8888, {"anything": [1]}, ts=T)
    assert (read.data, read.sequence, read.cmd, read.ts_ms) == (None, 7, 8888, T)
    assert decoded(8888, None).data is None


@pytest.mark.parametrize("cmd", [None, "what", [], 10**30])
def test_an_event_without_a_kind(cmd):
    with pytest.raises(Undecodable, match="kind"):
        decoded(cmd, {})


@pytest.mark.parametrize("cmd", [1, 3, 4, 5, 20, 21, 22, 23, 40, 41, 99, 1001, 1003, 1101, 1501, 1502])
@pytest.mark.parametrize("data", [None, "", "text", 5, True])
def test_data_that_is_no_object(cmd, data):
    with pytest.raises(Undecodable):
        decoded(cmd, data)


def test_own_ts_wins_and_absurd_ones_do_not_count():
    assert decoded(1101, {"rewardDetails": [], "updateTime": T}, ts=T + 3).ts_ms == T + 3
    for absurd in (-1, 0, 1_515_640_000_000_000, "later", 1e300, True):
        assert decoded(1101, {"rewardDetails": [], "updateTime": T}, ts=absurd).ts_ms == T
        assert decoded(3, {"message": "x"}, ts=absurd).ts_ms is None


def test_an_unknown_kind_happened_and_that_is_all():
    lesson = Lesson()
    before = Lesson()
    assert lesson.apply(7777, {"x": 1}) == {("room",)}
    before.room.last_event_at = at(1)
    assert lesson.rows.room == before.room


def test_the_last_event_is_the_latest():
    lesson = Lesson()
    lesson.apply(7777, {}, second=50)
    lesson.apply(7777, {}, second=20)
    assert lesson.room.last_event_at == at(50)


def test_the_sentence_of_an_unknown_type():
    assert say(777, {}) == "Event of type 777"


def test_every_documented_event_has_a_type_and_a_filter():
    for kind in EventKind:
        declared = type_of(kind.stream, kind.cmd or 4)
        assert declared is not None, kind
        assert kind in declared.kinds
    shown = {kind for declared in filters() for kind in kinds_named(declared.name)}
    assert set(EventKind) - shown == {kind for kind in EventKind if kind.stream is Stream.PEER}
    names = [declared.name for declared in filters()]
    assert len(names) == len(set(names))


def test_who_is_named_by_an_id_alone_is_looked_up():
    data = {"addProgressUsers": [{"userUuid": "a"}, ADA, 7], "fromUser": {"userUuid": "b"}}
    assert unnamed(decoded(1502, data)) == {"a", "ada"}, "the sentence names nobody else"
    assert unnamed(decoded(3, {"fromUser": {"userUuid": "b"}, "message": "x"})) == {"b"}
    assert unnamed(decoded(3, {"fromUser": ADA, "message": "x"})) == set()
    assert unnamed(decoded(8888, {})) == set()
