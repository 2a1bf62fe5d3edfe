"""Which events confirm the commands that are given from outside the classroom."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.events import EventKind, confirms
from tests.events.lesson import ADA, BEN, decoded

STREAM = {"fromUser": ADA, "streamUuid": "7", "videoSourceType": 1, "audioSourceType": 1}
SCREEN = {"fromUser": ADA, "streamUuid": "8", "videoSourceType": 2}


def confirmed(kind: EventKind, cmd: int, data: dict[str, Any], match: dict[str, Any]) -> bool:
    assert kind.cmd is not None
    return confirms(decoded(cmd, data), cmd=kind.cmd, match=match, since_sequence=0)


@pytest.mark.parametrize(
    ("cmd", "data", "match", "expected"),
    [
        (40, {**STREAM, "audioState": 0, "action": 1}, {"stream_uuid": "7", "audio_on": False}, True),
        (40, {**STREAM, "audioState": 0, "action": 2}, {"stream_uuid": "7", "audio_on": False}, True),
        (40, {**STREAM, "action": 3}, {"stream_uuid": "7", "audio_on": False}, True),
        (40, {**STREAM, "action": 3}, {"stream_uuid": "7", "audio_on": True}, False),
        (40, {**STREAM, "audioState": 1, "action": 1}, {"stream_uuid": "7", "audio_on": False}, False),
        (40, {**STREAM, "audioState": 0, "action": 1}, {"stream_uuid": "9", "audio_on": False}, False),
        (40, {**STREAM, "videoState": 0, "action": 1}, {"stream_uuid": "7", "audio_on": False}, False),
        (
            41,
            {"streams": [{**STREAM, "videoState": 1, "action": 1}]},
            {"stream_uuid": "7", "video_on": True},
            True,
        ),
        (40, {**SCREEN, "action": 3}, {"screen_of": "ada"}, True),
        (40, {**SCREEN, "videoState": 0, "action": 1}, {"screen_of": "ada"}, True),
        (40, {**SCREEN, "videoState": 1, "action": 1}, {"screen_of": "ada"}, False),
        (40, {**SCREEN, "action": 3}, {"screen_of": "ben"}, False),
    ],
)
def test_streams(cmd: int, data: dict[str, Any], match: dict[str, Any], expected: bool) -> None:
    assert confirmed(EventKind.STREAM, cmd, data, match) is expected


@pytest.mark.parametrize(
    ("data", "match", "expected"),
    [
        ({"addAcceptedUsers": [ADA]}, {"user_uuid": "ada", "up": True}, True),
        ({"acceptedUsers": [ADA]}, {"user_uuid": "ada", "up": True}, True),
        ({"addAcceptedUsers": [BEN]}, {"user_uuid": "ada", "up": True}, False),
        ({"removeAcceptedUsers": [ADA]}, {"user_uuid": "ada", "up": False}, True),
        ({"acceptedUsers": [BEN]}, {"user_uuid": "ada", "up": False}, True),
        ({"acceptedUsers": [ADA]}, {"user_uuid": "ada", "up": False}, False),
        ({"acceptedUsers": []}, {"user_uuid": "", "up": False}, True),
        ({"acceptedUsers": [ADA]}, {"user_uuid": "", "up": False}, False),
    ],
)
def test_stage(data: dict[str, Any], match: dict[str, Any], expected: bool) -> None:
    assert confirmed(EventKind.STAGE, 1501, data, match) is expected


def test_hands() -> None:
    match = {"user_uuid": "ada", "up": False}
    assert confirmed(EventKind.HANDS, 1502, {"removeProgressUsers": [ADA]}, match)
    assert not confirmed(EventKind.HANDS, 1502, {"addProgressUsers": [ADA]}, match)


def test_rewards() -> None:
    rewards = [{"userUuid": "ada", "changedReward": 1}, {"userUuid": "ben", "changedReward": 1}]
    assert confirmed(EventKind.REWARDS, 1101, {"rewardDetails": rewards}, {"user_uuids": ["ada", "ben"]})
    assert not confirmed(
        EventKind.REWARDS, 1101, {"rewardDetails": rewards[:1]}, {"user_uuids": ["ada", "ben"]}
    )
    assert not confirmed(EventKind.REWARDS, 1101, {"rewardDetails": rewards}, {})


def test_chat() -> None:
    said = {"fromUser": ADA, "message": "Fire drill ", "type": 1}
    assert confirmed(EventKind.CHAT, 3, said, {"text": "Fire drill"})
    assert not confirmed(EventKind.CHAT, 3, said, {"text": "Fire"})
    muted = {**ADA, "muteChat": 1}
    assert confirmed(EventKind.USER_STATE, 21, muted, {"user_uuid": "ada", "chat_muted": True})
    assert not confirmed(EventKind.USER_STATE, 21, muted, {"user_uuid": "ada", "chat_muted": False})
    assert not confirmed(EventKind.USER_STATE, 21, muted, {"user_uuid": "ben", "chat_muted": True})


BOARD = {"path": ["widgets", "netlessBoard", "state"], "value": 1}
STAGE = ["processes", "handsUp", "accepted"]


@pytest.mark.parametrize(
    ("cmd", "changed", "match", "expected"),
    [
        (4, {"widgets": {"netlessBoard": {"state": 1}}}, BOARD, True),
        (4, {"widgets": {"netlessBoard": {"state": "1", "extra": {}}}}, BOARD, True),
        (5, {"widgets.netlessBoard.state": 1}, BOARD, True),
        (4, {"widgets": {"netlessBoard": {"state": 0}}}, BOARD, False),
        (4, {"widgets": {"netlessBoard": {"extra": {}}}}, BOARD, False),
        (4, {"widgets": {"easemobIM": {"state": 1}}}, BOARD, False),
        (5, {"carousel.state": 0}, {"path": ["carousel", "state"], "value": 0}, True),
        (5, {"screen": "deleted"}, {"path": ["screen", "state"], "value": 0}, True),
        (5, {"processes.handsUp.accepted": [{"userUuid": "ada"}]}, {"path": STAGE, "has": "ada"}, True),
        (5, {"processes.handsUp.accepted": [{"userUuid": "ben"}]}, {"path": STAGE, "has": "ada"}, False),
        (5, {"processes.handsUp.accepted": ["ben"]}, {"path": STAGE, "lacks": "ada"}, True),
        (5, {"processes.handsUp.accepted": []}, {"path": STAGE, "lacks": "ada"}, True),
        (5, {"processes.handsUp.accepted": ["ada"]}, {"path": STAGE, "lacks": "ada"}, False),
        (5, {"processes.handsUp.accepted": ["ada"]}, {"path": STAGE}, True),
        (5, {"processes.waveArm.progress": []}, {"path": STAGE}, False),
    ],
)
def test_properties(cmd: int, changed: dict[str, Any], match: dict[str, Any], expected: bool) -> None:
    assert confirmed(EventKind.ROOM_PROPERTIES, cmd, {"changeProperties": changed}, match) is expected


def test_a_widget_event_confirms_as_a_property_does() -> None:
    data = {"action": 1, "widgetUuid": "netlessBoard", "changeProperties": {"state": 1}}
    assert confirmed(EventKind.ROOM_PROPERTIES, 1110, data, BOARD)
