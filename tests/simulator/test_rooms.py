"""Rooms, class states and schedules, breakout rooms."""

import pytest

from classroom_admin.simulator.testing import running_simulator
from tests.simulator.conftest import Api, refused

MINUTE = 60_000
HOUR = 60 * MINUTE


def create(api, uuid, **body):
    return api.post("/v2/rooms/{}", uuid, **{"roomName": "A class", "roomType": 4, **body})


def schedule(start, duration=1800, close_delay=600):
    return {"schedule": {"startTime": start, "duration": duration, "closeDelay": close_delay}}


def test_created_room_can_be_read(sim, api):
    answer = create(
        api,
        "math 1",
        roomType=10,
        roomProperties={
            **schedule(sim.world.now + MINUTE),
            "processes": {"handsUp": {"maxAccept": 3, "defaultAcceptRole": 2}},
            "flexProps": {"colour": "green"},
            "widgets": {"netlessBoard": {"state": 1}},
        },
        roleConfig={"2": {"limit": 30, "defaultStream": {"state": 1, "videoState": 1, "audioState": 0}}},
    )
    assert answer.status_code == 200
    assert answer.json()["code"] == 0
    assert answer.json()["msg"] == "Success"
    assert answer.json()["ts"] == sim.world.now
    data = api.get("/v2/rooms/{}", "math 1").json()["data"]
    assert data["roomUuid"] == "math 1"
    assert data["roomName"] == "A class"
    assert data["roomType"] == 10
    assert data["state"] == 0
    assert data["muteChat"] == 0
    assert data["createTime"] == sim.world.now
    assert data["roleConfig"]["2"]["limit"] == 30
    properties = data["roomProperties"]
    assert properties["colour"] == "green"
    assert properties["widgets"] == {"netlessBoard": {"state": 1}}
    assert properties["schedule"]["startTime"] == sim.world.now + MINUTE
    assert properties["schedule"]["endTime"] == sim.world.now + MINUTE + 30 * MINUTE
    assert properties["schedule"]["closeTime"] == sim.world.now + MINUTE + 40 * MINUTE
    assert properties["record"] == {"state": 0}


def test_creating_a_room_twice_is_a_conflict(api):
    create(api, "twice")
    assert refused(create(api, "twice")) == (409, 20409000)


def test_room_type_can_be_a_string(api):
    assert create(api, "text", roomType="4").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"roomType": 1}, "roomType"),
        ({"roomType": None}, "roomType"),
        ({"roomType": True}, "roomType"),
        ({"roomName": None}, "roomName"),
        ({"roomName": "x" * 65}, "roomName"),
        ({"roomName": 5}, "roomName"),
        ({"roomProperties": []}, "roomProperties"),
        (
            {"roomProperties": {"schedule": {"duration": 86_401}}},
            "roomProperties.schedule.duration",
        ),
        ({"roomProperties": {"schedule": {"startTime": "soon"}}}, "roomProperties.schedule.startTime"),
        ({"roomProperties": {"schedule": {"closeDelay": -1}}}, "roomProperties.schedule.closeDelay"),
        (
            {"roomProperties": {"processes": {"handsUp": {"maxAccept": "many"}}}},
            "roomProperties.processes.handsUp.maxAccept",
        ),
        ({"roleConfig": {"2": {"limit": "all"}}}, "roleConfig.2.limit"),
        ({"roleConfig": {"2": {"defaultStream": {"state": 2}}}}, "roleConfig.2.defaultStream.state"),
    ],
)
def test_create_refuses_values_out_of_bounds(api, body, field):
    answer = create(api, "bounds", **body)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith(f"{field}:")
    assert refused(api.get("/v2/rooms/{}", "bounds")) == (404, 20404100)


def test_class_changes_state_on_schedule(sim, api):
    start = sim.world.now + MINUTE
    create(api, "clock", roomProperties=schedule(start, duration=1800, close_delay=300))
    sim.room("clock", "enter", userUuid="ada")
    api.drain()
    sim.step(MINUTE - 1)
    assert api.poll() == []
    sim.step(1)
    (started,) = api.poll()
    assert (started["cmd"], started["data"]["state"], started["data"]["startTime"]) == (1, 1, start)
    assert started["ts"] == start
    sim.step(30 * MINUTE)
    (ended,) = api.poll()
    assert (ended["data"]["state"], ended["data"]["endTime"]) == (2, start + 30 * MINUTE)
    assert api.get("/v2/rooms/{}/users/{}", "clock", "ada").json()["data"]["state"] == 1
    sim.step(5 * MINUTE)
    closed, left = api.poll()
    assert (closed["data"]["state"], closed["data"]["closeTime"]) == (3, start + 35 * MINUTE)
    assert [user["userUuid"] for user in left["data"]["offlineUsers"]] == ["ada"]
    assert left["data"]["total"] == 0
    assert refused(api.put("/v3/rooms/{}/users/{}", "clock", "ada", role=2)) == (410, 30410100)
    sim.step(HOUR - 1)
    assert api.get("/v2/rooms/{}", "clock").json()["data"]["state"] == 3
    sim.step(1)
    assert refused(api.get("/v2/rooms/{}", "clock")) == (404, 20404100)
    assert refused(api.get("/v2/rooms/{}/sequences", "clock")) == (404, 20404100)


def test_one_big_step_gives_the_same_events_as_small_steps():
    def play(steps):
        with running_simulator(stepped=True, plain=True) as sim:
            api = Api(sim)
            create(api, "big", roomProperties=schedule(sim.world.now + 1000, duration=60, close_delay=30))
            for step in steps:
                sim.step(step)
            return [event["raw"] for event in sim.oracle()["events"]]

    assert play([2 * HOUR]) == play([1000, 59_999, 1, 30_000, HOUR, 10 * MINUTE])


def test_destroy_after_ended_counts_the_hour_from_the_end():
    with running_simulator(stepped=True, plain=True, destroy_after="ended") as sim:
        api = Api(sim)
        create(api, "early", roomProperties=schedule(sim.world.now, duration=60, close_delay=600))
        sim.step(MINUTE + HOUR - 1)
        assert api.get("/v2/rooms/{}", "early").status_code == 200
        sim.step(1)
        assert refused(api.get("/v2/rooms/{}", "early")) == (404, 20404100)


def test_room_without_a_schedule_is_destroyed_after_five_days(sim, api):
    create(api, "kept")
    sim.step(5 * 24 * HOUR - 1)
    assert api.get("/v2/rooms/{}", "kept").status_code == 200
    sim.step(1)
    assert refused(api.get("/v2/rooms/{}", "kept")) == (404, 20404100)


def set_state(api, room, state):
    return api.put("/v2/rooms/{}/states/{}", room, str(state))


def test_state_is_changed_by_command(sim, api):
    create(api, "hand", roomProperties=schedule(sim.world.now + HOUR))
    assert refused(set_state(api, "hand", 0)) == (409, 20409000)
    assert set_state(api, "hand", 1).status_code == 200
    assert refused(set_state(api, "hand", 1)) == (409, 30409100)
    assert set_state(api, "hand", 2).status_code == 200
    assert refused(set_state(api, "hand", 2)) == (409, 30409101)
    assert refused(set_state(api, "hand", 1)) == (409, 30409101)
    assert set_state(api, "hand", 3).status_code == 200
    for state in range(4):
        assert refused(set_state(api, "hand", state)) == (409, 30409101)
    events = [event for event in api.drain() if event["cmd"] == 1]
    assert [event["data"]["state"] for event in events] == [1, 2, 3]
    assert {event["data"]["operator"]["userUuid"] for event in events} == {"school-server"}
    assert events[0]["data"]["startTime"] == sim.world.now
    sim.step(2 * HOUR)
    assert len([event for event in sim.oracle()["events"] if event["cmd"] == 1]) == 3


def test_class_started_by_command_ends_after_its_duration(sim, api):
    create(api, "early bird", roomProperties=schedule(sim.world.now + HOUR, duration=600))
    set_state(api, "early bird", 1)
    sim.step(600_000)
    assert api.get("/v2/rooms/{}", "early bird").json()["data"]["state"] == 2


@pytest.mark.parametrize("state", ["4", "-1", "started", "1.5"])
def test_unknown_state_is_refused(api, room, state):
    assert refused(set_state(api, room, state)) == (400, 400)


def test_breakout_rooms_are_opened_and_ended(api, room):
    groups = [{"groupName": "Red", "users": [{"userUuid": "ada"}]}, {"groupUuid": "g2", "groupName": "Blue"}]
    answer = api.put("/v2/rooms/{}/groups/states/1", room, groups=groups)
    assert [group["groupName"] for group in answer.json()["data"]["groups"]] == ["Red", "Blue"]
    (event,) = api.poll()
    assert event["cmd"] == 4
    shown = event["data"]["changeProperties"]["groups"]
    assert shown["state"] == 1
    assert shown["details"]["g2"]["groupName"] == "Blue"
    assert api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]["groups"]["state"] == 1
    assert api.delete("/v2/rooms/{}/groups/states/1", room, groups=[{"groupUuid": "g2"}]).status_code == 200
    assert list(api.poll()[0]["data"]["changeProperties"]["groups"]["details"]) != ["g2"]
    assert api.put("/v2/rooms/{}/groups/states/0", room).status_code == 200
    assert api.poll()[0]["data"]["changeProperties"]["groups"] == {"state": 0, "details": {}}
    assert refused(api.put("/v2/rooms/{}/groups/states/0", room)) == (409, 20409000)
    assert refused(api.put("/v2/rooms/{}/groups/states/1", room, groups=[{}])) == (400, 400)
    assert refused(api.put("/v2/rooms/{}/groups/states/2", room, groups=groups)) == (400, 400)


def test_named_breakout_rooms_end_and_moved_users_leave_their_old_one(api, room):
    groups = [
        {"groupUuid": "g1", "groupName": "Red", "users": [{"userUuid": "ada"}, {"userUuid": "bob"}]},
        {"groupUuid": "g2", "groupName": "Blue", "users": []},
    ]
    api.put("/v2/rooms/{}/groups/states/1", room, groups=groups)
    (before,) = api.poll()
    moved = [{"groupUuid": "g2", "groupName": "Blue", "users": [{"userUuid": "ada"}]}]
    assert api.put("/v2/rooms/{}/groups/states/1", room, groups=moved).status_code == 200
    details = api.poll()[0]["data"]["changeProperties"]["groups"]["details"]
    assert details["g1"]["users"] == [{"userUuid": "bob"}]
    assert details["g2"]["users"] == [{"userUuid": "ada"}]
    assert len(before["data"]["changeProperties"]["groups"]["details"]["g1"]["users"]) == 2
    gone = [{"groupUuid": "g2", "groupName": "Blue", "users": []}]
    assert api.put("/v2/rooms/{}/groups/states/0", room, groups=gone).status_code == 200
    assert list(api.poll()[0]["data"]["changeProperties"]["groups"]["details"]) == ["g1"]
