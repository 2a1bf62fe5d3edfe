"""The simulated school."""

import json
from collections import Counter

import pytest

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.settings import SimulatorSettings
from classroom_admin.simulator.world import oracle
from classroom_admin.simulator.world.model import Role

MINUTE = 60_000
EVERY_KIND = {1, 3, 4, 5, 20, 21, 22, 23, 40, 41, 99, 1001, 1003, 1101, 1501, 1502}


def school(seed=1, *, plain=False):
    return Cloud(SimulatorSettings(seed=seed, stepped=True, plain=plain))


def run(cloud, *steps):
    for step in steps:
        cloud.clock.step(step)
        cloud.tick()
    return cloud


def decoded(cloud):
    return [(event, json.loads(event.raw)) for event in cloud.world.events]


@pytest.mark.parametrize("seed", [1, 2, 3, 7, 42])
def test_every_event_type_occurs_within_three_minutes(seed):
    cloud = run(school(seed), 3 * MINUTE)
    room_kinds = {event.cmd for event in cloud.world.events if event.stream == "room"}
    assert room_kinds >= EVERY_KIND
    streams = Counter(event.stream for event in cloud.world.events)
    assert streams["popupQuiz"] > 5
    assert streams["poll"] > 5
    causes = {"popupQuiz": set(), "poll": set()}
    for event, body in decoded(cloud):
        if event.stream != "room":
            cause = body["data"]["cause"]
            causes[event.stream].add((json.loads(cause) if isinstance(cause, str) else cause)["action"])
    assert causes == {"popupQuiz": {1, 2, 3, 4}, "poll": {1, 2, 3, 4}}


def test_events_tell_every_camera_and_microphone_of_the_school():
    cloud = run(school(7), 3 * MINUTE)
    told = {}
    for event, body in decoded(cloud):
        for row in [body["data"]] if event.cmd == 40 else body["data"]["streams"] if event.cmd == 41 else ():
            told[event.room_uuid, row["streamUuid"]] = (row.get("videoState"), row.get("audioState"))
    shown = [
        (told.get((room.uuid, stream.uuid)), (stream.video_state, stream.audio_state))
        for room in cloud.world.rooms.values()
        for user in room.users.values()
        for stream in user.streams.values()
    ]
    assert len(shown) > 20
    assert all(said is not None and tuple(map(int, said)) == true for said, true in shown)


def test_every_state_occurs_within_three_minutes():
    cloud = run(school(1), 3 * MINUTE)
    said = decoded(cloud)
    users = [
        user
        for _, body in said
        if body["cmd"] == 20
        for name in ("onlineUsers", "offlineUsers")
        for user in body["data"].get(name, [])
    ]
    assert {int(user["type"]) for user in users} >= {1, 2}
    assert {int(body["data"]["state"]) for _, body in said if body["cmd"] == 1} >= {1, 2}
    assert {int(body["data"]["state"]) for _, body in said if body["cmd"] == 1001} >= {1}
    assert {
        int(body["data"]["muteChat"]) for _, body in said if body["cmd"] == 21 and "muteChat" in body["data"]
    } == {
        0,
        1,
    }
    assert cloud.world.peer_messages or run(cloud, 10 * MINUTE).world.peer_messages


@pytest.mark.parametrize("seed", [1, 7])
def test_teachers_record_most_of_a_class_and_answer_hands(seed):
    """So a dashboard of the school is calm: only the class without a teacher needs attention for long."""
    cloud = run(school(seed, plain=True), 2 * MINUTE)
    taught = [
        room
        for room in cloud.world.rooms.values()
        if room.state == 1 and any(user.role == Role.TEACHER for user in room.online())
    ]
    assert len(taught) >= 5
    recording = waiting = minutes = 0
    raised: dict[tuple[str, str], int] = {}
    for _ in range(3 * 60):
        run(cloud, 1000)
        for room in (room for room in taught if room.state == 1):
            minutes += 1
            recording += room.current_recording() is not None
            up = {(room.uuid, uuid) for uuid in room.hands}
            raised = {one: at for one, at in raised.items() if one[0] != room.uuid or one in up}
            raised |= dict.fromkeys(up - raised.keys(), cloud.world.now)
            waiting += any(
                cloud.world.now - at > 2 * MINUTE for one, at in raised.items() if one[0] == room.uuid
            )
    assert recording > 0.8 * minutes
    assert waiting < 0.15 * minutes


def test_events_occur_within_seconds():
    cloud = run(school(1), 5_000)
    assert len(cloud.world.events) > 15
    assert sum(len(room.online()) for room in cloud.world.rooms.values()) > 5


def test_classes_differ_in_type_and_state():
    cloud = run(school(1), 30_000)
    rooms = list(cloud.world.rooms.values())
    assert len(rooms) == 8
    assert {room.type for room in rooms} == {0, 2, 4, 10}
    assert Counter(int(room.state) for room in rooms) == {0: 1, 1: 6, 2: 1}
    (coming,) = [room for room in rooms if room.state == 0]
    assert 30_000 <= coming.schedule.start_ms - cloud.world.now <= 2 * MINUTE
    without = [
        room
        for room in rooms
        if room.state == 1 and not any(user.role == Role.TEACHER for user in room.online())
    ]
    assert len(without) == 1
    assert len(without[0].online()) > 3


def test_teacher_has_the_same_id_in_every_class():
    cloud = run(school(1), 3 * MINUTE)
    taught = Counter(
        user.uuid
        for room in cloud.world.rooms.values()
        for user in room.online()
        if user.role == Role.TEACHER
    )
    assert taught["teacher-1"] == 2
    assert taught["teacher-2"] == 2


def test_unusual_names_occur():
    cloud = run(school(1), MINUTE)
    names = [user.name for room in cloud.world.rooms.values() for user in room.users.values()]
    assert "<script>alert(1)</script>" in names
    assert any(len(name) > 60 for name in names)
    assert any("\u0590" <= letter <= "\u06ff" for name in names for letter in name)
    assert any(letter >= "\U0001f300" for name in names for letter in name)
    assert any("\u4e00" <= letter <= "\u9fff" for name in names for letter in name)


def test_events_still_occur_after_hours():
    cloud = run(school(3), *[MINUTE] * 240)
    before = len(cloud.world.events)
    assert len(cloud.world.past) > 5
    run(cloud, *[MINUTE] * 5)
    assert len(cloud.world.events) > before + 100
    assert sum(room.state == 1 for room in cloud.world.rooms.values()) >= 3
    assert sum(room.state == 0 for room in cloud.world.rooms.values()) <= 8


def log(cloud):
    return b"\n".join(event.raw for event in cloud.world.events)


def test_same_seed_gives_the_same_events_byte_for_byte():
    assert log(run(school(5), *[1000] * 600)) == log(run(school(5), *[1000] * 600))


def test_step_size_does_not_change_the_events():
    assert log(run(school(5), 10 * MINUTE)) == log(run(school(5), *[777] * 772, 156))


def test_another_seed_gives_other_events():
    assert log(run(school(5), MINUTE)) != log(run(school(6), MINUTE))


def test_changing_one_class_does_not_change_the_others():
    untouched, touched = run(school(5), MINUTE), run(school(5), MINUTE)
    victim = next(iter(touched.world.rooms))
    touched.world.forget(touched.world.rooms[victim])
    run(untouched, 5 * MINUTE)
    run(touched, 5 * MINUTE)

    def others(cloud):
        return sorted(event.raw for event in cloud.world.events if event.room_uuid != victim)

    left = others(touched)
    assert set(others(untouched)) <= set(left)


def test_sequences_have_no_gaps():
    cloud = run(school(1), 20 * MINUTE)
    for room in cloud.world.all_rooms():
        for stream in room.logs.values():
            assert [event.sequence for event in stream] == list(range(1, stream.last + 1))


def test_presence_in_the_oracle_equals_the_events():
    """The enter and leave events give the oracle's intervals, to the millisecond."""
    cloud = run(school(1, plain=True), 15 * MINUTE)
    stays: dict[tuple[str, str], list[list[int | None]]] = {}
    for _, body in decoded(cloud):
        if body["cmd"] != 20:
            continue
        for user in body["data"]["onlineUsers"]:
            stays.setdefault((body["roomUuid"], user["userUuid"]), []).append([user["updateTime"], None])
        for user in body["data"]["offlineUsers"]:
            stays[body["roomUuid"], user["userUuid"]][-1][1] = user["updateTime"]
    truth = {
        (room["roomUuid"], user["userUuid"]): [stay[:2] for stay in user["presence"]]
        for room in oracle.report(cloud.world, with_events=False)["rooms"]
        for user in room["users"]
        if user["presence"]
    }
    assert stays == truth
    assert len(stays) > 60
