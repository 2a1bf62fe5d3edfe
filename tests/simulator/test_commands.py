"""Commands from outside: each is accepted from a server, changes the class, and emits events."""

import pytest
from agoraiotools.apaas_token_builder import ApaasTokenBuilder

from tests.simulator.conftest import Api, refused

STREAM = "/v1/rooms/{}/users/{}/streams/{}"


@pytest.fixture
def server(sim):
    """A server with an education app token, which belongs to nobody in the class."""
    api = Api(sim)
    token = ApaasTokenBuilder.build_app_token(sim.app_id, sim.app_certificate, 3600)
    api.headers = {"Authorization": f"agora token={token}"}
    return api


def truth_of(sim, room):
    return sim.oracle(room=room, events=0)["rooms"][0]


def user_of(sim, room, uuid):
    return next(user for user in truth_of(sim, room)["users"] if user["userUuid"] == uuid)


def stream_of(sim, room, uuid):
    return user_of(sim, room, uuid)["streams"][0]["streamUuid"]


def test_server_mutes_one_microphone(sim, server, api, room):
    stream = stream_of(sim, room, "bob")
    assert server.put(STREAM, room, "bob", stream, audioState=0).status_code == 200
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["action"], event["data"]["audioState"]) == (40, 1, 0)
    assert event["data"]["videoState"] == 1
    assert user_of(sim, room, "bob")["streams"][0]["audioState"] == 0


def test_server_mutes_several_microphones_in_one_event(sim, server, api, room):
    streams = [
        {"userUuid": uuid, "streamUuid": stream_of(sim, room, uuid), "audioState": 0}
        for uuid in ("teacher-1", "bob")
    ]
    assert server.put("/v1/rooms/{}/streams", room, streams=streams).status_code == 200
    (event,) = api.poll()
    assert event["cmd"] == 41
    assert [row["audioState"] for row in event["data"]["streams"]] == [0, 0]
    assert user_of(sim, room, "teacher-1")["streams"][0]["audioState"] == 0
    assert refused(server.put("/v1/rooms/{}/streams", room, streams=[])) == (400, 400)
    unknown = [{"userUuid": "no", "streamUuid": "1", "audioState": 0}]
    assert refused(server.put("/v1/rooms/{}/streams", room, streams=unknown)) == (404, 20404200)


def test_announcement_is_heard_in_the_class_and_kept_in_the_history(sim, server, api, room):
    body = {"range": 1, "type": "txt", "msg": "Five minutes left"}
    assert server.post("/v2/rooms/{}/chat/messages", room, **body).status_code == 200
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["message"]) == (3, "Five minutes left")
    assert event["data"]["fromUser"]["role"] == "server"
    assert [row["msg"] for row in truth_of(sim, room)["announcements"]] == ["Five minutes left"]
    (said,) = api.get("/v2/rooms/{}/chat/messages", room).json()["data"]["list"]
    assert said["message"] == "Five minutes left"
    for bad in ({"range": 4}, {"msg": ""}, {"type": "song"}):
        assert refused(server.post("/v2/rooms/{}/chat/messages", room, **{**body, **bad})) == (400, 400)
    unknown = {**body, "range": 2, "toGroupUuids": ["g9"]}
    assert refused(server.post("/v2/rooms/{}/chat/messages", room, **unknown)) == (404, 404)
    sim.room(room, "state", state=3)
    assert refused(server.post("/v2/rooms/{}/chat/messages", room, **body)) == (410, 30410100)


def test_announcement_in_agora_chat_emits_no_event(sim, server, api, room):
    path = "/v2/rooms/{}/widgets/easemobIM/messages"
    assert server.post(path, room, range=1, type="txt", msg="Hello").status_code == 200
    assert api.poll() == []
    assert [row["msg"] for row in truth_of(sim, room)["announcements"]] == ["Hello"]


def test_message_to_the_room_reaches_every_app(server, api, room):
    payload = {"cmd": 7, "data": {"effect": "applause"}}
    assert server.post("/v1/rooms/{}/message/channel", room, payload=payload, sync=True).status_code == 200
    (event,) = api.poll()
    assert event["cmd"] == 99
    assert event["data"]["message"] == '{"cmd":7,"data":{"effect":"applause"}}'
    assert refused(server.post("/v1/rooms/{}/message/channel", room, payload={})) == (400, 400)


def test_direct_message_reaches_one_person(sim, server, api, room):
    path = "/v2/rooms/{}/users/{}/messages/peer"
    data = {"fromUser": {"userUuid": "office", "userName": "Office"}, "message": "Please call"}
    assert server.post(path, room, "ada", payload={"cmd": 1, "data": data}, waitForAck=False).ok
    assert api.poll() == []
    (delivered,) = truth_of(sim, room)["messages"]
    assert delivered["toUserUuid"] == "ada"
    assert (delivered["notification"]["cmd"], delivered["notification"]["data"]) == (1, data)
    assert refused(server.post(path, room, "no", payload={"cmd": 1, "data": data})) == (404, 20404200)
    sim.room(room, "leave", userUuid="ada")
    assert refused(server.post(path, room, "ada", payload={"cmd": 1, "data": data})) == (404, 20404200)


def test_people_are_filtered_and_paged(sim, api, room):
    sim.room(room, "leave", userUuid="ada")
    path = "/v2/rooms/{}/users"

    def names(**query):
        return [row["userUuid"] for row in api.get(path, room, **query).json()["data"]["list"]]

    assert names(role=2) == ["ada", "bob"]
    assert names(type=1) == ["teacher-1", "bob"]
    assert names(userName="Ad") == ["ada"]
    first = api.get(path, room, count=2).json()["data"]
    assert (first["total"], first["nextId"]) == (3, "3")
    assert names(count=2, nextId=first["nextId"]) == ["bob"]


def test_closed_hand_raising_lowers_all_hands_and_refuses_new_ones(sim, server, api, room):
    sim.room(room, "wave", userUuid="ada")
    api.drain()
    path = "/v2/rooms/{}/processes/handsUp/{}"
    assert server.put(path, room, "0", defaultAcceptRole="broadcaster").status_code == 200
    told, lowered = api.poll()
    assert told["data"]["changeProperties"] == {
        "processes": {"handsUp": {"enabled": 0, "defaultAcceptRole": "broadcaster"}}
    }
    assert lowered["data"]["removeProgressUsers"][0]["userUuid"] == "ada"
    assert truth_of(sim, room)["takesHands"] is False
    assert refused(Api(sim, "ada").post("/v2/rooms/{}/processes/waveArm/progress", room)) == (409, 20409000)
    server.put(path, room, "1")
    assert Api(sim, "ada").post("/v2/rooms/{}/processes/waveArm/progress", room).status_code == 200
    assert refused(server.put(path, room, "2")) == (400, 400)


def test_hand_belongs_to_the_caller_even_if_the_body_names_the_teacher(sim, api, room):
    ada = Api(sim, "ada")
    path = "/v2/rooms/{}/processes/waveArm/progress"
    assert ada.post(path, room, toUserUuid="teacher-1", payload={"userUuid": "ada"}).status_code == 200
    assert truth_of(sim, room)["hands"] == ["ada"]
    assert api.poll()[0]["data"]["addProgressUsers"][0]["userUuid"] == "ada"
    assert ada.delete(path, room, toUserUuid="teacher-1").status_code == 200
    assert truth_of(sim, room)["hands"] == []


def test_server_lowers_one_hand_or_all(sim, server, room):
    for uuid in ("ada", "bob"):
        sim.room(room, "wave", userUuid=uuid)
    path = "/v2/rooms/{}/processes/waveArm/progress"
    server.delete(path, room, toUserUuid="ada")
    assert truth_of(sim, room)["hands"] == ["bob"]
    sim.room(room, "wave", userUuid="ada")
    server.delete(path, room)
    assert truth_of(sim, room)["hands"] == []


def test_caller_leaves_the_stage_without_a_body(sim, server, api, room):
    path = "/v2/rooms/{}/processes/handsUp/acceptance"
    server.post(path, room, toUserUuid="ada")
    assert Api(sim, "ada").call("DELETE", path, room).status_code == 200
    assert truth_of(sim, room)["stage"] == []
    assert refused(Api(sim, "ada").call("DELETE", path, room)) == (404, 30404462)


def test_hand_is_raised_by_the_older_path(sim, room):
    assert Api(sim, "ada").post("/v2/rooms/{}/handup/{}", room, "teacher-1", payload="{}").status_code == 200
    assert truth_of(sim, room)["hands"] == ["ada"]


@pytest.fixture
def groups(sim, room):
    rows = [
        {"groupUuid": "g1", "groupName": "Red", "userUuids": ["ada"]},
        {"groupUuid": "g2", "groupName": "Blue", "userUuids": ["bob"]},
    ]
    sim.room(room, "groups", groups=rows)
    Api(sim).drain()
    return room


def members(sim, room):
    return {
        uuid: [user["userUuid"] for user in group["users"]]
        for uuid, group in truth_of(sim, room)["groups"].items()
    }


def test_student_is_moved_between_breakout_rooms(sim, server, api, groups):
    moves = [
        {"groupUuid": "g1", "addUsers": [], "removeUsers": ["ada"]},
        {"groupUuid": "g2", "addUsers": ["ada"], "removeUsers": []},
    ]
    answer = server.patch("/v2/rooms/{}/groups/users", groups, groups=moves, inProgress=False)
    assert answer.status_code == 200
    assert members(sim, groups) == {"g1": [], "g2": ["bob", "ada"]}
    (event,) = api.poll()
    assert event["data"]["changeProperties"]["groups"]["details"]["g2"]["users"][1] == {"userUuid": "ada"}
    unknown = [{"groupUuid": "g9", "addUsers": ["ada"]}]
    assert refused(server.patch("/v2/rooms/{}/groups/users", groups, groups=unknown)) == (404, 404)


def test_breakout_room_is_renamed(sim, server, groups):
    names = [{"groupUuid": "g1", "groupName": "Readers"}]
    assert server.patch("/v2/rooms/{}/groups/info", groups, groups=names).status_code == 200
    assert truth_of(sim, groups)["groups"]["g1"]["groupName"] == "Readers"
    assert refused(server.patch("/v2/rooms/{}/groups/info", groups, groups=[{"groupUuid": "g1"}])) == (
        400,
        400,
    )


def test_one_breakout_room_is_closed_or_all(sim, server, groups):
    assert server.delete("/v2/rooms/{}/groups/states/1", groups, removeGroupUuids=["g1"]).status_code == 200
    assert members(sim, groups) == {"g2": ["bob"]}
    assert server.call("PUT", "/v2/rooms/{}/groups/states/0", groups).status_code == 200
    assert members(sim, groups) == {}
    answer = server.delete("/v2/rooms/{}/groups/states/1", groups, removeGroupUuids=["g1"])
    assert refused(answer) == (409, 20409000)


def test_breakout_rooms_have_limits(server, room):
    path = "/v2/rooms/{}/groups/states/1"
    many = [{"groupName": f"G{number}"} for number in range(21)]
    assert refused(server.put(path, room, groups=many)) == (400, 400)
    assert server.put(path, room, groups=many[:20]).status_code == 200
    crowd = [{"userUuid": f"u{number}"} for number in range(18)]
    assert refused(server.put(path, room, groups=[{"groupName": "Big", "users": crowd}])) == (400, 400)


def test_people_in_breakout_rooms_can_have_events_of_their_own(sim, server, api, room):
    sim.control("POST", "/switches", {"groupRooms": True})
    sim.room(room, "groups", groups=[{"groupUuid": "g1", "groupName": "Red", "userUuids": ["ada"]}])
    events = api.poll()
    assert [(event["roomUuid"], event["cmd"]) for event in events] == [(room, 4), ("g1", 20)]
    api.post("/v2/rooms/{}/from/{}/chat", "g1", "ada", message="just us")
    assert api.poll()[0]["roomUuid"] == "g1"
    server.post("/v2/rooms/{}/chat/messages", room, range=3, type="txt", msg="Come back")
    assert {event["roomUuid"] for event in api.poll()} == {room, "g1"}
    assert sim.oracle(room="g1")["rooms"][0]["parent"] == room
    sim.room(room, "groups")
    ended = api.poll()
    assert [(event["roomUuid"], event["cmd"]) for event in ended] == [(room, 4), ("g1", 20)]
    assert ended[1]["data"]["offlineUsers"][0]["userUuid"] == "ada"
    sim.step(60_000)
    assert refused(api.get("/v2/rooms/{}", "g1")) == (404, 20404100)


def test_widget_is_turned_on_and_off_and_deleted(sim, server, api, room):
    path = "/v2/rooms/{}/widgets/{}"
    extra = {"boardId": "b1", "page": 2}
    assert server.put(path, room, "netlessBoard", state=1, extra=extra).status_code == 200
    (event,) = api.poll()
    assert event["cmd"] == 4
    assert event["data"]["changeProperties"] == {"widgets": {"netlessBoard": {"state": 1, "extra": extra}}}
    server.put(path, room, "netlessBoard", state=0, ownerUserUuid="ada")
    board = truth_of(sim, room)["widgets"]["netlessBoard"]
    assert board == {"state": 0, "extra": extra, "ownerUserUuid": "ada"}
    assert server.delete(f"{path}/extra", room, "netlessBoard", properties=["page"], cause={}).ok
    assert truth_of(sim, room)["widgets"]["netlessBoard"]["extra"] == {"boardId": "b1"}
    assert server.delete(path, room, "netlessBoard").status_code == 200
    assert truth_of(sim, room)["widgets"] == {}
    assert refused(server.delete(path, room, "netlessBoard")) == (404, 404)
    rows = server.get(f"{path}/sequences", room, "netlessBoard").json()["data"]["list"]
    assert [row["data"]["action"] for row in rows] == [1, 1, 2, 2]
    assert {row["widgetUuid"] for row in rows} == {"netlessBoard"}
    assert refused(server.put(path, room, "netlessBoard", state=2)) == (400, 400)


def test_widget_keeps_data_of_a_user(sim, server, api, room):
    path = "/v2/rooms/{}/widgets/{}/users/{}"
    assert server.put(path, room, "netlessBoard", "ada", properties={"colour": "red"}).status_code == 200
    assert api.poll()[0]["cmd"] == 22
    kept = user_of(sim, room, "ada")["properties"]["widgets"]["netlessBoard"]
    assert kept == {"colour": "red"}
    assert server.delete(path, room, "netlessBoard", "ada", properties=["colour"]).status_code == 200
    assert user_of(sim, room, "ada")["properties"]["widgets"]["netlessBoard"] == {}


@pytest.mark.parametrize("version", ["v2", "v3", "v4"])
def test_server_gives_rewards(sim, server, room, version):
    details = [{"userUuid": "ada", "changeReward": 1}]
    assert server.post(f"/{version}/rooms/{{}}/rewards", room, rewardDetails=details).status_code == 200
    assert user_of(sim, room, "ada")["rewards"] == 1


def test_countdown_is_started_paused_continued_and_stopped(sim, server, api, room):
    path = "/v2/rooms/{}/widgets/countdownTimer"
    timer = server.post(f"{path}/start", room, duration=60).json()["data"]["countdownTimerId"]
    assert refused(server.post(f"{path}/start", room, duration=60)) == (409, 20409000)
    extra = api.poll()[0]["data"]["changeProperties"]["widgets"]["countdownTimer"]["extra"]
    assert (extra["state"], extra["duration"], extra["startTime"]) == (1, 60, sim.world.now)
    sim.step(20_000)
    assert server.put(f"{path}/{{}}/pause", room, timer).status_code == 200
    assert truth_of(sim, room)["countdowns"][0]["leftMs"] == 40_000
    assert refused(server.put(f"{path}/{{}}/pause", room, timer)) == (409, 20409000)
    sim.step(5_000)
    assert server.put(f"{path}/{{}}/continue", room, timer).status_code == 200
    sim.step(10_000)
    assert server.put(f"{path}/{{}}/stop", room, timer).status_code == 200
    countdown = truth_of(sim, room)["countdowns"][0]
    assert (countdown["state"], countdown["leftMs"]) == ("stopped", 30_000)
    assert truth_of(sim, room)["widgets"]["countdownTimer"]["state"] == 0
    assert refused(server.put(f"{path}/{{}}/stop", room, "no")) == (404, 404)


def test_server_runs_a_quiz_and_a_poll(sim, server, room):
    path = "/v2/rooms/{}/widgets"
    quiz = server.post(f"{path}/popupQuizs/start", room, items=["A", "B"], correctItems=["A"])
    assert server.post(f"{path}/popupQuizs/{{}}/stop", room, quiz.json()["data"]["popupQuizId"]).ok
    poll = server.post(f"{path}/polls/start", room, mode=1, pollItems=["yes", "no"])
    assert server.post(f"{path}/polls/{{}}/stop", room, poll.json()["data"]["pollId"]).ok
    truth = truth_of(sim, room)
    assert (truth["quizzes"][0]["running"], truth["polls"][0]["running"]) == (False, False)


def test_carousel_and_video_wall_are_turned_on_and_off(sim, server, api, room):
    shown = {"range": 1, "type": 1, "interval": 10, "count": 6}
    assert server.put("/v2/rooms/{}/carousels/states/1", room, **shown).status_code == 200
    assert api.poll()[0]["data"]["changeProperties"] == {"carousel": {"state": 1, **shown}}
    assert server.call("PUT", "/v2/rooms/{}/carousels/states/0", room).status_code == 200
    assert truth_of(sim, room)["carousel"]["state"] == 0
    assert server.put("/v2/rooms/{}/expandedScope/states/1", room, userUuids=["ada"]).status_code == 200
    assert truth_of(sim, room)["expandedScope"] == {"state": 1, "userUuids": ["ada"]}
    server.put("/v2/rooms/{}/expandedScope/states/0", room)
    assert truth_of(sim, room)["expandedScope"] == {"state": 0}


def test_shared_screen_is_stopped_from_outside(sim, server, api, room):
    sim.room(room, "screen", userUuid="bob")
    started, told = api.poll()
    assert (started["cmd"], started["data"]["videoSourceType"]) == (40, 2)
    assert told["data"]["changeProperties"]["screen"]["userUuid"] == "bob"
    assert server.put("/v2/rooms/{}/users/{}/screen/0", room, "bob").status_code == 200
    ended, told = api.poll()
    assert (ended["cmd"], ended["data"]["action"]) == (40, 2)
    assert told["data"]["changeProperties"] == {"screen": {"state": 0}}
    assert refused(server.put("/v2/rooms/{}/users/{}/screen/0", room, "bob")) == (409, 30409103)
    assert server.put("/v2/rooms/{}/users/{}/screen", room, "ada").status_code == 200
    assert server.call("DELETE", "/v2/rooms/{}/users/{}/screen", room, "ada").status_code == 200


def test_questions_to_the_teacher_are_kept_for_each_student(sim, room):
    ada, teacher = Api(sim, "ada"), Api(sim, "teacher-1")
    path = "/v2/rooms/{}/conversation/students"
    ada.post(f"{path}/{{}}/messages", room, "ada", message="Which page?", type=1)
    teacher.post(f"{path}/{{}}/messages", room, "ada", message="Page 12", type=1)
    rows = teacher.get(f"{path}/{{}}/messages", room, "ada", sort=1).json()["data"]["list"]
    assert [row["message"] for row in rows] == ["Which page?", "Page 12"]
    (listed,) = teacher.get(path, room).json()["data"]["list"]
    assert (listed["studentUuid"], listed["message"]["message"]) == ("ada", "Page 12")


def test_engine_of_the_web_client_enters_and_tells_its_devices(sim, api, room):
    sim.control("POST", "/dialect", {"dialect": "sdk"})
    cem = Api(sim, "cem")
    scene = f"/scene/apps/{sim.app_id}"
    entered = cem.call(
        "POST", "/v1/rooms/{}/users/{}/entry", room, "cem", json={"role": "audience"}, prefix=scene
    )
    assert entered.json()["data"]["room"]["roomInfo"]["roomUuid"] == room
    stream = stream_of(sim, room, "bob")
    api.drain()
    bob = Api(sim, "bob")
    path = "/v1/rooms/{}/users/{}/streams/{}"
    answer = bob.call("PATCH", path, room, "bob", stream, json={"audioSourceState": 0}, prefix=scene)
    assert answer.status_code == 200
    data = api.poll()[0]["data"]
    assert (data["action"], data["audioState"], data["audioSourceState"]) == (2, 1, 0)
    said = bob.call(
        "POST", "/v1/rooms/{}/chat/channel", room, json={"message": "Hi", "type": 1}, prefix=scene
    )
    assert said.status_code == 200
    assert api.poll()[0]["data"]["message"] == "Hi"


@pytest.mark.parametrize("path", ["/v1/rooms/{}/users/properties", "/v2/rooms/{}/users/properties/batch"])
def test_properties_of_several_users_are_set_and_deleted(sim, server, room, path):
    rows = [{"userUuid": uuid, "properties": {"seat": uuid}} for uuid in ("ada", "bob")]
    assert server.put(path, room, users=rows).status_code == 200
    assert user_of(sim, room, "bob")["properties"] == {"seat": "bob"}
    assert server.delete(path, room, users=[{"userUuid": "bob", "properties": ["seat"]}]).status_code == 200
    assert user_of(sim, room, "bob")["properties"] == {}


def test_properties_are_set_by_the_path_of_the_engine(sim, server, room):
    server.put("/v1/rooms/{}/properties", room, properties={"page": 3})
    server.put("/v1/rooms/{}/users/{}/properties", room, "ada", properties={"seat": 1})
    assert truth_of(sim, room)["properties"] == {"page": 3}
    server.delete("/v1/rooms/{}/properties", room, properties=["page"])
    server.delete("/v1/rooms/{}/users/{}/properties", room, "ada", properties=["seat"])
    assert truth_of(sim, room)["properties"] == {}
    assert user_of(sim, room, "ada")["properties"] == {}


def test_personal_files_are_an_empty_page(sim):
    data = Api(sim, "ada").get("/v3/users/{}/resources/page", "ada", pageNo=1).json()["data"]
    assert data["list"] == []


@pytest.mark.parametrize(("status", "params"), [(404, {}), (401, {"status": 401}), (403, {"status": 403})])
def test_call_that_is_not_offered_has_no_effect(sim, server, room, status, params):
    sim.fault("not_offered", route="announce", params=params)
    body = {"range": 1, "type": "txt", "msg": "Hello"}
    answer = server.post("/v2/rooms/{}/chat/messages", room, **body)
    assert refused(answer) == (status, status)
    assert truth_of(sim, room)["announcements"] == []
    assert server.put("/v2/rooms/{}/mute", room, muteChat=1).status_code == 200


def test_call_is_refused_with_a_chosen_code(sim, server, room):
    sim.fault("refused", route="stage_on", params={"status": 409, "code": 20409000})
    path = "/v2/rooms/{}/processes/handsUp/acceptance"
    assert refused(server.post(path, room, toUserUuid="ada")) == (409, 20409000)
    assert truth_of(sim, room)["stage"] == []
    sim.clear_faults()
    sim.fault("refused", route="PUT */screen/*")
    assert refused(server.put("/v2/rooms/{}/users/{}/screen/1", room, "ada")) == (403, 403)


def test_kick_with_duration_0_removes_once(sim, server, room):
    path = "/v2/rooms/{}/users/{}/exit"
    assert server.post(path, room, "ada", dirty={"state": 0, "duration": 0}).status_code == 200
    assert user_of(sim, room, "ada")["online"] is False
    sim.room(room, "enter", userUuid="ada")
    assert server.post(path, room, "ada", dirty={"state": 1}).status_code == 200
    assert user_of(sim, room, "ada")["bannedUntil"] == -1
