"""The control calls: rooms, events, oracle and lessons."""

import json

import pytest
import requests

from classroom_admin.simulator.testing import ControlFailed, running_simulator
from tests.simulator.conftest import Api


def test_health_reports_the_state_of_the_simulator(sim, room):
    health = sim.control("GET", "/health")
    assert health["simulator"] == "classroom-admin"
    assert (health["rooms"], health["events"], health["waiting"], health["seed"]) == (1, 4, 0, None)
    assert health["appId"] == sim.app_id


def test_reset_deletes_everything(sim, api, room):
    sim.fault("server_error")
    sim.step(1000)
    answer = sim.control(
        "POST", "/reset", {"seed": 4, "plain": False, "speed": 3, "stepped": True, "pollBatch": 7}
    )
    assert (answer["rooms"], answer["faults"], answer["seed"], answer["plain"]) == (8, 0, 4, False)
    sim.step(60_000)
    assert len(api.poll()) == 7
    assert sim.control("POST", "/reset")["rooms"] == 0
    sim.make_room("r", state=1)
    assert len(api.poll()) == 1


@pytest.mark.parametrize(
    "body", [{"seeds": 1}, {"pollBatch": 0}, {"speed": 0}, {"stepped": "yes"}, {"seed": -1}]
)
def test_reset_refuses_unknown_settings(sim, room, body):
    with pytest.raises(ControlFailed):
        sim.control("POST", "/reset", body)
    assert sim.control("GET", "/health")["rooms"] == 1


def test_seed_starts_a_school_in_the_current_world(sim, room):
    assert sim.control("POST", "/seed", {"seed": 1})["rooms"] == 9


@pytest.mark.parametrize(
    ("action", "body", "cmds"),
    [
        ("enter", {"userUuid": "new"}, [20]),
        ("leave", {"userUuid": "ada"}, [20]),
        ("drop", {"userUuid": "ada"}, [20]),
        ("kick", {"userUuid": "ada", "duration": 60}, [20]),
        ("state", {"state": 2}, [1]),
        ("chat", {"userUuid": "ada", "message": "hi"}, [3]),
        ("custom", {"userUuid": "ada", "message": "{}"}, [99]),
        ("custom", {"userUuid": "ada", "message": "{}", "cmd": 21}, [21]),
        ("peer", {"userUuid": "ada", "toUserUuid": "bob", "message": "psst"}, []),
        ("wave", {"userUuid": "ada", "timeout": 5}, [1502]),
        ("stage", {"userUuid": "ada"}, [1501]),
        ("reward", {"userUuid": "ada"}, [1101]),
        ("mute", {}, [4]),
        ("mute", {"userUuid": "ada"}, [21]),
        ("stream", {"userUuid": "ada", "videoState": 0}, [40]),
        ("stream", {"userUuid": "bob", "delete": True}, [40]),
        ("property", {"properties": {"a": 1}}, [4]),
        ("property", {"delete": ["a"]}, [4]),
        ("property", {"userUuid": "ada", "properties": {"a": 1}}, [22]),
        ("property", {"userUuid": "ada", "delete": ["a"]}, [22]),
        ("property", {"userUuids": ["ada", "bob"], "properties": {"a": 1}}, [23]),
        ("quiz", {"userUuid": "teacher-1"}, [4]),
        ("poll", {"userUuid": "teacher-1"}, [4]),
        ("record", {}, [1001]),
        ("resource", {"resourceUuid": "r"}, [1003]),
        ("void", {}, []),
    ],
)
def test_each_action_emits_its_event(sim, api, room, action, body, cmds):
    answer = sim.room(room, action, **body)
    assert answer["roomUuid"] == room
    assert [event["cmd"] for event in api.poll()] == cmds


def test_lower_and_unstage_emit_their_events(sim, api, room):
    sim.room(room, "wave", userUuid="ada")
    sim.room(room, "lower", userUuid="ada")
    sim.room(room, "stage", userUuid="bob")
    sim.room(room, "unstage", userUuid="bob")
    assert [event["cmd"] for event in api.poll()] == [1502, 1502, 1501, 1501]


def test_quiz_and_poll_answers_are_recorded(sim, room):
    sim.room(room, "quiz", userUuid="teacher-1", items=["A", "B"], correctItems=["B"])
    sim.room(room, "answer", userUuid="ada", selectedItems=["B"])
    sim.room(room, "poll", userUuid="teacher-1", pollItems=["x", "y"])
    sim.room(room, "answer", userUuid="bob", selectIndex=[1])
    sim.room(room, "quiz", stop=True)
    sim.room(room, "poll", stop=True)
    (truth,) = sim.oracle(room=room)["rooms"]
    assert truth["quizzes"][0]["answers"] == {"ada": ["B"]}
    assert truth["polls"][0]["answers"] == {"bob": [1]}
    assert not truth["quizzes"][0]["running"]


def test_direct_message_is_returned_as_a_webhook_receives_it(sim, room):
    relay = sim.room(room, "peer", userUuid="ada", toUserUuid="bob", message="psst", cmd=99)["relay"]
    assert (relay["channel"], relay["toUserUuid"]) == ("peer", "bob")
    assert relay["notification"]["cmd"] == 99
    assert relay["notification"]["data"]["message"] == "psst"
    assert sim.oracle()["peerMessages"] == [relay]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/rooms/none/chat", 404), ("/rooms/class%201/fly", 404), ("/nowhere", 404), ("/health", 405)],
)
def test_unknown_rooms_users_and_calls_are_not_found(sim, room, path, status):
    with pytest.raises(ControlFailed) as failed:
        sim.control("POST", path, {"userUuid": "ada", "message": "x"})
    assert failed.value.status == status


def test_invalid_bodies_name_the_field(sim, room):
    with pytest.raises(ControlFailed, match="userUuid"):
        sim.room(room, "chat", message="x")
    answer = requests.post(f"{sim.base_url}/_sim/reset", data="{", timeout=5)
    assert answer.status_code == 400
    assert sim.control("GET", "/health")["rooms"] == 1


def test_requests_from_other_sites_are_refused(sim, room):
    for origin, status in (("https://evil.example", 403), (sim.base_url, 200)):
        answer = requests.post(
            f"{sim.base_url}/_sim/faults", json={"kind": "skew"}, headers={"Origin": origin}, timeout=5
        )
        assert answer.status_code == status


def test_emit_sends_any_event(sim, api, room):
    sim.control("POST", "/emit", {"roomUuid": room, "cmd": 4711, "data": {"x": 1}})
    sim.control(
        "POST", "/emit", {"roomUuid": room, "cmd": "20", "data": None, "fields": {"ts": None, "extra": 1}}
    )
    first, second = api.poll()
    assert (first["cmd"], first["data"], first["sequence"]) == (4711, {"x": 1}, 5)
    assert (second["cmd"], second["data"], second["sequence"], second["extra"]) == ("20", None, 6, 1)
    assert "ts" not in second


def test_emit_uses_the_given_sequence(sim, api, room):
    sim.control("POST", "/emit", {"roomUuid": room, "cmd": 3, "data": {}, "sequence": 2})
    assert api.poll()[0]["sequence"] == 2
    sim.room(room, "chat", userUuid="ada", message="x")
    assert api.poll()[0]["sequence"] == 5


def test_emit_sends_raw_text_unchanged(sim, api, room):
    sim.control("POST", "/emit", {"roomUuid": room, "raw": '"not an event"'})
    sim.control("POST", "/emit", {"roomUuid": room, "raw": "17"})
    assert api.poll() == ["not an event", 17]


def test_emit_writes_to_a_widget_stream(sim, api, room):
    sim.control("POST", "/emit", {"roomUuid": room, "cmd": 4, "data": {"odd": 1}, "stream": "poll"})
    assert api.poll() == []
    rows = api.get("/v2/rooms/{}/widgets/poll/sequences", room).json()["data"]["list"]
    assert rows[0]["data"] == {"odd": 1}


def test_variations_are_turned_on_and_off(sim, api, room):
    sim.control("POST", "/plain", {"plain": False})
    for number in range(40):
        sim.room(room, "chat", userUuid="ada", message=str(number))
    assert any("ts" not in event for event in api.poll())
    sim.control("POST", "/plain", {"plain": True})
    for number in range(40):
        sim.room(room, "chat", userUuid="ada", message=str(number))
    assert all("ts" in event for event in api.poll())


# The oracle


def test_oracle_lists_every_event_and_its_readers(sim, api, room):
    sim.step(250)
    sim.room(room, "chat", userUuid="ada", message="hi")
    sim.step(250)
    (event,) = Api(sim, "reader-7").poll()
    truth = sim.oracle(room=room)
    last = truth["events"][-1]
    assert json.loads(last["raw"]) == event
    assert (last["at"], last["stream"], last["sequence"], last["cmd"]) == (sim.world.now - 250, "room", 5, 3)
    (handed,) = last["handedOut"]
    assert (handed["to"], handed["at"], handed["outcome"]) == ("reader-7", sim.world.now, "sent")
    assert handed["request"].startswith("sim-")
    assert (truth["emitted"], truth["waiting"]) == (5, 0)


def test_oracle_lists_presence_to_the_millisecond(sim, room):
    entered = sim.world.now
    sim.step(1234)
    sim.room(room, "drop", userUuid="ada")
    sim.step(766)
    sim.room(room, "enter", userUuid="ada")
    sim.step(1000)
    sim.room(room, "kick", userUuid="bob")
    users = {user["userUuid"]: user for user in sim.oracle(room=room)["rooms"][0]["users"]}
    assert users["ada"]["presence"] == [[entered, entered + 1234, "dropped"], [entered + 2000, None, None]]
    assert users["bob"]["presence"] == [[entered, entered + 3000, "kicked"]]


def test_oracle_lists_the_state_of_each_user(sim, room):
    sim.room(room, "wave", userUuid="ada")
    sim.room(room, "stage", userUuid="bob")
    sim.room(room, "reward", userUuid="bob", change=3)
    sim.room(room, "mute", userUuid="ada")
    truth = sim.oracle(room=room, events=0)
    assert "events" not in truth
    users = {user["userUuid"]: user for user in truth["rooms"][0]["users"]}
    assert (users["ada"]["handRaised"], users["ada"]["muteChat"], users["ada"]["onStage"]) == (True, 1, False)
    assert (users["bob"]["onStage"], users["bob"]["rewards"], users["bob"]["online"]) == (True, 3, True)
    assert users["bob"]["streams"][0]["videoState"] == 1
    assert truth["rooms"][0]["stage"] == ["bob"]
    assert sim.control("GET", "/rooms/class%201") == truth["rooms"][0]


def test_oracle_pages_through_events(sim, room):
    first = sim.oracle(limit=2)["events"]
    rest = sim.oracle(after=first[-1]["id"])["events"]
    assert [event["id"] for event in first + rest] == [1, 2, 3, 4]


def test_oracle_keeps_destroyed_rooms(sim, room):
    sim.room(room, "destroy")
    (truth,) = sim.oracle(room=room)["rooms"]
    assert truth["destroyedAt"] == sim.world.now
    assert len(truth["users"]) == 3


def test_keep_past_limits_the_destroyed_rooms():
    with running_simulator(stepped=True, keep_past=2) as sim:
        for number in range(4):
            sim.make_room(f"r{number}", state=1)
            sim.room(f"r{number}", "destroy")
        sim.make_room("r5", state=1)
        truth = sim.oracle()
        assert [room["roomUuid"] for room in truth["rooms"]] == ["r2", "r3", "r5"]
        assert [event["id"] for event in truth["events"]] == [3, 4, 5]
        assert [event["id"] for event in sim.oracle(after=3)["events"]] == [4, 5]
        assert truth["emitted"] == 5


# Lessons


def test_lesson_starts_classes_as_requested(sim, api):
    made = sim.control("POST", "/lesson", {"rooms": 3, "pupils": 5, "minutes": 4, "seed": 8})["rooms"]
    assert made == ["lesson-0", "lesson-1", "lesson-2"]
    sim.step(3 * 60_000)
    rooms = {room["roomUuid"]: room for room in sim.oracle(events=0)["rooms"]}
    assert set(rooms) == set(made)
    assert all(room["state"] == 1 and len(room["users"]) == 6 for room in rooms.values())
    assert len(api.drain()) > 60
    sim.step(60_000)
    assert {room["state"] for room in sim.oracle(events=0)["rooms"]} == {2}


def test_lesson_emits_events_until_it_ends(sim):
    sim.control("POST", "/lesson", {"rooms": 8, "students": 30, "minutes": 60})
    for _ in range(20):
        before = sim.do(counts)
        sim.step(120_000)
        after = sim.do(counts)
        assert all(after[room] > before[room] for room in before)


def counts(world):
    return {room.uuid: len(room.logs["room"]) for room in world.rooms.values()}


def test_same_seed_gives_the_same_lesson_byte_for_byte(sim):
    def play():
        sim.control("POST", "/reset", {"stepped": True})
        sim.control("POST", "/lesson", {"rooms": 2, "students": 6, "minutes": 3, "seed": 8})
        sim.step(200_000)
        return [event["raw"] for event in sim.oracle()["events"]]

    assert play() == play()


def test_room_list_is_a_summary(sim, room):
    assert sim.control("GET", "/rooms")["rooms"] == [
        {
            "roomUuid": room,
            "roomName": "Class one",
            "state": 1,
            "people": 3,
            "hands": 0,
            "recording": False,
            "last": 4,
        }
    ]


def test_control_page_is_served(sim):
    answer = requests.get(f"{sim.base_url}/_sim/", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Simulator"] == "classroom-admin"
    assert "<title>" in answer.text


def test_do_runs_in_the_thread_of_the_server(sim, room):
    assert sim.do(lambda world: sorted(world.rooms)) == [room]
