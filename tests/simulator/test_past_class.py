"""Classes of the past, which a demo shows in its reports."""

import pytest

from classroom_admin.simulator.testing import ControlFailed, running_simulator

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
STUDENTS = [{"userUuid": f"student-{number}", "userName": f"Student {number}"} for number in range(12)]


def body(sim, **changes):
    return {
        "roomUuid": "past maths",
        "roomName": "Maths",
        "startTime": sim.world.now - 3 * DAY,
        "duration": 2700,
        "teacher": {"userUuid": "teacher-1", "userName": "Ms Okafor"},
        "students": STUDENTS,
        **changes,
    }


@pytest.fixture
def sim():
    with running_simulator(stepped=True) as simulator:
        yield simulator


def events_of(sim):
    return sim.oracle(room="past maths")["events"]


def test_past_class_is_polled_now_with_the_times_of_the_past(sim, api):
    wanted = body(sim)
    sim.control("POST", "/past-class", wanted)
    events = api.drain()
    starts = wanted["startTime"]
    assert {event["roomUuid"] for event in events} == {"past maths"}
    assert all(starts - 10 * MINUTE <= event["ts"] <= starts + 60 * MINUTE for event in events)
    states = [event["data"] for event in events if event["cmd"] == 1]
    assert [state["state"] for state in states] == [1, 2, 3]
    assert states[0]["startTime"] == starts
    assert states[1]["endTime"] == starts + 2700 * 1000


def test_past_class_has_people_questions_a_recording_and_chat(sim):
    sim.control("POST", "/past-class", body(sim))
    room = sim.oracle(room="past maths")["rooms"][0]
    assert len(room["users"]) > 6
    assert not any(user["online"] for user in room["users"])
    assert room["quizzes"] or room["polls"]
    assert [row["endTime"] > row["startTime"] for row in room["recordings"]] == [True]
    assert room["chat"]


def test_past_class_stays_readable_for_an_hour(sim, api):
    sim.control("POST", "/past-class", body(sim))
    sim.step(59 * MINUTE)
    assert api.get("/v2/rooms/{}", "past maths").status_code == 200
    sim.step(2 * MINUTE)
    assert api.get("/v2/rooms/{}", "past maths").status_code == 404


def test_repeated_past_class_has_the_same_bytes_in_another_cloud(sim):
    wanted = body(sim)
    sim.control("POST", "/past-class", wanted)
    first = [event["raw"] for event in events_of(sim)]
    with running_simulator(stepped=True, seed=99) as other:
        other.control("POST", "/past-class", wanted)
        assert [event["raw"] for event in events_of(other)] == first


def test_past_class_is_offered_only_once(sim):
    sim.control("POST", "/past-class", body(sim))
    number = len(events_of(sim))
    with pytest.raises(ControlFailed) as refused:
        sim.control("POST", "/past-class", body(sim))
    assert refused.value.status == 409
    assert len(events_of(sim)) == number


def test_lost_events_are_neither_polled_nor_repeatable(sim, api):
    wanted = body(sim, lost={"from": 600, "to": 900})
    sim.control("POST", "/past-class", wanted)
    events = api.drain()
    lost_from, lost_to = (wanted["startTime"] + seconds * 1000 for seconds in (600, 900))
    assert not [event for event in events if lost_from <= event["ts"] < lost_to]
    numbers = [event["sequence"] for event in events]
    assert numbers[-1] > len(numbers)  # numbers are missing
    assert api.get("/v2/rooms/{}/sequences", "past maths").status_code == 404


@pytest.mark.parametrize("changes", [{"startTime": 9_999_999_999_999}, {"duration": 0}, {"teacher": None}])
def test_impossible_past_class_is_refused(sim, changes):
    with pytest.raises(ControlFailed) as refused:
        sim.control("POST", "/past-class", body(sim, **changes))
    assert refused.value.status == 400
    assert sim.oracle()["events"] == []
