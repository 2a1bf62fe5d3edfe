"""The dialects of the cloud tell the same facts with different payloads."""

import pytest

from classroom_admin.simulator.testing import ControlFailed
from tests.simulator.conftest import Api, refused


@pytest.fixture
def sdk(sim, room):
    sim.control("POST", "/dialect", {"dialect": "sdk"})
    return room


@pytest.fixture
def newer(sim, room):
    sim.control("POST", "/dialect", {"dialect": "2023"})
    return room


def data_of(api):
    (event,) = api.poll()
    return event["cmd"], event["data"]


def test_unknown_dialect_is_refused(sim):
    with pytest.raises(ControlFailed, match="must be one of 2021, 2023, sdk"):
        sim.control("POST", "/dialect", {"dialect": "2099"})
    assert sim.control("POST", "/reset", {"dialect": "2023"})["dialect"] == "2023"


def test_sdk_updates_a_stream_with_2_and_deletes_it_with_3(api, sdk):
    path = "/v1/rooms/{}/users/{}/streams/{}"
    api.put(path, sdk, "ada", "s1", audioState=1)
    added = data_of(api)[1]
    assert (added["action"], added["videoSourceState"], added["audioSourceState"]) == (1, 1, 1)
    api.put(path, sdk, "ada", "s1", audioState=0)
    assert data_of(api)[1]["action"] == 2
    api.delete(path, sdk, "ada", "s1")
    assert data_of(api)[1]["action"] == 3


def test_sdk_tells_the_states_of_streams_with_the_entry(sim, api, sdk):
    sim.room(sdk, "enter", userUuid="cem", stream=True)
    entry = data_of(api)[1]["onlineUsers"][0]
    assert entry["role"] == "broadcaster"
    assert entry["streams"][0]["videoState"] == entry["streams"][0]["videoSourceState"] == 1


def test_sdk_changes_room_properties_by_dotted_paths_without_an_action(sim, api, sdk):
    api.put("/v2/rooms/{}/properties", sdk, properties={"board.page": 2, "colour": "red"})
    cmd, data = data_of(api)
    assert (cmd, data["changeProperties"]) == (5, {"board.page": 2, "colour": "red"})
    assert "action" not in data
    api.delete("/v2/rooms/{}/properties", sdk, properties=["board.page"])
    cmd, data = data_of(api)
    assert (cmd, data["changeProperties"]) == (5, {"board.page": "deleted"})
    assert sim.oracle(room=sdk)["rooms"][0]["properties"] == {"board": {}, "colour": "red"}
    api.put("/v2/rooms/{}/mute", sdk, muteChat=1)
    assert data_of(api) == (
        5,
        {"changeProperties": {"muteChat": 1}, "cause": {}, "operator": data["operator"]},
    )


def test_sdk_changes_user_properties_by_event_23(sim, api, sdk):
    api.put("/v2/rooms/{}/users/{}/properties", sdk, "ada", properties={"seat": 3})
    cmd, data = data_of(api)
    assert (cmd, data["fromUser"]["userUuid"], data["changeProperties"]) == (23, "ada", {"seat": 3})
    sim.room(sdk, "property", userUuids=["ada", "bob"], properties={"team": "red"})
    (event,) = api.poll()
    assert (event["cmd"], event["data"], event["batch"]["total"]) == (23, {}, 1)
    assert [row["fromUser"]["userUuid"] for row in event["list"]] == ["ada", "bob"]


def test_2023_tells_user_properties_of_several_one_by_one(sim, api, newer):
    sim.room(newer, "property", userUuids=["ada", "bob"], properties={"team": "red"})
    events = api.poll()
    assert [(event["cmd"], event["data"]["fromUser"]["userUuid"]) for event in events] == [
        (23, "ada"),
        (23, "bob"),
    ]


def test_sdk_tells_hands_and_stage_as_properties(sim, api, sdk):
    ada = Api(sim, "ada")
    ada.post("/v2/rooms/{}/processes/waveArm/progress", sdk, toUserUuid="teacher-1", payload={"n": 1})
    cmd, data = data_of(api)
    waving = [{"userUuid": "ada", "payload": {"n": 1}}]
    assert (cmd, data["changeProperties"]) == (5, {"processes.waveArm.progress": waving})
    api.post("/v2/rooms/{}/processes/handsUp/acceptance", sdk, toUserUuid="ada")
    staged, lowered = [event["data"]["changeProperties"] for event in api.poll()]
    assert staged == {"processes.handsUp.accepted": [{"userUuid": "ada"}]}
    assert lowered == {"processes.waveArm.progress": []}
    properties = api.get("/v2/rooms/{}", sdk).json()["data"]["roomProperties"]
    assert properties["processes"]["handsUp"]["accepted"] == [{"userUuid": "ada"}]


def test_sdk_invites_onto_the_stage(sim, api, sdk):
    path = "/v2/rooms/{}/processes/handsUp"
    assert api.post(f"{path}/progress", sdk, toUserUuid="ada").status_code == 200
    assert list(data_of(api)[1]["changeProperties"]) == ["processes.handsUp.progress"]
    assert refused(api.post(f"{path}/progress", sdk, toUserUuid="ada")) == (409, 30409601)
    assert Api(sim, "ada").post(f"{path}/acceptance", sdk).status_code == 200
    truth = sim.oracle(room=sdk)["rooms"][0]
    assert (truth["stage"], truth["invitations"]) == (["ada"], [])


def test_sdk_tells_a_recording_and_its_pause_as_a_property(sim, api, sdk):
    sim.room(sdk, "record", state=1, publish=True)
    started, told = api.poll()
    assert (started["cmd"], started["data"]["reason"]) == (1001, 1)
    changes = told["data"]["changeProperties"]
    assert (changes["record.state"], changes["record.onhold"]) == (1, False)
    sim.step(2_000)
    assert data_of(api)[1]["changeProperties"] == {"record.ready": 1}
    sim.room(sdk, "record", onhold=True)
    assert data_of(api)[1]["changeProperties"] == {"record.onhold": True}
    sim.room(sdk, "record", state=0)
    ended, told = api.poll()
    assert (ended["data"]["state"], ended["data"]["reason"]) == (0, 2)
    assert told["data"]["changeProperties"]["record.state"] == 0


def test_2023_gives_a_recording_reasons(sim, api, newer):
    sim.room(newer, "record", state=1)
    sim.room(newer, "record", again=True)
    assert [(event["data"]["state"], event["data"]["reason"]) for event in api.poll()] == [
        (1, 1),
        (0, 4),
        (1, 3),
    ]
    sim.room(newer, "record", again=True)
    sim.room(newer, "record", again=True)
    last = api.poll()[-1]["data"]
    assert (last["state"], last["reason"]) == (0, 5)
    (row,) = api.get("/v2/rooms/{}/records", newer).json()["data"]["list"]
    assert row["unready"] is True


def test_recording_starts_again_while_its_page_does_not_load(sim, api, newer):
    sim.control("POST", "/switches", {"pagesGetReady": False})
    config = {"mode": "web", "webRecordConfig": {"url": "https://x.test"}, "retryTimeout": 60}
    api.put("/v2/rooms/{}/records/states/1", newer, **config)
    api.drain()
    sim.step(60_000)
    assert [event["data"]["reason"] for event in api.poll()] == [4, 3]
    assert api.call("PUT", "/v2/rooms/{}/records/ready", newer).status_code == 200
    assert data_of(api) == (
        4,
        {
            "action": 0,
            "changeProperties": {"record": {"ready": 1}},
            "cause": {},
            "operator": {"userUuid": "server", "userName": "server", "role": "server"},
        },
    )
    sim.step(60_000)
    assert api.poll() == []


def test_page_is_not_ready_without_a_recording(api, room):
    assert refused(api.call("PUT", "/v2/rooms/{}/records/ready", room)) == (409, 30409410)


def test_2023_tells_widgets_by_event_1110(api, newer):
    api.put("/v2/rooms/{}/widgets/{}", newer, "netlessBoard", state=1)
    cmd, data = data_of(api)
    assert (cmd, data["action"], data["widgetUuid"], data["changeProperties"]) == (
        1110,
        1,
        "netlessBoard",
        {"state": 1},
    )
    api.delete("/v2/rooms/{}/widgets/{}", newer, "netlessBoard")
    assert data_of(api)[1]["action"] == 2


def test_sdk_tells_widgets_by_dotted_paths(api, sdk):
    api.put("/v2/rooms/{}/widgets/{}", sdk, "netlessBoard", state=1, extra={"page": 2})
    assert data_of(api)[1]["changeProperties"] == {
        "widgets.netlessBoard.state": 1,
        "widgets.netlessBoard.extra.page": 2,
    }
    api.delete("/v2/rooms/{}/widgets/{}/extra", sdk, "netlessBoard", properties=["page"])
    assert data_of(api)[1]["changeProperties"] == {"widgets.netlessBoard.extra.page": "deleted"}
    api.delete("/v2/rooms/{}/widgets/{}", sdk, "netlessBoard")
    assert data_of(api)[1]["changeProperties"] == {"widgets.netlessBoard": "deleted"}


@pytest.mark.parametrize("dialect", ["2023", "sdk"])
def test_newer_dialects_name_a_quiz_in_the_cause_and_its_author_beside_the_data(sim, api, room, dialect):
    sim.control("POST", "/dialect", {"dialect": dialect})
    quiz = sim.room(room, "quiz", userUuid="teacher-1")["popupQuizId"]
    sim.room(room, "answer", userUuid="ada", selectedItems=["A"])
    sim.room(room, "quiz", stop=True, userUuid="teacher-1")
    rows = api.get("/v2/rooms/{}/widgets/popupQuiz/sequences", room).json()["data"]["list"]
    assert rows[-1]["data"]["cause"] == {"action": 2, "popQuizId": quiz}
    assert "popupQuizId" not in rows[-1]["data"]["changeProperties"]["extra"]
    assert rows[1]["fromUser"]["userUuid"] == "ada"
    assert "fromUser" not in rows[1]["data"]


def test_sdk_tells_changed_breakout_rooms_by_dotted_paths(sim, api, sdk):
    sim.room(sdk, "groups", groups=[{"groupUuid": "g1", "groupName": "Red", "userUuids": ["ada"]}])
    cmd, data = data_of(api)
    group = {"groupName": "Red", "users": [{"userUuid": "ada"}]}
    assert (cmd, data["changeProperties"]) == (5, {"groups.state": 1, "groups.details.g1": group})
    assert data["cause"]["data"]["changeGroups"][0]["addUsers"] == [{"userUuid": "ada"}]
    sim.room(sdk, "groups")
    assert data_of(api)[1]["changeProperties"] == {"groups.state": 0, "groups.details.g1": "deleted"}


def test_sdk_has_events_of_subscriptions_and_of_several_users(sim, api, sdk):
    sim.room(sdk, "subscribe", userUuid="ada", subscribe=1)
    cmd, data = data_of(api)
    assert (cmd, data["users"][0]["userUuid"], data["users"][0]["subscribe"]) == (24, "ada", 1)
    sim.room(sdk, "mute-many", userUuids=["ada", "bob"])
    cmd, data = data_of(api)
    assert (cmd, [user["muteChat"] for user in data["users"]]) == (25, [1, 1])
    users = sim.oracle(room=sdk)["rooms"][0]["users"]
    assert [user["muteChat"] for user in users] == [0, 1, 1]


@pytest.mark.parametrize("dialect", ["2021", "2023", "sdk"])
def test_room_has_its_type_and_its_recording_among_its_properties(sim, api, room, dialect):
    sim.control("POST", "/dialect", {"dialect": dialect})
    properties = api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]
    assert (properties["roomType"], properties["record"], properties["muteChat"]) == (4, {"state": 0}, 0)
    assert properties["screen"] == {"state": 0}
