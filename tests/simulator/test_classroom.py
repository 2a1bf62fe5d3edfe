"""The calls of a classroom client."""

import pytest

from tests.simulator.conftest import Api, refused


@pytest.fixture
def teacher(sim):
    return Api(sim, "teacher-1")


def test_chat_message_emits_an_event(sim, api, room):
    answer = api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="hello 👋", type=1)
    assert answer.status_code == 200
    (event,) = api.poll()
    assert event["cmd"] == 3
    assert event["data"] == {
        "fromUser": {"userUuid": "ada", "userName": "Ada", "role": 2},
        "message": "hello 👋",
        "type": 1,
    }
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="")) == (400, 400)
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="x", type=2)) == (400, 400)
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "no", message="x")) == (404, 20404200)
    sim.room(room, "leave", userUuid="ada")
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="x")) == (404, 20404200)


def test_students_cannot_chat_in_a_muted_room(api, room):
    assert api.put("/v2/rooms/{}/mute", room, muteChat=1).status_code == 200
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["changeProperties"]) == (4, {"muteChat": 1})
    assert api.get("/v2/rooms/{}", room).json()["data"]["muteChat"] == 1
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="x")) == (403, 30403200)
    assert api.post("/v2/rooms/{}/from/{}/chat", room, "teacher-1", message="x").status_code == 200
    api.put("/v2/rooms/{}/mute", room, muteChat=0)
    assert api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="x").status_code == 200
    assert refused(api.put("/v2/rooms/{}/mute", room, muteChat=2)) == (400, 400)


def test_muted_student_cannot_chat(sim, api, room):
    sim.room(room, "mute", userUuid="ada", by="teacher-1")
    (event,) = api.poll()
    assert event["cmd"] == 21
    assert event["data"]["muteChat"] == 1
    assert event["data"]["operator"] == {"userUuid": "teacher-1", "userName": "Ms Grey", "role": 1}
    assert refused(api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message="x")) == (403, 30403200)
    assert api.post("/v2/rooms/{}/from/{}/chat", room, "bob", message="x").status_code == 200


def test_chat_history_is_sorted_and_paged(api, room):
    for number in range(3):
        api.post("/v2/rooms/{}/from/{}/chat", room, "ada", message=f"m{number}")
    newest = api.get("/v2/rooms/{}/chat/messages", room).json()["data"]["list"]
    oldest = api.get("/v2/rooms/{}/chat/messages", room, sort=1).json()["data"]["list"]
    assert [row["message"] for row in newest] == ["m2", "m1", "m0"]
    assert oldest == newest[::-1]


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_rewards_are_counted(sim, api, room, version):
    details = [{"userUuid": "ada", "changeReward": 2}, {"userUuid": "bob", "changeReward": 1}]
    path = f"/{version}/rooms/{{}}/rewards"
    assert api.post(path, room, rewardDetails=details).status_code == 200
    (event,) = api.poll()
    assert event["cmd"] == 1101
    assert event["data"]["rewardDetails"] == [
        {"userUuid": "ada", "changedReward": 2, "total": 2},
        {"userUuid": "bob", "changedReward": 1, "total": 1},
    ]
    assert event["data"]["updateTime"] == sim.world.now
    api.post(path, room, rewardDetails=[{"userUuid": "ada", "changeReward": -5}])
    assert api.poll()[0]["data"]["rewardDetails"][0]["total"] == 0
    for bad in (None, [], [{}], [{"userUuid": "ada"}], "x"):
        assert refused(api.post(path, room, rewardDetails=bad)) == (400, 400)
    unknown = [{"userUuid": "no", "changeReward": 1}]
    assert refused(api.post(path, room, rewardDetails=unknown)) == (404, 20404200)


@pytest.mark.parametrize("process", ["waveArm", "handsUp"])
def test_hand_is_raised_and_lowered(sim, api, room, process):
    path = f"/v2/rooms/{{}}/processes/{process}/progress"
    assert api.post(path, room, toUserUuid="ada", payload={"userName": "Ada"}).status_code == 200
    (event,) = api.poll()
    raised = [{"userUuid": "ada", "payload": {"userName": "Ada"}}]
    assert event["cmd"] == 1502
    assert event["data"] == {"progressUsers": raised, "addProgressUsers": raised, "removeProgressUsers": []}
    assert refused(api.post(path, room, toUserUuid="ada")) == (409, 30409460)
    assert api.delete(path, room, toUserUuid="ada").status_code == 200
    assert api.poll()[0]["data"]["removeProgressUsers"] == raised
    assert refused(api.delete(path, room, toUserUuid="ada")) == (409, 30409460)
    assert refused(api.post("/v2/rooms/{}/processes/{}/progress", room, "dance", toUserUuid="ada")) == (
        400,
        400,
    )


def test_hand_is_lowered_after_its_timeout(sim, api, room):
    path = "/v2/rooms/{}/processes/waveArm/progress"
    api.post(path, room, toUserUuid="ada", timeout=30)
    api.drain()
    sim.step(29_999)
    assert api.poll() == []
    sim.step(1)
    assert api.poll()[0]["data"]["removeProgressUsers"][0]["userUuid"] == "ada"


def test_caller_raises_their_own_hand(sim, room):
    ada = Api(sim, "ada")
    assert ada.post("/v2/rooms/{}/processes/waveArm/progress", room).status_code == 200
    assert ada.poll()[0]["data"]["addProgressUsers"][0]["userUuid"] == "ada"


def test_user_goes_on_and_off_the_stage(api, room):
    path = "/v2/rooms/{}/processes/handsUp/acceptance"
    api.post(path, room, toUserUuid="ada")
    api.post(path, room, toUserUuid="bob")
    first, second = api.poll()
    assert (first["cmd"], first["data"]["addAcceptedUsers"]) == (1501, [{"userUuid": "ada"}])
    assert second["data"]["acceptedUsers"] == [{"userUuid": "ada"}, {"userUuid": "bob"}]
    assert refused(api.post(path, room, toUserUuid="ada")) == (409, 20409000)
    api.delete(path, room, toUserUuid="ada")
    assert api.poll()[0]["data"]["removeAcceptedUsers"] == [{"userUuid": "ada"}]
    assert refused(api.delete(path, room, toUserUuid="ada")) == (404, 30404462)
    api.delete(f"{path}/all", room)
    assert api.poll()[0]["data"]["acceptedUsers"] == []


def test_going_on_stage_lowers_the_hand_and_has_a_limit(sim, api):
    processes = {"handsUp": {"maxAccept": 1}}
    api.post("/v2/rooms/{}", "tight", roomName="t", roomType=4, roomProperties={"processes": processes})
    for uuid in ("a", "b"):
        sim.room("tight", "enter", userUuid=uuid)
    sim.room("tight", "wave", userUuid="a")
    api.drain()
    path = "/v2/rooms/{}/processes/handsUp/acceptance"
    api.post(path, "tight", toUserUuid="a")
    assert [event["cmd"] for event in api.poll()] == [1501, 1502]
    assert refused(api.post(path, "tight", toUserUuid="b")) == (429, 30429461)


def test_stream_is_added_changed_and_deleted(sim, api, room):
    path = "/v1/rooms/{}/users/{}/streams/{}"
    body = {"videoState": 1, "audioState": 0, "videoSourceType": 2, "audioSourceType": 0}
    api.put(path, room, "ada", "s1", **body)
    (event,) = api.poll()
    assert event["cmd"] == 40
    assert {name: event["data"][name] for name in body} == body
    assert event["data"]["action"] == 0
    assert event["data"]["fromUser"]["userUuid"] == "ada"
    assert event["data"]["streamUuid"] == "s1"
    assert event["data"]["updateTime"] == sim.world.now
    api.put(path, room, "ada", "s1", audioState=1)
    assert api.poll()[0]["data"]["action"] == 1
    api.delete(path, room, "ada", "s1")
    assert api.poll()[0]["data"]["action"] == 2
    api.delete(path, room, "ada", "s1")
    assert api.poll() == []
    for bad in ({"videoState": 2}, {"videoSourceType": 3}, {"audioSourceType": "mic"}):
        assert refused(api.put(path, room, "ada", "s1", **bad)) == (400, 400)


@pytest.mark.parametrize("product", ["edu", "scene"])
def test_snapshot_is_the_current_state(sim, api, room, product):
    data = api.call("GET", "/v1/rooms/{}/snapshot", room, prefix=f"/{product}/apps/{sim.app_id}").json()[
        "data"
    ]
    assert data["seq"] == 4
    assert data["roomInfo"] == {"roomUuid": room, "roomName": "Class one"}
    assert [user["userUuid"] for user in data["users"]] == ["teacher-1", "ada", "bob"]
    assert data["users"][2]["streams"][0]["videoState"] == 1
    assert data["roomProperties"]["schedule"]["state"] == 1


def test_quiz_runs_from_start_to_results(sim, api, teacher, room):
    start = "/v2/rooms/{}/widgets/popupQuizs/start"
    began = sim.world.now
    quiz = teacher.post(start, room, items=["A", "B", "C"], correctItems=["A"]).json()["data"]["popupQuizId"]
    assert refused(teacher.post(start, room, items=["A"], correctItems=["A"])) == (409, 20409000)
    sim.step(3000)
    answer = "/v2/rooms/{}/widgets/popupQuizs/{}/users/{}"
    api.put(answer, room, quiz, "ada", selectedItems=["A"])
    api.put(answer, room, quiz, "bob", selectedItems=["B"])
    teacher.post("/v2/rooms/{}/widgets/popupQuizs/{}/stop", room, quiz)
    page = api.get("/v2/rooms/{}/widgets/popupQuiz/sequences", room).json()["data"]
    rows = page["list"]
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["data"]["cause"]["action"] for row in rows] == [1, 3, 4, 3, 4, 2]
    extra = rows[0]["data"]["changeProperties"]["extra"]
    assert rows[0]["data"]["changeProperties"]["state"] == 1
    assert rows[0]["data"]["operator"]["userUuid"] == "teacher-1"
    assert extra["popupQuizId"] == quiz
    assert (extra["items"], extra["correctItems"]) == (["A", "B", "C"], ["A"])
    assert (extra["answerState"], extra["receiveQuestionTime"], extra["totalCount"]) == (1, began, 2)
    mine = rows[1]["data"]
    assert mine["changeProperties"] == {
        "popupQuizId": quiz,
        "selectedItems": ["A"],
        "isCorrect": True,
        "lastCommitTime": began + 3000,
    }
    assert mine["fromUser"]["userUuid"] == mine["operator"]["userUuid"] == "ada"
    assert rows[4]["data"]["changeProperties"]["extra"] == {
        "selectedCount": 2,
        "correctCount": 1,
        "totalCount": 2,
        "averageAccuracy": 0.5,
    }
    assert rows[5]["data"]["changeProperties"]["extra"]["answerState"] == 0
    answers = api.get("/v2/rooms/{}/widgets/popupQuizs/{}/users", room, quiz).json()["data"]["list"]
    assert [(row["ownerUserUuid"], row["isCorrect"]) for row in answers] == [("ada", True), ("bob", False)]
    assert refused(api.put(answer, room, quiz, "ada", selectedItems=["B"])) == (409, 20409000)
    assert {event["cmd"] for event in api.poll()} == {4}


def test_quiz_answers_are_paged_by_count(sim, api, room):
    quiz = sim.room(room, "quiz", userUuid="teacher-1")["popupQuizId"]
    sim.room(room, "answer", userUuid="ada", selectedItems=["A"])
    path = "/v2/rooms/{}/widgets/popupQuiz/sequences"
    page = api.get(path, room, count=2).json()["data"]
    assert (page["count"], page["nextId"], page["total"]) == (2, "3", 3)
    assert api.get(path, room, nextId=3).json()["data"]["list"][0]["sequence"] == 3
    assert refused(api.get(path, room, count=0)) == (400, 400)
    assert quiz


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": ["A"]},
        {"items": [], "correctItems": []},
        {"items": ["A"], "correctItems": ["B"]},
        {"items": "AB", "correctItems": ["A"]},
        {"items": [1], "correctItems": [1]},
    ],
)
def test_invalid_quiz_is_refused(api, room, body):
    assert refused(api.post("/v2/rooms/{}/widgets/popupQuizs/start", room, **body)) == (400, 400)


def test_answer_to_an_unknown_quiz_or_poll_is_not_found(api, room):
    answer = "/v2/rooms/{}/widgets/popupQuizs/{}/users/{}"
    assert refused(api.put(answer, room, "none", "ada", selectedItems=["A"]))[0] == 404
    assert refused(api.post("/v2/rooms/{}/widgets/polls/{}/stop", room, "none"))[0] == 404


def test_poll_runs_from_start_to_results(api, teacher, room):
    start = "/v2/rooms/{}/widgets/polls/start"
    poll = teacher.post(start, room, mode=1, pollItems=["yes", "no"]).json()["data"]["pollId"]
    answer = "/v2/rooms/{}/widgets/polls/{}/users/{}"
    api.post(answer, room, poll, "ada", selectIndex=[0])
    api.post(answer, room, poll, "bob", selectIndex=["1"])
    teacher.post("/v2/rooms/{}/widgets/polls/{}/stop", room, poll)
    rows = api.get("/v2/rooms/{}/widgets/poll/sequences", room).json()["data"]["list"]
    assert [row["data"]["cause"]["action"] for row in rows] == [1, 3, 4, 3, 4, 2]
    extra = rows[0]["data"]["changeProperties"]["extra"]
    assert (extra["pollId"], extra["pollItems"], extra["mode"], extra["pollState"]) == (
        poll,
        ["yes", "no"],
        1,
        1,
    )
    assert rows[1]["data"]["changeProperties"] == {"pollId": poll, "selectIndex": [0]}
    assert rows[4]["data"]["changeProperties"]["extra"]["pollDetails"] == {
        "0": {"num": 1, "percentage": 0.5},
        "1": {"num": 1, "percentage": 0.5},
    }
    assert rows[5]["data"]["changeProperties"]["extra"]["pollState"] == 0
    second = teacher.post(start, room, mode=1, pollItems=["a", "b"]).json()["data"]["pollId"]
    for bad in ([0, 1], [2], [-1], [], "0", ["x"], [True]):
        assert refused(api.post(answer, room, second, "ada", selectIndex=bad)) == (400, 400)


def test_room_stream_announces_a_running_widget(sim, api, room):
    sim.room(room, "quiz", userUuid="teacher-1")
    sim.room(room, "quiz", stop=True)
    shown = [event["data"]["changeProperties"] for event in api.poll()]
    assert shown == [{"widgets": {"popupQuiz": {"state": 1}}}, {"widgets": {"popupQuiz": {"state": 0}}}]


def test_configs_are_answered(api):
    assert api.get("/v2/configs").json()["data"] == {}
