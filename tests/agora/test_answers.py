"""Answers in odd shapes are read, and what cannot be read is kept."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.agora.answers import read_envelope, read_events_answer, read_json
from classroom_admin.agora.errors import CloudError, RateLimited, RoomNotFound, UnreadableAnswer
from classroom_admin.agora.models import RecordingItem, RoomInfo, UserInfo, read_int
from classroom_admin.common.json_reading import DEEPEST

EVENTS = [{"roomUuid": "r", "cmd": 20, "sequence": 1}, {"roomUuid": "r", "cmd": "1", "sequence": "2"}]


def body(data, **around):
    return json.dumps({"code": 0, "msg": "Success", "ts": 1_800_000_000_000, "data": data, **around}).encode()


@pytest.mark.parametrize(
    "data",
    [EVENTS, {"list": EVENTS, "nextId": 3, "total": 2, "count": 2}, {"sequences": EVENTS, "nextId": "3"}],
)
def test_data_is_read_in_each_shape(data):
    answer = read_events_answer(body(data))
    assert answer.events == EVENTS
    assert (answer.ts_ms, answer.code, answer.unreadable) == (1_800_000_000_000, 0, [])
    assert answer.next_id == ("3" if isinstance(data, dict) else None)


@pytest.mark.parametrize("data", [None, [], {}, {"list": None, "nextId": None}, {"total": 0, "nextId": ""}])
def test_empty_data_gives_no_items(data):
    answer = read_events_answer(body(data))
    assert (answer.events, answer.next_id, answer.unreadable) == ([], None, [])


def test_single_event_as_data_is_read():
    assert read_events_answer(body({"cmd": 1, "sequence": 5})).events == [{"cmd": 1, "sequence": 5}]


def test_next_id_beside_the_list_is_read():
    assert read_events_answer(body(EVENTS, nextId=101)).next_id == "101"


def test_numbers_as_text_in_the_envelope_are_read():
    answer = read_events_answer(
        b'{"code":"0","ts":"1800000000000","data":{"list":[],"total":"7","count":"x"}}'
    )
    assert (answer.code, answer.ts_ms, answer.total, answer.count) == (0, 1_800_000_000_000, 7, None)


def test_items_that_are_not_objects_are_kept_as_unreadable():
    answer = read_events_answer(body([EVENTS[0], 7, "x", None, [1], EVENTS[1]]))
    assert answer.events == EVENTS
    assert [raw for _reason, raw in answer.unreadable] == ["7", '"x"', "null", "[1]"]
    assert answer.unreadable[0][0] == "not an object but int"


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"<html>",
        b'{"code":0,"data":[{"cmd"',
        b"[]",
        b"7",
        b"null",
        b'{"data":[]}',
        b'{"code":null}',
        b'{"code":{}}',
        b'{"code":0,"data":"x"}',
        b'{"code":0,"data":7}',
        b'{"code":0,"data":{"odd":1}}',
        b"[" * 200_000,
        b'{"code":0,"data":' + b"9" * 5000 + b"}",
    ],
)
def test_unreadable_answer_keeps_its_body(junk):
    with pytest.raises(UnreadableAnswer) as caught:
        read_events_answer(junk)
    assert caught.value.body == junk


@given(st.binary(max_size=200))
def test_reader_accepts_any_bytes(junk):
    with contextlib.suppress(CloudError):
        assert read_events_answer(junk).code == 0


def test_code_of_an_answer_becomes_an_error():
    with pytest.raises(RoomNotFound) as caught:
        read_events_answer(b'{"code":20404100,"msg":"room not exists","requestId":"q"}')
    assert (caught.value.code, caught.value.message, caught.value.request_id) == (
        20404100,
        "room not exists",
        "q",
    )
    with pytest.raises(RateLimited):
        read_envelope(b'{"code":429}')


def test_characters_that_a_database_cannot_store_are_replaced():
    events = read_events_answer(
        b'{"code":0,"data":[{"a":"x\\ud800y\\u0000z","b":"\\ud83d\\ude00","c":NaN,"d":"\xff"}]}'
    ).events
    assert events == [{"a": "x\ufffdy\ufffdz", "b": "😀", "c": None, "d": "\ufffd"}]
    json.dumps(events, ensure_ascii=False, allow_nan=False).encode()


def nested(levels):
    return "[" * levels + "]" * levels


def test_both_parsers_have_the_same_depth_limit():
    for depth in (DEEPEST - 1, DEEPEST):
        assert read_json(nested(depth).encode()) == read_json(b"\xef\xbb\xbf" + nested(depth).encode())
    for start in (b"", b"\xef\xbb\xbf"):
        with pytest.raises(UnreadableAnswer):
            read_json(start + nested(DEEPEST + 1).encode())


DAMAGED = {
    "not JSON": '{"cmd":1,"n":01}',
    "cut short within": '{"cmd":1,"data":{"a":}}',
    "too deep": '{"cmd":1,"data":' + nested(300) + "}",
    "deeper than Python's stack": '{"cmd":1,"data":' + '{"a":' * 5000 + "1" + "}" * 5000 + "}",
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("around", ['{"code":0,"data":[%s]}', '{"code":0,"data":{"list":[%s],"nextId":7}}'])
def test_only_the_damaged_event_is_unreadable(damaged, around):
    answer = read_events_answer((around % f'{{"cmd":1}},{damaged},{{"cmd":2}}').encode())
    assert answer.events == [{"cmd": 1}, {"cmd": 2}]
    assert answer.unreadable == [("no JSON", damaged)], "as it came"


ODD = {
    "NaN": ('{"n":NaN}', {"n": None}),
    "infinity": ('{"n":-Infinity}', {"n": None}),
    "a number beyond every float": ('{"n":1e999}', {"n": float("inf")}),
    "a name twice": ('{"n":1,"n":2}', {"n": 2}),
    "a number of 5,000 digits": (f'{{"n":-{"9" * 5000}}}', {"n": f"-{'9' * 5000}"}),
    "a line break in a text": ('{"n":"a\nb"}', {"n": "a\nb"}),
    "a lone surrogate": ('{"n":"\\ud800"}', {"n": "\ufffd"}),
    "NUL": ('{"n":"\\u0000"}', {"n": "\ufffd"}),
}


@pytest.mark.parametrize(("odd", "event"), ODD.values(), ids=ODD)
def test_odd_value_is_read_or_kept_as_unreadable(odd, event):
    answer = read_events_answer(f'{{"code":0,"data":[{odd},{{"cmd":2}}]}}'.encode())
    assert (answer.events, answer.unreadable) == ([event, {"cmd": 2}], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(JSON)
def test_both_parsers_give_the_same_result(value):
    text = json.dumps(value)
    assert repr(read_json(text.encode())) == repr(read_json(b"\xef\xbb\xbf" + text.encode()))


@pytest.mark.parametrize(
    "junk", ["[" * 200_000, '"' * 200_001, '"\\"' * 200_000, "]" * 200_000, '{"a":' * 200_000 + "}" * 200_000]
)
def test_badly_damaged_answer_is_rejected_quickly(junk):
    started = time.process_time()
    with contextlib.suppress(UnreadableAnswer):
        read_json(junk.encode())
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        (5.0, 5),
        ("5.0", 5),
        ("1.8e12", 1_800_000_000_000),
        (True, 1),
        (5.5, None),
        ("x", None),
        (None, None),
        ({}, None),
        ("", None),
        (float("inf"), None),
        ("1e999", None),
        ("5.5", None),
    ],
)
def test_read_int_accepts_only_whole_numbers(value, read):
    assert read_int(value) == read


def test_recording_with_odd_values_is_read():
    item = RecordingItem.model_validate(
        {
            "recordId": 17,
            "url": {},
            "status": "2",
            "type": "3",
            "unready": "true",
            "recordDetails": [{"url": "https://x.example/1.mp4", "size": 5}, None, 7],
            "boardToken": "very-secret",
            "novelty": {"ignored": True},
        }
    )
    assert (item.record_id, item.url) == ("17", None)
    assert (item.status, item.type, item.unready) == (2, 3, True)
    assert [detail.url for detail in item.record_details] == ["https://x.example/1.mp4"]
    assert "very-secret" not in repr(item)


def test_room_and_user_are_read():
    room = RoomInfo.model_validate(
        {
            "roomName": "A",
            "roomProperties": {"schedule": {"state": "2", "startTime": "5"}},
        }
    )
    assert (room.class_state, room.schedule.start_time) == (2, 5)
    assert RoomInfo.model_validate({"state": 1, "roomProperties": "odd"}).class_state == 1
    user = UserInfo.model_validate({"role": [2], "state": "1", "userProperties": {"a": 1}})
    assert (user.state, user.user_properties) == (1, {"a": 1})


def test_the_room_type_may_be_in_the_properties() -> None:
    assert RoomInfo.model_validate({"roomType": 4, "roomProperties": {"roomType": 2}}).kind == 4
    assert RoomInfo.model_validate({"roomProperties": {"roomType": "10"}}).kind == 10
    assert RoomInfo.model_validate({"roomProperties": {}}).kind is None
