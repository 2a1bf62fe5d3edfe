"""What is sent for each call that controls a class from outside: call, arguments, method, target, body."""

from __future__ import annotations

from typing import Any

from classroom_admin.agora.classroom_calls import (
    Announce,
    ClearStage,
    GiveRewards,
    LowerHand,
    MessagePerson,
    MoveInGroups,
    MuteRoomChat,
    OpenHands,
    PutOnStage,
    RemoveGroups,
    RenameGroup,
    StopCarousel,
    StopScreen,
    StopVideoWall,
    TakeOffStage,
)
from classroom_admin.agora.media_calls import PutStream, PutStreams, ReadSnapshot
from classroom_admin.agora.widget_calls import (
    ChangeCountdown,
    SetWidget,
    StartCountdown,
    StartPoll,
    StartQuiz,
    StopPoll,
    StopQuiz,
)
from tests.agora.cloud import APP_ID

V1 = f"/eu/edu/apps/{APP_ID}/v1/rooms/r1"
V2 = f"/eu/edu/apps/{APP_ID}/v2/rooms/r1"
V3 = f"/eu/edu/apps/{APP_ID}/v3/rooms/r1"
R = {"room_uuid": "r1"}
U = {"room_uuid": "r1", "user_uuid": "u1"}
MUTE = {"userUuid": "u1", "streamUuid": "s1", "audioState": 0}
TO = {"toUserUuid": "u1"}
SCHOOL = {"userUuid": "admin", "userName": "Tess"}

CLASSROOM_WIRE: list[tuple[Any, dict[str, Any], str, str, Any]] = [
    (
        PutStream,
        {**U, "stream_uuid": "s1", "audio_state": 0},
        "PUT",
        f"{V1}/users/u1/streams/s1",
        {"audioState": 0},
    ),
    (
        PutStream,
        {**U, "stream_uuid": "s1", "video_state": 1},
        "PUT",
        f"{V1}/users/u1/streams/s1",
        {"videoState": 1},
    ),
    (PutStreams, {**R, "streams": [MUTE]}, "PUT", f"{V1}/streams", {"streams": [MUTE]}),
    (ReadSnapshot, R, "GET", f"{V1}/snapshot", None),
    (MuteRoomChat, {**R, "mute_chat": 1}, "PUT", f"{V2}/mute", {"muteChat": 1}),
    (
        Announce,
        {**R, "text": "Fire drill"},
        "POST",
        f"{V2}/chat/messages",
        {"range": 1, "type": "txt", "msg": "Fire drill"},
    ),
    (
        Announce,
        {**R, "text": "Back", "range": 2, "to_group_uuids": ["g1"]},
        "POST",
        f"{V2}/chat/messages",
        {"range": 2, "type": "txt", "msg": "Back", "toGroupUuids": ["g1"]},
    ),
    (
        MessagePerson,
        {**U, "text": "Hello", "sender": SCHOOL},
        "POST",
        f"{V2}/users/u1/messages/peer",
        {
            "payload": {
                "cmd": 1,
                "data": {
                    "fromUser": SCHOOL,
                    "fromRoom": {"roomUuid": U["room_uuid"]},
                    "message": "Hello",
                },
            },
            "waitForAck": False,
        },
    ),
    (PutOnStage, U, "POST", f"{V2}/processes/handsUp/acceptance", TO),
    (TakeOffStage, U, "DELETE", f"{V2}/processes/handsUp/acceptance", TO),
    (ClearStage, R, "DELETE", f"{V2}/processes/handsUp/acceptance/all", None),
    (LowerHand, U, "DELETE", f"{V2}/processes/waveArm/progress", TO),
    (OpenHands, {**R, "state": 0}, "PUT", f"{V2}/processes/handsUp/0", {}),
    (
        GiveRewards,
        {**R, "reward_details": [{"userUuid": "u1", "changeReward": 2}]},
        "POST",
        f"{V3}/rewards",
        {"rewardDetails": [{"userUuid": "u1", "changeReward": 2}]},
    ),
    (StopScreen, U, "PUT", f"{V2}/users/u1/screen/0", None),
    (StopCarousel, R, "PUT", f"{V2}/carousels/states/0", None),
    (StopVideoWall, R, "PUT", f"{V2}/expandedScope/states/0", {"userUuids": []}),
    (
        MoveInGroups,
        {**U, "out_of": "g1", "into": "g2"},
        "PATCH",
        f"{V2}/groups/users",
        {
            "groups": [
                {"groupUuid": "g1", "addUsers": [], "removeUsers": ["u1"]},
                {"groupUuid": "g2", "addUsers": ["u1"], "removeUsers": []},
            ],
            "inProgress": False,
        },
    ),
    (
        RenameGroup,
        {**R, "group_uuid": "g1", "group_name": "Red"},
        "PATCH",
        f"{V2}/groups/info",
        {"groups": [{"groupUuid": "g1", "groupName": "Red"}]},
    ),
    (
        RemoveGroups,
        {**R, "group_uuids": ["g1"]},
        "DELETE",
        f"{V2}/groups/states/1",
        {"removeGroupUuids": ["g1"]},
    ),
    (
        SetWidget,
        {**R, "widget_uuid": "netlessBoard", "state": 1},
        "PUT",
        f"{V2}/widgets/netlessBoard",
        {"state": 1},
    ),
    (
        StartQuiz,
        {**R, "items": ["A", "B"], "correct_items": ["A"]},
        "POST",
        f"{V2}/widgets/popupQuizs/start",
        {"items": ["A", "B"], "correctItems": ["A"]},
    ),
    (StopQuiz, {**R, "quiz_id": "q1"}, "POST", f"{V2}/widgets/popupQuizs/q1/stop", None),
    (
        StartPoll,
        {**R, "mode": 2, "items": ["yes", "no"]},
        "POST",
        f"{V2}/widgets/polls/start",
        {"mode": 2, "pollItems": ["yes", "no"]},
    ),
    (StopPoll, {**R, "poll_id": "p1"}, "POST", f"{V2}/widgets/polls/p1/stop", None),
    (
        StartCountdown,
        {**R, "seconds": 60},
        "POST",
        f"{V2}/widgets/countdownTimer/start",
        {"duration": 60},
    ),
    (
        ChangeCountdown,
        {**R, "timer_id": "t1", "what": "pause"},
        "PUT",
        f"{V2}/widgets/countdownTimer/t1/pause",
        None,
    ),
]
