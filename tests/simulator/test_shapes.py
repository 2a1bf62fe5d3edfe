"""Variations: the same fact in every form that real events have."""

import json
from collections import Counter

import pytest

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.settings import SimulatorSettings


def events(*, plain, minutes=12, seed=9):
    cloud = Cloud(SimulatorSettings(seed=seed, stepped=True, plain=plain))
    cloud.clock.step(minutes * 60_000)
    cloud.tick()
    return [(event, json.loads(event.raw)) for event in cloud.world.events]


@pytest.fixture(scope="module")
def odd():
    return events(plain=False)


@pytest.fixture(scope="module")
def plain():
    return events(plain=True)


def people(bodies):
    for _, body in bodies:
        data = body["data"]
        if "fromUser" in data:
            yield data["fromUser"]
        yield from data.get("onlineUsers", [])
        yield from data.get("offlineUsers", [])


def test_roles_occur_in_every_form(odd):
    roles = {user["role"] if isinstance(user["role"], str) else int(user["role"]) for user in people(odd)}
    assert roles >= {1, 2, "1", "2", "host", "broadcaster", "audience"}


def test_plain_roles_are_numbers(plain):
    assert {user["role"] for user in people(plain)} <= {0, 1, 2, 3, 4}


def test_numbers_occur_as_strings(odd, plain):
    totals = {type(body["data"]["total"]) for _, body in odd if body["cmd"] == 20}
    assert totals == {int, str}
    assert {type(body["data"]["total"]) for _, body in plain if body["cmd"] == 20} == {int}


def test_empty_arrays_can_be_missing(odd, plain):
    assert any("offlineUsers" not in body["data"] for _, body in odd if body["cmd"] == 20)
    assert any("offlineUsers" in body["data"] for _, body in odd if body["cmd"] == 20)
    assert all("offlineUsers" in body["data"] for _, body in plain if body["cmd"] == 20)


def test_ts_can_be_missing(odd, plain):
    share = sum("ts" not in body for _, body in odd) / len(odd)
    assert 0.15 < share < 0.35
    assert all(body["ts"] == event.at_ms for event, body in plain)


def test_unknown_fields_and_event_types_occur(odd, plain):
    assert any("traceInfo" in body["data"] for _, body in odd)
    assert any(body["cmd"] == 7001 for _, body in odd)
    assert not any("traceInfo" in body["data"] or body["cmd"] == 7001 for _, body in plain)


def test_changes_occur_nested_and_dotted(odd, plain):
    def styles(bodies):
        found = Counter()
        for event, body in bodies:
            if event.stream != "room":
                names = body["data"]["changeProperties"]
                found["dotted"] += any(name.startswith("extra.") for name in names)
                found["nested"] += "extra" in names
        return found

    assert min(styles(odd)["dotted"], styles(odd)["nested"]) > 5
    assert styles(plain)["dotted"] == 0


def test_cause_occurs_as_object_and_as_text(odd, plain):
    def kinds(bodies):
        return {type(body["data"]["cause"]) for event, body in bodies if event.stream != "room"}

    assert kinds(odd) == {dict, str}
    assert kinds(plain) == {dict}


def test_operator_of_an_answer_is_the_student(odd, plain):
    def answers(bodies):
        return [
            (body["data"]["operator"]["userUuid"], body["data"]["fromUser"]["userUuid"])
            for event, body in bodies
            if event.stream != "room" and body["cmd"] == 22
        ]

    assert all(operator.startswith("student-") for operator, _ in answers(odd))
    assert {from_user.startswith("student-") for _, from_user in answers(odd)} == {True, False}
    assert all(operator == from_user for operator, from_user in answers(plain))


def test_reward_totals_occur_under_both_names(odd, plain):
    def names(bodies):
        return {
            name
            for _, body in bodies
            if body["cmd"] == 1101
            for row in body["data"]["rewardDetails"]
            for name in row
            if name.startswith("total")
        }

    assert names(odd) == {"total", "totalReward"}
    assert names(plain) == {"total"}


def test_poll_state_occurs_under_both_names(odd):
    texts = [event.raw for event, _ in odd if event.stream == "poll"]
    assert any(b"pollState" in text for text in texts)
    assert any(b"pollingState" in text for text in texts)


def test_streams_occur_in_both_forms(odd):
    entered = [user for _, body in odd if body["cmd"] == 20 for user in body["data"].get("onlineUsers", [])]
    assert any("streams" in user for user in entered)
    assert any("streamUuid" in user for user in entered)


def test_batch_events_contain_the_data_of_single_events(plain):
    batch = next(body["data"] for _, body in plain if body["cmd"] == 41)
    assert {"fromUser", "streamUuid", "audioState", "videoState", "action"} <= set(batch["streams"][0])
    people_batch = next(body["data"] for _, body in plain if body["cmd"] == 23)
    assert {"fromUser", "changeProperties", "action"} <= set(people_batch["users"][0])
    several = next(body["data"] for _, body in plain if body["cmd"] == 5)
    assert len(several["changeProperties"]) > 1
