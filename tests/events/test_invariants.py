"""For every lesson: nothing raises, batches don't matter, only the rows an event needs change."""

import json
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom_admin.events import (
    EventTime,
    Rows,
    Stamped,
    Stream,
    Undecodable,
    decode,
    event_times,
    identify,
    key_of,
    needs,
    project,
    sentence,
)
from tests.events.lesson import START, at
from tests.events.strategies import KINDS, any_json, lives

FEW = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(
    stream=st.sampled_from(list(Stream)),
    cmd=st.one_of(st.sampled_from(KINDS), any_json),
    data=any_json,
    ts=any_json,
)
def test_any_json_is_decoded_and_projected_or_undecodable(stream, cmd, data, ts):
    rows = Rows()
    for shape in (data, {"changeProperties": data, "cause": data, "fromUser": {"userUuid": "ann"}}):
        raw = {"roomUuid": "r", "cmd": cmd, "sequence": 1, "ts": ts, "data": shape}
        try:
            event = decode(stream, raw)
        except Undecodable:
            continue
        asked = needs([event])
        project(event, EventTime(START, True), rows)
        assert all(sentence(event, {"ann": "Ann"}))
        _assert_asked_for(rows, asked)
    _assert_storable(rows)


@FEW
@given(raw=any_json)
def test_any_json_has_a_place_or_is_undecodable(raw):
    for stream in Stream:
        for read in (lambda: identify(raw, stream), lambda: decode(stream, raw)):  # noqa: B023 - called immediately
            with suppress(Undecodable):
                read()


class Store:
    """What a database would hold, and what it answers to `needs`."""

    def __init__(self):
        self.rows = {}

    def load(self, asked):
        rows = Rows()
        for key, row in self.rows.items():
            if self._is_asked(key, row, asked):
                rows.load(deepcopy(row))
        return rows

    @staticmethod
    def _is_asked(key, row, asked):
        match key[0]:
            case "room":
                return True
            case "participant":
                return (
                    row.user_uuid in asked.participants
                    or (asked.class_over and row.online)
                    or (asked.on_stage and row.on_stage)
                    or (asked.hands and row.hand_raised)
                    or (asked.sharing and row.sharing_screen)
                )
            case "presence":
                open_one = row.left_at is None
                return open_one and (asked.class_over or row.user_uuid in asked.open_presences_of)
            case "recording":
                running = row.state == "recording"
                return row.record_id in asked.recordings or (asked.running_recording and running)
            case "resource":
                return row.resource_uuid in asked.resources
            case "quiz":
                return row.quiz_id in asked.quizzes or (asked.running_quiz and row.running)
            case "poll":
                return row.poll_id in asked.polls or (asked.running_poll and row.running)
            case "answer":
                return key[1:] in asked.answers
        return False

    def save(self, rows):
        for key in rows.dirty:
            row = rows.get(key)
            if row is None:
                self.rows.pop(key, None)
                continue
            assert key_of(row) == key
            self.rows[key] = deepcopy(row)


def _events(life):
    """The decoded events of each stream with their stamps, in sequence order."""
    found = {}
    received = START
    for number, (stream, cmd, data, ts, wait) in enumerate(life, 1):
        received += timedelta(seconds=wait)
        raw = {"roomUuid": "r", "cmd": cmd, "sequence": number, "ts": ts, "data": data}
        if isinstance(data, dict) and isinstance(data.get("beside"), dict):
            raw |= data["beside"]
        if stream == "chat" and isinstance(data, dict):  # its fields are not below `data`
            raw = {**data, "sequence": number, "ts": ts}
        try:
            event = decode(Stream(stream), raw)
        except Undecodable:
            continue
        event.digest = f"digest {number}" if stream in ("peer", "chat") else ""
        found.setdefault(stream, []).append((event, Stamped(event.ts_ms, received)))
    return found


def _project_in_batches(life, cuts, order):
    """Project each stream in batches of the sizes in `cuts`, the streams in turns as `order` says.

    Return the rows, and which events only repeated others.
    """
    store = Store()
    repeats = set()
    waiting = {name: list(events) for name, events in _events(life).items()}
    previous = dict.fromkeys(waiting)
    turns = iter(order)
    while any(waiting.values()):
        names = [name for name, events in waiting.items() if events]
        name = names[next(turns) % len(names)]
        size = next(cuts)
        batch, waiting[name] = waiting[name][:size], waiting[name][size:]
        following = waiting[name][0][1] if waiting[name] else None
        times = event_times(previous[name], [stamped for _, stamped in batch], following)
        previous[name] = times[-1].at
        rows = store.load(needs(event for event, _ in batch))
        for (event, _), time in zip(batch, times, strict=True):
            project(event, time, rows)
            if event.repeats:
                repeats.add((name, event.sequence))
        store.save(rows)
    return store.rows, repeats


def _cycle(numbers):
    while True:
        yield from numbers


@settings(FEW, max_examples=100)
@given(
    life=lives(),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    order=st.lists(st.integers(0, 5), min_size=1, max_size=6),
)
def test_batches_and_the_order_of_streams_do_not_matter(life, cuts, order):
    before = deepcopy(life)
    from_scratch = _project_in_batches(life, _cycle([10**6]), _cycle([0]))
    in_batches = _project_in_batches(life, _cycle(cuts), _cycle(order))
    assert in_batches == from_scratch
    assert life == before or json.dumps(life) == json.dumps(before), "the raw events are left alone"


@settings(FEW, max_examples=100)
@given(life=lives())
def test_each_event_changes_only_the_rows_it_needs_and_the_counters_are_right(life):
    rows = Rows()
    for events in _events(life).values():
        for event, stamped in events:
            rows.dirty.clear()
            project(event, event_times(None, [stamped], None)[0], rows)
            asked = needs([event])
            _assert_asked_for(rows, asked)
            _assert_consistent(rows)
    _assert_storable(rows)


def _assert_asked_for(rows, asked):
    for key in rows.dirty:
        row = rows.get(key)
        if row is None:
            assert (key[0], asked.running_recording) == ("recording", True), "it got its id"
            continue
        match key[0]:
            case "participant":
                by_state = asked.class_over or asked.on_stage or asked.hands or asked.sharing
                assert row.user_uuid in asked.participants or by_state
            case "presence":
                assert row.user_uuid in asked.open_presences_of or asked.class_over
            case "recording":
                assert row.record_id in asked.recordings or asked.running_recording
            case "resource":
                assert row.resource_uuid in asked.resources
            case "quiz":
                assert row.quiz_id in asked.quizzes or asked.running_quiz
            case "poll":
                assert row.poll_id in asked.polls or asked.running_poll
            case "answer":
                assert key[1:] in asked.answers


def _assert_consistent(rows):
    people = rows.participants.values()
    room = rows.room
    online = [row for row in people if row.online]
    assert room.people_online == len(online)
    assert room.teachers_online == sum(row.role == "teacher" for row in online)
    assert room.students_online == sum(row.role == "student" for row in online)
    assert room.on_stage == sum(row.on_stage for row in people)
    assert room.hands_raised == sum(row.hand_raised for row in people)
    assert room.chat_count == sum(row.kind == "chat" for row in rows.messages.values())
    open_stays = [row.user_uuid for row in rows.presences.values() if row.left_at is None]
    assert sorted(open_stays) == sorted(row.user_uuid for row in online)
    assert sum(row.state == "recording" for row in rows.recordings.values()) <= 1
    for stay in rows.presences.values():
        assert stay.left_at is None or stay.left_at >= stay.entered_at
    for running in (rows.quizzes, rows.polls):
        assert sum(row.running for row in running.values()) <= 1


def _assert_storable(rows):
    """Every JSON column dumps strictly, every text encodes, nothing holds a NUL."""
    for key in rows.dirty:
        row = rows.get(key)
        for name in type(row).__slots__ if row is not None else ():
            value = getattr(row, name)
            if isinstance(value, str | list | dict):
                dumped = json.dumps(value, allow_nan=False, ensure_ascii=False)
                dumped.encode()
                assert "\\u0000" not in dumped


def test_the_time_of_an_event_without_one():
    def times(previous, *stamped, following=None):
        return [(time.at, time.approximate) for time in event_times(previous, stamped, following)]

    ten = 10_000 + int(START.timestamp() * 1000)
    assert times(None, Stamped(ten, at(50))) == [(at(10), False)]
    assert times(None, Stamped(None, at(50))) == [(at(50), True)]
    assert times(at(60), Stamped(None, at(50))) == [(at(60), True)]
    assert times(at(60), Stamped(ten, at(50))) == [(at(10), False)], "its own time counts as it is"
    assert times(at(5), Stamped(None, at(50)), Stamped(ten, at(50))) == [(at(10), True), (at(10), False)]
    assert times(at(5), Stamped(None, at(50)), following=Stamped(ten, at(49))) == [(at(10), True)]
    assert times(at(5), Stamped(None, at(50)), following=Stamped(ten, at(51))) == [(at(50), True)], (
        "came later"
    )
    assert times(at(20), Stamped(None, at(50)), following=Stamped(ten, at(50))) == [(at(20), True)]
    assert times(at(5), Stamped(None, at(50)), following=Stamped(None, at(50))) == [(at(50), True)]
    assert times(None) == []
