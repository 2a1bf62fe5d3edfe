"""One lesson as the cloud tells it in three dialects: the first documents, those of 2023, and the client.

Each event is a tuple (cmd, data, what stands beside the data).
"""

from tests.events.lesson import ADA, BEN, ms, named, person

CAT = person("cat")
CAMERA = {"streamUuid": "7", "streamName": "ben", "videoSourceType": 1, "audioSourceType": 1}
SCREEN = {"streamUuid": "8", "streamName": "ada", "videoSourceType": 2, "audioSourceType": 0}


def entered(*people, total):
    return 20, {"total": total, "onlineUsers": list(people)}, {}


def stream(who, action, fields, **states):
    data = {"fromUser": who, **fields, **states, "operator": who}
    return 40, data if action is None else {**data, "action": action}, {}


def room(changes, *, cmd=4, action=0, **beside):
    return cmd, {"action": action, "changeProperties": changes, "cause": {}, "operator": ADA}, beside


FIRST = [
    (1, {"state": 1, "startTime": ms(0)}, {}),
    entered({**ADA, "type": 1, "streamUuid": "9"}, {**BEN, "type": 1, "streamUuid": "7"}, total=2),
    stream(BEN, 0, CAMERA, videoState=1, audioState=1),
    entered({**CAT, "type": 1}, total=3),
    stream(BEN, 1, CAMERA, videoState=1, audioState=0),
    stream(ADA, 0, SCREEN, videoState=1, audioState=0),
    stream(ADA, 2, {"streamUuid": "8"}),
    (1502, {"progressUsers": named("ben"), "addProgressUsers": named("ben")}, {}),
    (1501, {"acceptedUsers": named("cat"), "addAcceptedUsers": named("cat")}, {}),
    (1001, {"state": 1, "recordId": "a", "startTime": ms(10)}, {}),
    room({"muteChat": 1}),
    room({"flex": {"page": 3, "left": 1}}),
    room({"flex.left": 1}, action=1),
    room({"widgets": {"poll": {"state": 1, "extra": {"a": 1}}}}, action=1),
    (22, {"fromUser": BEN, "action": 0, "changeProperties": {"device": "pad", "old": 1}}, {}),
    (22, {"fromUser": BEN, "action": 1, "changeProperties": {"old": 1}}, {}),
    (22, {"fromUser": CAT, "action": 0, "changeProperties": {"device": "pc"}}, {}),
]
Y2023 = [
    (1, {"state": 1, "startTime": ms(0), "operator": ADA}, {}),
    entered({**ADA, "type": 1, "streamUuid": "9"}, {**BEN, "type": 1, "streamUuid": "7"}, total=2),
    stream(BEN, 0, CAMERA, videoState=1, audioState=1),
    entered({**CAT, "type": 1}, total=3),
    stream(BEN, 1, CAMERA, videoState=1, audioState=0),
    stream(ADA, 0, SCREEN, videoState=1, audioState=0),
    stream(ADA, 2, {"streamUuid": "8"}),
    (1502, {"progressUsers": named("ben"), "addProgressUsers": named("ben")}, {}),
    room({"processes": {"waveArm": {"progress": named("ben")}}}),
    (1501, {"acceptedUsers": named("cat"), "addAcceptedUsers": named("cat")}, {}),
    room({"processes": {"handsUp": {"accepted": named("cat")}}}),
    (1001, {"state": 1, "recordId": "a", "startTime": ms(10), "reason": 1}, {}),
    (1001, {"state": 2, "recordId": "a", "reason": 4}, {}),
    (1001, {"state": 1, "recordId": "a", "startTime": ms(10), "reason": 3}, {}),
    room({"muteChat": 1}),
    room({"flex": {"page": 3, "left": 1}}),
    room({"flex.left": 1}, action=1),
    (1110, {"widgetUuid": "poll", "action": 1, "changeProperties": {"state": 1, "extra": {"a": 1}}}, {}),
    (22, {"fromUser": BEN, "action": 0, "changeProperties": {"device": "pad", "old": 1}}, {}),
    (22, {"fromUser": BEN, "action": 1, "changeProperties": {"old": 1}}, {}),
    (22, {"fromUser": CAT, "action": 0, "changeProperties": {"device": "pc"}}, {}),
]
_ON = {"videoState": 1, "audioState": 1, "videoSourceState": 1, "audioSourceState": 1}
CLIENT = [
    (1, {"state": 1, "startTime": ms(0), "operator": ADA}, {}),
    entered({**ADA, "type": 1, "streams": []}, {**BEN, "type": 1, "streams": [{**CAMERA, **_ON}]}, total=2),
    (24, {"users": [{"subscribe": 1, "streams": [{"streamUuid": "7"}]}]}, {}),
    entered({**CAT, "type": 1}, total=3),
    stream(BEN, 2, CAMERA, **{**_ON, "audioState": 0}, playUrl="https://play"),
    room({"screen": {"state": 1, "userUuid": "ada", "streamUuid": "8"}}, cmd=5, action=1),
    stream(ADA, 1, SCREEN, **_ON),
    room({"screen": "deleted"}, cmd=5, action=1),
    stream(ADA, 3, SCREEN, **_ON),
    room({"processes.waveArm.progress": named("ben")}, cmd=5, action=1),
    room({"processes.handsUp.accepted": named("cat")}, cmd=5, action=1),
    room({"record": {"state": 1, "onhold": False}}, cmd=5, action=1),
    (1001, {"state": 1, "recordId": "a", "startTime": ms(10), "reason": 1}, {}),
    room({"muteChat": 1}, cmd=5, action=1),
    room({"flex": {"page": 3, "left": 1}}, cmd=5, action=1),
    room({"flex.left": "deleted"}, cmd=5, action=1),
    room({"widgets.poll": {"state": 1, "extra": {"a": 1}}}, cmd=5, action=1),
    (
        23,
        {"fromUser": BEN, "action": 1, "changeProperties": {"device": "pad", "old": 1}},
        {
            "batch": {"id": "b", "total": 2, "progress": 1},
            "list": [
                {"fromUser": BEN, "changeProperties": {"old": "deleted"}, "cause": {}, "operator": ADA},
                {"fromUser": CAT, "changeProperties": {"device": "pc"}, "cause": {}, "operator": ADA},
            ],
        },
    ),
    (25, {"users": [{"userUuid": "cat", "userName": "Cat", "role": 2}]}, {}),
]
DIALECTS = {"2021": FIRST, "2023": Y2023, "sdk": CLIENT}
