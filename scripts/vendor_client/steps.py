"""The calls of the vendor's web client library that the script makes, and the effect that each must have."""

from collections.abc import Callable
from typing import Any

ROOM = "class-1"
Truth = dict[str, Any]
Step = tuple[str, str, list[Any], Callable[[Truth, Any], bool] | None]
"""Who calls (person and service), the method, its arguments, and the check of the room and of the answer."""
IN_ROOM = {"roomUuid": ROOM}
ADA = {"userUuid": "ada", "roomUuid": ROOM}
SAID = {"message": "Hello", "type": 1}
ANNOUNCED = {"range": 1, "type": "txt", "msg": "Five minutes"}


def user(truth: Truth, uuid: str) -> Truth:
    found: Truth = next((one for one in truth["users"] if one["userUuid"] == uuid), {})
    return found


def steps() -> list[Step]:
    """Return all calls in order."""
    parts = (
        _entering_and_chat,
        _hands_stage_and_views,
        _widgets,
        _quiz_and_poll,
        _properties_and_people,
        _breakout_rooms_recording_and_removal,
    )
    return [step for part in parts for step in part()]


def _entering_and_chat() -> list[Step]:
    return [
        ("tea.edu", "getConfig", [], None),
        ("tea.edu", "checkIn", ["SESSION"], lambda t, _: user(t, "tea")["online"]),
        ("ada.edu", "checkIn", ["SESSION"], lambda t, _: user(t, "ada")["online"]),
        ("bob.edu", "checkIn", ["SESSION"], lambda t, _: user(t, "bob")["online"]),
        (
            "ada.rte",
            "entryRoom",
            [{**ADA, "userName": "ada", "role": "broadcaster", "streamUuid": "0"}],
            None,
        ),
        (
            "ada.rte",
            "upsertStream",
            [
                ROOM,
                "ada",
                "17",
                {"publishVideo": 1, "publishAudio": 1, "videoSourceType": 1, "audioSourceType": 1},
            ],
            lambda t, _: user(t, "ada")["streams"][0]["audioState"] == 1,
        ),
        (
            "tea.rte",
            "upsertStream",
            [ROOM, "ada", "17", {"publishAudio": 0}],
            lambda t, _: user(t, "ada")["streams"][0]["audioState"] == 0,
        ),
        (
            "ada.rte",
            "updateDeviceState",
            [ROOM, "ada", "17", {"videoSourceState": 0}],
            lambda t, _: user(t, "ada")["streams"][0]["videoSourceState"] == 0,
        ),
        ("tea.edu", "updateClassState", [{**IN_ROOM, "state": 1}], lambda t, _: t["state"] == 1),
        ("ada.edu", "sendChat", [{**ADA, "data": SAID}], lambda t, _: t["chat"][-1]["message"] == "Hello"),
        ("ada.rte", "sendRoomChatMessage", ["Hi", ROOM], lambda t, _: t["chat"][-1]["message"] == "Hi"),
        (
            "ada.edu",
            "getHistoryChatMessage",
            [{**ADA, "data": {"nextId": "", "sort": 0}}],
            lambda _, data: data["list"][0]["message"] == "Hi",
        ),
        ("tea.edu", "muteChat", [{**IN_ROOM, "muteChat": 1}], lambda t, _: t["muteChat"] == 1),
        ("tea.edu", "muteChat", [{**IN_ROOM, "muteChat": 0}], lambda t, _: t["muteChat"] == 0),
        (
            "ada.edu",
            "sendConversationChat",
            [{**ADA, "data": SAID}],
            lambda t, _: len(t["conversations"]["ada"]) == 1,
        ),
        (
            "tea.edu",
            "getConversationList",
            [{**IN_ROOM, "data": {"nextId": ""}}],
            lambda _, data: len(data["list"]) == 1,
        ),
        (
            "tea.edu",
            "getConversationHistoryChatMessage",
            [{**IN_ROOM, "data": {"nextId": "", "sort": 0, "studentUuid": "ada"}}],
            lambda _, data: len(data["list"]) == 1,
        ),
        (
            "tea.edu",
            "broadcastMessage",
            [ROOM, ANNOUNCED],
            lambda t, _: t["announcements"][-1]["msg"] == "Five minutes",
        ),
        ("tea.edu", "broadcastHxChatMessage", [ROOM, ANNOUNCED], lambda t, _: len(t["announcements"]) == 2),
        (
            "tea.edu",
            "sendRewards",
            [{**IN_ROOM, "rewards": [{"userUuid": "ada", "changeReward": 1}]}],
            lambda t, _: user(t, "ada")["rewards"] == 1,
        ),
        (
            "tea.edu",
            "sendRewards",
            [{**IN_ROOM, "rewards": [{"userUuid": "ada", "changeReward": 1}]}, True],
            lambda t, _: user(t, "ada")["rewards"] == 2,
        ),
    ]


def _hands_stage_and_views() -> list[Step]:
    return [
        (
            "ada.edu",
            "waveArm",
            [{**IN_ROOM, "toUserUuid": "tea", "timout": -1, "retry": True, "payload": {"userUuid": "ada"}}],
            lambda t, _: t["hands"] == ["ada"],
        ),
        ("tea.edu", "acceptHandsUp", [{**IN_ROOM, "toUserUuid": "ada"}], lambda t, _: t["stage"] == ["ada"]),
        ("ada.edu", "revokeCoVideo", [IN_ROOM], lambda t, _: t["stage"] == []),
        (
            "tea.edu",
            "startHandsUp",
            [{**IN_ROOM, "toUserUuid": "ada", "timout": 30, "retry": True, "payload": {}}],
            lambda t, _: t["invitations"] == ["ada"],
        ),
        ("ada.edu", "confirmInvited", [IN_ROOM], lambda t, _: t["stage"] == ["ada"]),
        ("tea.edu", "revokeAllCoVideo", [IN_ROOM], lambda t, _: t["stage"] == []),
        (
            "tea.edu",
            "startHandsUp",
            [{**IN_ROOM, "toUserUuid": "bob"}],
            lambda t, _: t["invitations"] == ["bob"],
        ),
        ("bob.edu", "cancelHandsUp", [IN_ROOM], lambda t, _: t["invitations"] == []),
        (
            "bob.edu",
            "handsUp",
            [{**IN_ROOM, "toUserUuid": "tea", "payload": {}}],
            lambda t, _: t["hands"] == ["bob"],
        ),
        (
            "tea.edu",
            "allowHandsUp",
            [{**IN_ROOM, "state": "0"}],
            lambda t, _: not t["takesHands"] and t["hands"] == [],
        ),
        ("tea.edu", "allowHandsUp", [{**IN_ROOM, "state": "1"}], lambda t, _: t["takesHands"]),
        (
            "tea.edu",
            "startCarousel",
            [{**IN_ROOM, "range": 1, "type": 1, "interval": 10}],
            lambda t, _: t["carousel"]["state"] == 1,
        ),
        ("tea.edu", "stopCarousel", [IN_ROOM], lambda t, _: t["carousel"]["state"] == 0),
        ("tea.edu", "startShareScreen", [ROOM, "tea"], lambda t, _: t["screen"]["userUuid"] == "tea"),
        ("tea.edu", "stopShareScreen", [ROOM, "tea"], lambda t, _: t["screen"]["state"] == 0),
        (
            "ada.edu",
            "startShareScreenStateLess",
            [ROOM, "ada"],
            lambda t, _: t["screen"]["userUuid"] == "ada",
        ),
        ("ada.edu", "stopShareScreenStateLess", [ROOM, "ada"], lambda t, _: t["screen"]["state"] == 0),
        (
            "tea.edu",
            "updateExpandedScopeAndStreams",
            [ROOM, 1, {"publishUserUuids": ["ada"]}],
            lambda t, _: t["expandedScope"]["state"] == 1,
        ),
        (
            "tea.edu",
            "updateExpandedScopeAndStreams",
            [ROOM, 0],
            lambda t, _: t["expandedScope"]["state"] == 0,
        ),
    ]


def _widgets() -> list[Step]:
    return [
        (
            "tea.edu",
            "updateWidgetProperties",
            [ROOM, "netlessBoard", {"state": 1, "extra": {"page": 2}}],
            lambda t, _: t["widgets"]["netlessBoard"] == {"state": 1, "extra": {"page": 2}},
        ),
        (
            "tea.edu",
            "removeWidgetExtraProperties",
            [ROOM, "netlessBoard", {"properties": ["page"], "cause": {}}],
            lambda t, _: t["widgets"]["netlessBoard"]["extra"] == {},
        ),
        (
            "tea.edu",
            "updateWidgetUserProperties",
            [ROOM, "netlessBoard", "ada", {"colour": "red"}],
            lambda t, _: user(t, "ada")["properties"]["widgets"]["netlessBoard"] == {"colour": "red"},
        ),
        (
            "tea.edu",
            "removeWidgetUserProperties",
            [ROOM, "netlessBoard", "ada", {"properties": ["colour"], "cause": {}}],
            lambda t, _: user(t, "ada")["properties"]["widgets"]["netlessBoard"] == {},
        ),
        ("tea.edu", "deleteWidget", [ROOM, "netlessBoard"], lambda t, _: "netlessBoard" not in t["widgets"]),
    ]


def _quiz_and_poll() -> list[Step]:
    return [
        (
            "tea.edu",
            "startAnswer",
            [ROOM, {"items": ["A", "B"], "correctItems": ["A"]}],
            lambda t, _: t["quizzes"][-1]["running"],
        ),
        (
            "ada.edu",
            "submitAnswer",
            [ROOM, "QUIZ", "ada", {"selectedItems": ["A"]}],
            lambda t, _: t["quizzes"][-1]["answers"] == {"ada": ["A"]},
        ),
        ("tea.edu", "getAnswerList", [ROOM, "QUIZ", {"nextId": 0, "count": 100}], None),
        ("tea.edu", "stopAnswer", [ROOM, "QUIZ"], lambda t, _: not t["quizzes"][-1]["running"]),
        (
            "tea.edu",
            "startPolling",
            [ROOM, {"mode": 1, "pollItems": ["yes", "no"]}],
            lambda t, _: t["polls"][-1]["running"],
        ),
        (
            "ada.edu",
            "submitResult",
            [ROOM, "POLL", "ada", {"selectIndex": [0]}],
            lambda t, _: t["polls"][-1]["answers"] == {"ada": [0]},
        ),
        ("tea.edu", "stopPolling", [ROOM, "POLL"], lambda t, _: not t["polls"][-1]["running"]),
    ]


def _properties_and_people() -> list[Step]:
    return [
        (
            "tea.edu",
            "updateExtAppProperties",
            [ROOM, "clock", {"left": 3}, {"state": 1}, {}],
            lambda t, _: t["extApps"]["clock"]["left"] == 3,
        ),
        (
            "tea.edu",
            "deleteExtAppProperties",
            [ROOM, "clock", ["left"], {}],
            lambda t, _: t["extApps"]["clock"] == {},
        ),
        (
            "tea.edu",
            "updateFlexProperties",
            [ROOM, {"colour": "red"}, {}],
            lambda t, _: t["properties"]["colour"] == "red",
        ),
        (
            "tea.rte",
            "updateRoomProperties",
            [{**IN_ROOM, "properties": {"deep.page": 2}, "cause": {}}],
            lambda t, _: t["properties"]["deep"] == {"page": 2},
        ),
        (
            "tea.rte",
            "deleteRoomProperties",
            [{**IN_ROOM, "properties": ["deep.page"], "cause": {}}],
            lambda t, _: t["properties"]["deep"] == {},
        ),
        (
            "tea.rte",
            "updateUserProperties",
            [{**ADA, "properties": {"seat": 1}, "cause": {}}],
            lambda t, _: user(t, "ada")["properties"]["seat"] == 1,
        ),
        (
            "tea.edu",
            "updateBatchUserProperties",
            [{**IN_ROOM, "data": [{"userUuid": "bob", "properties": {"seat": 2}}]}],
            lambda t, _: user(t, "bob")["properties"]["seat"] == 2,
        ),
        (
            "tea.edu",
            "deleteBatchUserProperties",
            [{**IN_ROOM, "data": [{"userUuid": "bob", "properties": ["seat"]}]}],
            lambda t, _: "seat" not in user(t, "bob")["properties"],
        ),
        (
            "tea.edu",
            "fetchUserList",
            [ROOM, {"role": 2, "type": "1", "nextId": None, "count": 10}],
            lambda _, data: [row["userUuid"] for row in data["list"]] == ["ada", "bob"],
        ),
        ("tea.edu", "fetchPersonalResources", ["tea", {"pageNo": 1, "pageSize": 5}], None),
    ]


def _breakout_rooms_recording_and_removal() -> list[Step]:
    group = {"groupUuid": "g1", "groupName": "Red", "users": [{"userUuid": "ada"}]}
    other = {"groupUuid": "g2", "groupName": "Blue", "users": []}
    recorded = {"mode": "web", "webRecordConfig": {"rootUrl": "https://x.test", "onhold": False}}
    return [
        (
            "tea.edu",
            "addGroup",
            [ROOM, {"groups": [group, other]}],
            lambda t, _: set(t["groups"]) == {"g1", "g2"},
        ),
        (
            "tea.edu",
            "updateGroupUsers",
            [
                ROOM,
                {
                    "groups": [
                        {"groupUuid": "g1", "removeUsers": ["ada"]},
                        {"groupUuid": "g2", "addUsers": ["ada"]},
                    ],
                    "inProgress": False,
                },
            ],
            lambda t, _: t["groups"]["g2"]["users"] == [{"userUuid": "ada"}],
        ),
        (
            "tea.edu",
            "updateGroupInfo",
            [ROOM, {"groups": [{"groupUuid": "g1", "groupName": "Green"}]}],
            lambda t, _: t["groups"]["g1"]["groupName"] == "Green",
        ),
        (
            "tea.edu",
            "removeGroup",
            [ROOM, {"removeGroupUuids": ["g1"]}],
            lambda t, _: list(t["groups"]) == ["g2"],
        ),
        ("tea.edu", "updateGroupState", [ROOM, {"groups": []}, 0], lambda t, _: t["groups"] == {}),
        (
            "tea.edu",
            "updateRecordingState",
            [{**IN_ROOM, "state": 1, "args": recorded}],
            lambda t, _: t["recordings"][-1]["status"] == 1,
        ),
        (
            "tea.edu",
            "updateRecordingState",
            [{**IN_ROOM, "state": 0}],
            lambda t, _: t["recordings"][-1]["status"] == 2,
        ),
        ("ada.rte", "deleteStream", [ROOM, "ada", "17"], lambda t, _: user(t, "ada")["streams"] == []),
        (
            "tea.edu",
            "kickOutOnceOrBan",
            ["bob", False, ROOM],
            lambda t, _: not user(t, "bob")["online"] and not user(t, "bob")["isBanned"],
        ),
        ("tea.edu", "kickOutOnceOrBan", ["ada", True, ROOM], lambda t, _: user(t, "ada")["isBanned"]),
    ]
