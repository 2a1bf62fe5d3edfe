"""Events about people: who comes and goes, stage, hands, rewards, streams, the state of one person."""

import json
from collections.abc import Mapping
from typing import Any

from classroom_admin.sync.decode.event import Undecodable
from classroom_admin.sync.decode.kinds import (
    Arrival,
    Departure,
    Hands,
    Json,
    Message,
    Movement,
    Person,
    Reward,
    Rewards,
    Stage,
    StreamChange,
    Streams,
    StreamState,
    UserState,
)
from classroom_admin.sync.decode.values import (
    NAME_LENGTH,
    SMALL,
    Raw,
    each,
    flag,
    identifier,
    moment,
    person,
    plain,
    text,
    tree,
    whole,
)

KICKED = 2
CAME_BACK = 2
DELETED = 2


def movement(data: Raw, odd: list[str]) -> Movement:
    """cmd 20. Where someone is named twice in one list, the later entry counts."""
    arrivals = each(data.get("onlineUsers"), lambda raw: _arrival(raw, odd), odd, "onlineUsers")
    departures = each(data.get("offlineUsers"), _departure, odd, "offlineUsers")
    if len(arrivals) > 1:
        arrivals = list({one.person.user_uuid: one for one in arrivals}.values())
    if len(departures) > 1:
        departures = list({one.person.user_uuid: one for one in departures}.values())
    return Movement(arrivals, departures)


def _arrival(raw: Raw, odd: list[str]) -> Arrival | None:
    who = person(raw)
    if who is None:
        return None
    return Arrival(
        who,
        whole(raw.get("type")) == CAME_BACK,
        _streams_of(raw, odd),
        _properties_of(raw.get("userProperties"), odd),
        moment(raw.get("updateTime")),
    )


def _properties_of(raw: object, odd: list[str]) -> dict[str, Json] | None:
    if not isinstance(raw, Mapping):
        return None
    if not raw:
        return {}
    try:
        return tree(raw)
    except Undecodable as problem:
        odd.append(f"userProperties: {problem.reason}")
        return None


def _streams_of(raw: Raw, odd: list[str]) -> list[StreamState] | None:
    """`streams` as a list, or the one `streamUuid`; None where the event names none."""
    if raw.get("streams") is not None:
        return each(raw["streams"], stream_state, odd, "streams")
    stream_uuid = identifier(raw.get("streamUuid"))
    return None if stream_uuid is None else [StreamState(stream_uuid)]


def _departure(raw: Raw) -> Departure | None:
    who = person(raw)
    if who is None:
        return None
    return Departure(who, whole(raw.get("type")) == KICKED, moment(raw.get("updateTime")))


def stream_state(raw: Raw) -> StreamState | None:
    stream_uuid = identifier(raw.get("streamUuid"))
    if stream_uuid is None:
        return None
    return StreamState(
        stream_uuid,
        text(raw.get("streamName"), NAME_LENGTH),
        whole(raw.get("videoSourceType"), SMALL),
        whole(raw.get("audioSourceType"), SMALL),
        flag(raw.get("videoState")),
        flag(raw.get("audioState")),
    )


def user_state(data: Raw, odd: list[str]) -> UserState | Message:
    """cmd 21; one that carries `message` is a custom message (its heading prints 21)."""
    if data.get("message") is not None:
        return message("custom", data)
    who = person(data) or person(data.get("fromUser"))
    if who is None:
        raise Undecodable("a user's state without the user")
    return UserState(who, flag(data.get("muteChat")))


def message(kind: str, data: Raw) -> Message:
    """A chat or custom message; a custom one may be an object, which is kept as JSON text."""
    raw = data.get("message")
    written = text(raw)
    if written is None:
        if not isinstance(raw, Mapping | list):
            raise Undecodable("a message without text")
        written = json.dumps(plain(raw), ensure_ascii=False)
    return Message(kind, written, person(data.get("fromUser")))


def streams(data: Raw, odd: list[str]) -> Streams:
    """cmd 40, and 41 with a list under `streams`: what an entry doesn't say is taken from around it."""
    entries = data.get("streams")
    if entries is None:
        one = _stream_change(data)
        if one is None:
            raise Undecodable("a stream without its id or its owner")
        return Streams([one])
    around = {key: value for key, value in data.items() if key != "streams"}
    return Streams(each(entries, lambda raw: _stream_change({**around, **raw}), odd, "streams"))


def _stream_change(raw: dict[str, Any] | Raw) -> StreamChange | None:
    who = person(raw.get("fromUser")) or person(raw)
    state = stream_state(raw)
    if who is None or state is None:
        return None
    action = whole(raw.get("action"))
    # batches of the vendor's client mark a deleted stream by `state` 0 as well
    deleted = action == DELETED or (action is None and flag(raw.get("state")) is False)
    return StreamChange(who, state, deleted)


def rewards(data: Raw, odd: list[str]) -> Rewards:
    """cmd 1101."""
    return Rewards(each(data.get("rewardDetails"), _reward, odd, "rewardDetails"))


def _reward(raw: Raw) -> Reward | None:
    user_uuid = identifier(raw.get("userUuid"))
    if user_uuid is None:
        return None
    total = whole(raw.get("total"), SMALL)
    if total is None:
        total = whole(raw.get("totalReward"), SMALL)
    changed = whole(raw.get("changedReward"), SMALL)
    if changed is None:
        changed = whole(raw.get("changeReward"), SMALL)
    return Reward(user_uuid, changed, total)


def stage(data: Raw, odd: list[str]) -> Stage:
    """cmd 1501."""
    return Stage(*_process(data, "cceptedUsers", "a", odd))


def hands(data: Raw, odd: list[str]) -> Hands:
    """cmd 1502."""
    return Hands(*_process(data, "rogressUsers", "p", odd))


def _process(
    data: Raw, rest: str, initial: str, odd: list[str]
) -> tuple[list[str] | None, list[str], list[str]]:
    full = data.get(initial + rest)
    capital = initial.upper()
    return (
        _ids(full, odd, initial + rest) if isinstance(full, list) else None,
        _ids(data.get(f"add{capital}{rest}"), odd, f"add{capital}{rest}"),
        _ids(data.get(f"remove{capital}{rest}"), odd, f"remove{capital}{rest}"),
    )


def _ids(value: object, odd: list[str], what: str) -> list[str]:
    if isinstance(value, list):
        value = [{"userUuid": item} if isinstance(item, str) else item for item in value]
    return each(value, lambda raw: identifier(raw.get("userUuid")), odd, what)


def named(data: Raw) -> Person | None:
    """Whose property changes: `fromUser`, else the `userUuid` beside it."""
    return person(data.get("fromUser")) or person(data)
