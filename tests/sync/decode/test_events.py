"""Every kind of event of the contract's table, as documented and in its odd shapes."""

import pytest

from classroom_admin.sync.decode import Identity, Stream, Undecodable, Unknown, decode, identify
from classroom_admin.sync.decode.kinds import (
    Arrival,
    Change,
    ClassState,
    Departure,
    Hands,
    Message,
    Movement,
    Person,
    RecordingChange,
    ResourceState,
    Reward,
    Stage,
    StreamChange,
    StreamState,
    UserState,
)

T = 1_763_757_600_000
ADA = {"userUuid": "ada", "userName": "Ada", "role": 1}
BEN = {"userUuid": "ben", "userName": "Ben", "role": "2"}


def event(cmd, data, **more):
    return decode(
        Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": 7, "version": 1, "data": data, **more}
    )


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
    read = event(8888, {"anything": [1]}, ts=T)
    assert (read.data, read.sequence, read.cmd, read.ts_ms) == (Unknown(), 7, 8888, T)
    assert event(8888, None).data == Unknown()


@pytest.mark.parametrize("cmd", [None, "what", [], 10**30])
def test_an_event_without_a_kind(cmd):
    with pytest.raises(Undecodable, match="kind"):
        event(cmd, {})


@pytest.mark.parametrize("cmd", [1, 3, 4, 5, 20, 21, 22, 23, 40, 41, 99, 1001, 1003, 1101, 1501, 1502])
@pytest.mark.parametrize("data", [None, "", "text", 5, True])
def test_data_that_is_no_object(cmd, data):
    with pytest.raises(Undecodable):
        event(cmd, data)


def test_class_state():
    assert event(1, {"state": 1, "startTime": T, "operator": ADA}).data == ClassState(1, T)
    closed = event("1", {"state": "3", "startTime": T, "endTime": str(T + 1), "closeTime": T + 2})
    assert closed.data == ClassState(3, T, T + 1, T + 2)
    assert closed.ts_ms == T + 2
    assert event(1, {"state": 2, "startTime": T, "endTime": T + 9}).ts_ms == T + 9
    assert event(1, {"state": 2, "startTime": T}).ts_ms is None, "the start is not when it ended"
    assert event(1, {"state": 0, "startTime": T}).ts_ms is None, "a planned start is no event's time"
    for state in (4, -1, "x", None, {}):
        with pytest.raises(Undecodable, match="state"):
            event(1, {"state": state})


def test_chat():
    assert event(3, {"fromUser": ADA, "message": "hi", "type": 1}).data == Message(
        "chat", "hi", Person("ada", "Ada", "teacher")
    )
    assert event(3, {"message": "a\x00b"}).data == Message("chat", "a�b")
    assert event(3, {"message": 5, "fromUser": {"userUuid": 9}}).data == Message("chat", "5", Person("9"))
    with pytest.raises(Undecodable):
        event(3, {"fromUser": ADA})


def test_custom_message_in_both_numbers():
    expected = Message("custom", "ping", Person("ada", "Ada", "teacher"))
    assert event(99, {"fromUser": ADA, "message": "ping"}).data == expected
    assert event(21, {"fromUser": ADA, "message": "ping"}).data == expected
    assert event(99, {"message": {"cmd": 1, "x": "é"}}).data.text == '{"cmd": 1, "x": "é"}'


def test_user_state():
    data = {**BEN, "muteChat": "1", "operator": ADA}
    assert event(21, data).data == UserState(Person("ben", "Ben", "student"), True)
    assert event(21, {"userUuid": "ben"}).data == UserState(Person("ben"), None)
    with pytest.raises(Undecodable):
        event(21, {"muteChat": 1})


def test_movement():
    online = {**ADA, "streams": [{"streamUuid": "s1", "streamName": "cam"}], "type": 1, "updateTime": T}
    offline = {**BEN, "streamUuid": 55, "type": "2", "updateTime": str(T + 5), "operator": ADA}
    read = event(20, {"total": 1, "onlineUsers": [online], "offlineUsers": [offline]})
    assert read.data == Movement(
        [Arrival(Person("ada", "Ada", "teacher"), False, [StreamState("s1", "cam")], None, T)],
        [Departure(Person("ben", "Ben", "student"), True, T + 5)],
    )
    assert read.ts_ms == T + 5
    one = event(
        20, {"onlineUsers": [{**BEN, "type": 2, "streamUuid": 55, "userProperties": {"a.b": 1}}]}
    ).data
    assert one.arrivals == [
        Arrival(Person("ben", "Ben", "student"), True, [StreamState("55")], {"a": {"b": 1}}, None)
    ]
    assert event(20, {"total": 4}).data == Movement([], [])


def test_movement_takes_who_can_be_read_and_names_the_rest():
    users = [{"userName": "nobody"}, "text", None, {"userUuid": "x" * 300}, {"userUuid": "a\x00"}, BEN]
    read = event(20, {"onlineUsers": users, "offlineUsers": "none"})
    assert [one.person.user_uuid for one in read.data.arrivals] == ["ben"]
    assert len(read.odd) == 6
    assert any("offlineUsers" in reason for reason in read.odd)


def test_movement_with_someone_twice_counts_the_later_entry():
    read = event(20, {"onlineUsers": [{**BEN, "type": 1}, {**BEN, "userName": "Benno", "type": 2}]})
    assert [one.person.name for one in read.data.arrivals] == ["Benno"]


def test_long_names_are_cut():
    read = event(20, {"onlineUsers": [{"userUuid": "u", "userName": "é" * 999}]})
    assert read.data.arrivals[0].person.name == "é" * 255


def test_room_properties():
    data = {"action": 0, "changeProperties": {"a.b": 1, "c": {"d": [float("nan")]}}, "cause": "why"}
    expected = [Change(("a", "b"), 1), Change(("c",), {"d": [None]})]
    assert event(4, data).data.changes == expected
    assert event(5, data).data.changes == expected
    assert event(4, {"changeProperties": '{"x": 1}'}).data.changes == [Change(("x",), 1)]
    batch = event(
        5, {"action": 0, "changes": [{"changeProperties": {"a": 1}}, {"changeProperties": {"b": 2}}]}
    )
    assert batch.data.changes == [Change(("a",), 1), Change(("b",), 2)]
    for data in ({}, {"changeProperties": 5}, {"changeProperties": ["a"], "action": 0}):
        with pytest.raises(Undecodable):
            event(4, data)


def test_what_action_1_deletes():
    def deleted(properties):
        return event(4, {"action": "1", "changeProperties": properties}).data.changes

    assert deleted({"a": 1, "b.c": None}) == [
        Change(("a",), deleted=True),
        Change(("b", "c"), deleted=True),
    ]
    assert deleted(["a", "b.c"]) == deleted({"a": 1, "b.c": None})
    assert deleted({"a": {"x": 1}}) == [Change(("a",), deleted=True)], "all of it goes"
    assert deleted({"extApps": {"clock": {"running": 1}}}) == [
        Change(("extApps", "clock", "running"), deleted=True)
    ]
    assert deleted({"widgets": {"poll": {"state": 1}}}) == [Change(("widgets",), {"poll": {"state": 1}})]
    assert deleted({"widgets.poll": None}) == [Change(("widgets", "poll"), deleted=True)]


def test_too_deep_a_property_is_named():
    read = event(4, {"changeProperties": {"a." * 100 + "b": 1, "c": 2}})
    assert read.data.changes == [Change(("c",), 2)]
    assert len(read.odd) == 1


def test_user_properties():
    data = {"fromUser": BEN, "action": 0, "changeProperties": {"k": "v"}, "operator": ADA}
    expected = [(Person("ben", "Ben", "student"), [Change(("k",), "v")])]
    assert event(22, data).data.changes == expected
    assert event(23, data).data.changes == expected
    both = {"users": [data, {**data, "fromUser": ADA, "action": 1}], "cause": {}}
    assert event(23, both).data.changes == [
        *expected,
        (Person("ada", "Ada", "teacher"), [Change(("k",), deleted=True)]),
    ]
    assert event(23, [data]).data.changes == expected
    with pytest.raises(Undecodable):
        event(22, {"changeProperties": {"k": 1}, "operator": ADA})


def test_streams():
    data = {
        "fromUser": BEN,
        "streamUuid": "s",
        "streamName": "main",
        "videoSourceType": "1",
        "audioSourceType": 1,
        "videoState": 1,
        "audioState": "0",
        "action": 0,
        "updateTime": T,
    }
    read = event(40, data)
    ben = Person("ben", "Ben", "student")
    assert read.data.changes == [StreamChange(ben, StreamState("s", "main", 1, 1, True, False))]
    assert read.ts_ms == T
    assert event(40, {**data, "action": "2"}).data.changes[0].deleted
    rows = {
        "fromUser": BEN,
        "action": 1,
        "streams": [{"streamUuid": "a"}, {"streamUuid": "b", "action": 2}, {}],
    }
    batch = event(41, rows)
    assert batch.data.changes == [
        StreamChange(ben, StreamState("a")),
        StreamChange(ben, StreamState("b"), deleted=True),
    ]
    assert len(batch.odd) == 1
    assert event(41, [data]).data.changes == read.data.changes
    assert event(41, {"streams": [{**data, "action": None, "state": 0}]}).data.changes[0].deleted
    for gone in ("fromUser", "streamUuid"):
        with pytest.raises(Undecodable):
            event(40, {**data, gone: None})


def test_recording():
    data = {"state": 1, "recordId": "x", "sid": "y", "resourceId": "z", "startTime": T}
    urls = {"rtmp": "rtmp://a", "flv": "b", "hls": "c"}
    read = event(1001, {**data, "streamingUrl": urls})
    assert read.data == RecordingChange(True, "x", "y", T, None, urls)
    assert read.ts_ms == T
    for ended in (0, 2, "0", "2"):
        end = event(1001, {"state": ended, "startTime": T})
        assert end.data == RecordingChange(False, started_ms=T)
        assert end.ts_ms is None
    for state in (5, None, "on"):
        with pytest.raises(Undecodable):
            event(1001, {"state": state})


def test_resources():
    progress = {
        "convertedPercentage": "40",
        "totalPageSize": 10,
        "convertedFileList": [{"taskToken": "secret"}],
    }
    full = {
        "resourceUuid": "f",
        "resourceName": "Slides",
        "ext": "pptx",
        "size": "2048",
        "url": "https://files.test/f",
        "updateTime": T,
        "taskUuid": "t",
        "taskToken": "secret",
        "taskProgress": progress,
    }
    read = event(1003, {"resources": [full], "action": 1, "operator": ADA})
    assert "secret" not in repr(read)
    assert read.ts_ms == T
    assert read.data.removed is False
    assert read.data.resources[0] == ResourceState(
        "f",
        "Slides",
        "pptx",
        2048,
        "https://files.test/f",
        {
            "taskUuid": "t",
            "taskProgress": {"convertedPercentage": "40", "totalPageSize": 10, "convertedFileList": [{}]},
        },
        40,
    )
    plain = event(
        1003, {"resources": [{"resourceUuid": "f", "taskUuid": "", "taskProgress": None}], "action": 2}
    )
    assert plain.data.removed
    assert plain.data.resources == [ResourceState("f")]
    waiting = event(1003, {"resources": [{"resourceUuid": "f", "taskUuid": "t"}]})
    assert waiting.data.resources[0].converted_percent == 0
    pages = {"resourceUuid": "f", "taskProgress": {"convertedPageSize": 1, "totalPageSize": "3"}}
    assert event(1003, {"resources": [pages]}).data.resources[0].converted_percent == 33
    with pytest.raises(Undecodable):
        event(1003, {"resources": [], "action": 3})
    huge = event(1003, {"resources": [{"resourceUuid": "f", "size": 2**64}]})
    assert huge.data.resources == []
    assert "too large" in huge.odd[0]


def test_rewards():
    rows = [
        {"userUuid": "a", "changedReward": 1, "total": 3},
        {"userUuid": "b", "changedReward": "2", "totalReward": "5"},
        {"userUuid": "c", "changedReward": -1},
        {"changedReward": 1},
    ]
    read = event(1101, {"rewardDetails": rows, "updateTime": T})
    assert read.data.rewards == [Reward("a", 1, 3), Reward("b", 2, 5), Reward("c", -1, None)]
    assert read.ts_ms == T
    assert len(read.odd) == 1


def test_stage_and_hands():
    def users(*names):
        return [{"userUuid": name, "payload": {}} for name in names]

    read = event(
        1501,
        {"acceptedUsers": users("a", "b"), "addAcceptedUsers": users("b"), "removeAcceptedUsers": users("c")},
    )
    assert read.data == Stage(["a", "b"], ["b"], ["c"])
    assert event(1501, {"addAcceptedUsers": ["b"]}).data == Stage(None, ["b"], [])
    assert event(1501, {"acceptedUsers": []}).data == Stage([], [], [])
    read = event(1502, {"progressUsers": users("a"), "addProgressUsers": users("a")})
    assert read.data == Hands(["a"], ["a"], [])
    assert event(1502, {"removeProgressUsers": users("a")}).data == Hands(None, [], ["a"])


def test_own_ts_wins_and_absurd_ones_do_not_count():
    assert event(1101, {"rewardDetails": [], "updateTime": T}, ts=T + 3).ts_ms == T + 3
    for absurd in (-1, 0, 1_515_640_000_000_000, "later", 1e300, True):
        assert event(1101, {"rewardDetails": [], "updateTime": T}, ts=absurd).ts_ms == T
        assert event(3, {"message": "x"}, ts=absurd).ts_ms is None


def test_peer_messages():
    data = {"fromUser": ADA, "fromRoom": {"roomUuid": "r"}, "message": "psst"}
    assert decode(Stream.PEER, {"cmd": 1, "data": data}).data.kind == "chat"
    assert decode(Stream.PEER, {"cmd": 99, "data": data, "ts": T}).data.kind == "custom"
    assert decode(Stream.PEER, {"cmd": 2, "data": data}).data == Unknown()
