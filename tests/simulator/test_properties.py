"""Custom properties of rooms, users and extApps."""

import pytest

from tests.simulator.conftest import refused


def test_room_properties_are_set_and_deleted(api, room):
    api.put("/v2/rooms/{}/properties", room, properties={"a": 1, "b": {"c": [2]}}, cause={"why": "test"})
    (event,) = api.poll()
    assert event["cmd"] == 4
    assert event["data"]["action"] == 0
    assert event["data"]["changeProperties"] == {"a": 1, "b": {"c": [2]}}
    assert event["data"]["cause"] == {"why": "test"}
    assert event["data"]["operator"]["userUuid"] == "school-server"
    assert api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]["b"] == {"c": [2]}
    api.delete("/v2/rooms/{}/properties", room, properties=["a", "never there"])
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["action"]) == (4, 1)
    assert set(event["data"]["changeProperties"]) == {"a", "never there"}
    assert "a" not in api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]


def test_user_properties_are_set_and_deleted(api, room):
    api.put("/v2/rooms/{}/users/{}/properties", room, "ada", properties={"team": "red"})
    (event,) = api.poll()
    assert event["cmd"] == 22
    assert event["data"]["fromUser"] == {"userUuid": "ada", "userName": "Ada", "role": 2}
    assert event["data"]["changeProperties"] == {"team": "red"}
    user = api.get("/v2/rooms/{}/users/{}", room, "ada").json()["data"]
    assert user["userProperties"] == {"team": "red"}
    api.delete("/v2/rooms/{}/users/{}/properties", room, "ada", properties=["team"])
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["action"]) == (22, 1)
    assert refused(api.put("/v2/rooms/{}/users/{}/properties", room, "no", properties={"a": 1})) == (
        404,
        20404200,
    )


def test_ext_app_properties_are_set_and_deleted(api, room):
    path = "/v2/rooms/{}/extApps/{}/properties"
    api.put(path, room, "timer", properties={"left": 60}, common={"state": 1})
    (event,) = api.poll()
    assert event["cmd"] == 4
    assert event["data"]["changeProperties"] == {"extApps": {"timer": {"left": 60, "common": {"state": 1}}}}
    room_properties = api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]
    assert room_properties["extApps"] == {"timer": {"left": 60}}
    api.delete(path, room, "timer", properties=["left"])
    (event,) = api.poll()
    assert (event["data"]["action"], event["data"]["changeProperties"]) == (
        1,
        {"extApps": {"timer": {"left": 60}}},
    )


@pytest.mark.parametrize(
    "path",
    ["/v2/rooms/{}/properties", "/v2/rooms/{}/users/ada/properties", "/v2/rooms/{}/extApps/x/properties"],
)
def test_invalid_properties_are_refused(api, room, path):
    for body, field in [
        ({}, "properties"),
        ({"properties": []}, "properties"),
        ({"properties": {}, "cause": "text"}, "cause"),
    ]:
        answer = api.put(path, room, **body)
        assert refused(answer) == (400, 400)
        assert answer.json()["msg"].startswith(f"{field}:")
    for body in ({}, {"properties": {"a": 1}}, {"properties": []}, {"properties": [1]}):
        assert refused(api.delete(path, room, **body)) == (400, 400)
    assert api.poll() == []


def test_invalid_common_state_is_refused(api, room):
    answer = api.put("/v2/rooms/{}/extApps/x/properties", room, properties={}, common={"state": 2})
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("common.state:")
