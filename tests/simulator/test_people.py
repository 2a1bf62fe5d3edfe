"""Entering, leaving, connection loss, removal and bans."""

import pytest

from tests.simulator.conftest import refused


def kick(api, room, user, **body):
    return api.post("/v2/rooms/{}/users/{}/exit", room, user, **body)


def enter(api, room, user, **body):
    return api.put("/v3/rooms/{}/users/{}", room, user, **{"role": 2, **body})


def test_entering_emits_the_user_and_the_total(sim, api, room):
    enter(api, room, "cleo", userName="Cleo", userProperties={"avatar": "cat"})
    (event,) = api.poll()
    assert event["cmd"] == 20
    assert event["data"]["total"] == 4
    assert event["data"]["offlineUsers"] == []
    (user,) = event["data"]["onlineUsers"]
    assert user["userUuid"] == "cleo"
    assert user["userName"] == "Cleo"
    assert user["role"] == 2
    assert user["type"] == 1
    assert user["userProperties"] == {"avatar": "cat"}
    assert user["streamUuid"]
    assert user["updateTime"] == sim.world.now


def test_entering_twice_emits_one_event(api, room):
    enter(api, room, "cleo")
    enter(api, room, "cleo")
    assert len(api.poll()) == 1


def test_entering_creates_a_new_room(sim, api):
    answer = enter(
        api,
        "fresh",
        "teacher-1",
        role="host",
        roomName="Fresh",
        roomType=0,
        startTime=sim.world.now,
        duration=60,
    )
    assert answer.json()["data"]["room"]["roomName"] == "Fresh"
    assert [event["cmd"] for event in api.poll()] == [1, 20]
    assert api.get("/v2/rooms/{}", "fresh").json()["data"]["state"] == 1
    assert api.get("/v2/rooms/{}/users/{}", "fresh", "teacher-1").json()["data"]["role"] == 1


@pytest.mark.parametrize("role", [5, -1, "king", None, [], True])
def test_unknown_role_is_refused(api, room, role):
    answer = enter(api, room, "cleo", role=role)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("role:")


def test_full_role_refuses_users(api):
    api.post("/v2/rooms/{}", "small", roomName="s", roomType=4, roleConfig={"2": {"limit": 1}})
    assert enter(api, "small", "a").status_code == 200
    assert refused(enter(api, "small", "b")) == (403, 20403001)
    assert enter(api, "small", "t", role=1).status_code == 200


def test_return_after_connection_loss_is_a_reconnect(sim, api, room):
    sim.room(room, "leave", userUuid="ada")
    sim.room(room, "drop", userUuid="bob")
    enter(api, room, "ada")
    enter(api, room, "bob")
    left, dropped, again, back = api.poll()
    assert left["data"]["offlineUsers"][0]["type"] == 1
    assert dropped["data"]["offlineUsers"][0]["type"] == 1
    assert again["data"]["onlineUsers"][0]["type"] == 1
    assert back["data"]["onlineUsers"][0]["type"] == 2


def test_leaving_user_leaves_the_stage_and_lowers_the_hand(sim, api, room):
    sim.room(room, "stage", userUuid="ada")
    sim.room(room, "wave", userUuid="bob")
    api.drain()
    sim.room(room, "drop", userUuid="ada")
    sim.room(room, "leave", userUuid="bob")
    events = api.poll()
    assert [event["cmd"] for event in events] == [20, 1501, 20, 1502]
    assert events[1]["data"]["removeAcceptedUsers"] == [{"userUuid": "ada"}]
    assert events[3]["data"]["removeProgressUsers"][0]["userUuid"] == "bob"


def test_removed_user_without_a_ban_can_return(sim, api, room):
    assert kick(api, room, "ada").status_code == 200
    (event,) = api.poll()
    (user,) = event["data"]["offlineUsers"]
    assert event["cmd"] == 20
    assert event["data"]["total"] == 2
    assert (user["userUuid"], user["type"]) == ("ada", 2)
    assert user["operator"] == {"userUuid": "school-server", "userName": "school-server", "role": "server"}
    assert enter(api, room, "ada").status_code == 200


def test_ban_ends_after_its_duration(sim, api, room):
    kick(api, room, "ada", dirty={"state": 1, "duration": 600})
    assert refused(enter(api, room, "ada")) == (403, 30403100)
    sim.step(599_999)
    assert refused(enter(api, room, "ada")) == (403, 30403100)
    sim.step(1)
    assert enter(api, room, "ada").status_code == 200


@pytest.mark.parametrize("dirty", [{"state": 1, "duration": -1}, {"state": 1}])
def test_ban_can_be_permanent(sim, api, room, dirty):
    kick(api, room, "ada", dirty=dirty)
    sim.step(3_500_000)
    assert refused(enter(api, room, "ada")) == (403, 30403100)
    (ada,) = [user for user in sim.oracle(room=room)["rooms"][0]["users"] if user["userUuid"] == "ada"]
    assert ada["bannedUntil"] == -1


def test_ban_can_be_lifted(api, room):
    kick(api, room, "ada", dirty={"state": 1, "duration": -1})
    api.drain()
    assert kick(api, room, "ada", dirty={"state": 0}).status_code == 200
    assert api.poll() == []
    assert enter(api, room, "ada").status_code == 200


def test_removing_an_absent_user_bans_them_without_an_event(sim, api, room):
    sim.room(room, "leave", userUuid="ada")
    api.drain()
    assert kick(api, room, "ada", dirty={"state": 1, "duration": 60}).status_code == 200
    assert api.poll() == []
    assert refused(enter(api, room, "ada")) == (403, 30403100)


def test_unknown_user_is_not_found(api, room):
    assert refused(kick(api, room, "nobody")) == (404, 20404200)
    assert refused(kick(api, "no room", "ada")) == (404, 20404100)


@pytest.mark.parametrize(
    ("dirty", "field"),
    [
        ("yes", "dirty"),
        ({"state": 2}, "dirty.state"),
        ({}, "dirty.state"),
        ({"state": 1, "duration": -2}, "dirty.duration"),
        ({"state": 1, "duration": "long"}, "dirty.duration"),
        ({"state": True}, "dirty.state"),
    ],
)
def test_invalid_ban_is_refused(api, room, dirty, field):
    answer = kick(api, room, "ada", dirty=dirty)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith(f"{field}:")
    assert api.poll() == []


def test_user_can_be_read(sim, api, room):
    data = api.get("/v2/rooms/{}/users/{}", room, "bob").json()["data"]
    assert {data["userUuid"], data["userName"]} == {"bob", "Bob"}
    assert (data["role"], data["state"]) == (2, 1)
    assert data["updateTime"] == sim.world.now
    assert data["streamUuid"]
    assert data["userProperties"] == {}
    sim.room(room, "leave", userUuid="bob")
    assert api.get("/v2/rooms/{}/users/{}", room, "bob").json()["data"]["state"] == 0
    assert refused(api.get("/v2/rooms/{}/users/{}", room, "nobody")) == (404, 20404200)


def test_users_are_filtered_by_role_name_and_presence(sim, api, room):
    sim.room(room, "leave", userUuid="ada")

    def found(**query):
        return [
            row["userUuid"] for row in api.get("/v2/rooms/{}/users", room, **query).json()["data"]["list"]
        ]

    assert found() == ["teacher-1", "ada", "bob"]
    assert found(role=2) == ["ada", "bob"]
    assert found(type=1) == ["teacher-1", "bob"]
    assert found(userName="Bo") == ["bob"]
    page = api.get("/v2/rooms/{}/users", room, count=2).json()["data"]
    assert (page["total"], page["count"], page["nextId"]) == (3, 2, "3")
    assert found(nextId=3, count=2) == ["bob"]
    assert refused(api.get("/v2/rooms/{}/users", room, role="boss")) == (400, 400)
    assert refused(api.get("/v2/rooms/{}/users", room, count=0)) == (400, 400)
