"""Recordings of a class."""

import pytest

from tests.simulator.conftest import refused

WEB = {"mode": "web", "webRecordConfig": {"url": "https://class.example/record"}}


def put(api, room, state, **body):
    return api.put("/v2/rooms/{}/records/states/{}", room, str(state), **body)


def settings(api, room, method="PATCH", **config):
    path = "/v2/rooms/{}/records/states/1"
    return api.call(method, path, room, json={"webRecordConfig": config})


def listed(api, room, **query):
    return api.get("/v2/rooms/{}/records", room, **query).json()["data"]


def test_composite_recording_starts_and_stops(sim, api, room):
    data = put(api, room, 1).json()["data"]
    assert data["state"] == 1
    assert data["startTime"] == sim.world.now
    (event,) = api.poll()
    assert event["cmd"] == 1001
    assert {
        name: event["data"][name] for name in ("state", "recordId", "sid", "resourceId", "startTime")
    } == {name: data[name] for name in ("state", "recordId", "sid", "resourceId", "startTime")}
    (row,) = listed(api, room)["list"]
    assert (row["type"], row["status"], row["recordId"]) == (2, 1, data["recordId"])
    assert "endTime" not in row
    record = api.get("/v2/rooms/{}", room).json()["data"]["roomProperties"]["record"]
    assert record == {
        "state": 1,
        "recordId": data["recordId"],
        "startTime": data["startTime"],
        "ready": 0,
        "onhold": False,
    }
    sim.step(60_000)
    put(api, room, 0)
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["state"]) == (1001, 0)
    (row,) = listed(api, room)["list"]
    assert (row["status"], row["endTime"]) == (2, sim.world.now)
    assert "url" not in row
    sim.step(10_000)
    assert listed(api, room)["list"][0]["url"].endswith(".m3u8")


def test_web_recording_has_one_file_per_two_hours(sim, api):
    sim.make_room("long", state=1)
    put(api, "long", 1, **{**WEB, "webRecordConfig": WEB["webRecordConfig"] | {"maxRecordingHour": 10}})
    sim.step(5 * 3_600_000)
    put(api, "long", 0)
    assert listed(api, "long")["list"][0]["recordDetails"] == []
    sim.step(10_000)
    (row,) = listed(api, "long")["list"]
    assert row["type"] == 3
    assert [detail["url"].rsplit("_", 1)[1] for detail in row["recordDetails"]] == ["0.mp4", "1.mp4", "2.mp4"]
    assert row["webRecordUrlQuery"]


def test_streaming_addresses_are_returned_if_requested(api, room):
    config = WEB["webRecordConfig"] | {"publishRtmp": "true"}
    data = put(api, room, 1, mode="web", webRecordConfig=config).json()["data"]
    assert set(data["streamingUrl"]) == {"rtmp", "flv", "hls"}
    assert api.poll()[0]["data"]["streamingUrl"] == data["streamingUrl"]


def test_commands_in_the_wrong_state_are_conflicts(api, room):
    assert refused(put(api, room, 0)) == (409, 30409410)
    assert refused(settings(api, room, onhold=True)) == (409, 30409410)
    put(api, room, 1)
    assert refused(put(api, room, 1)) == (409, 30409411)
    assert refused(put(api, room, 1, **WEB)) == (409, 30409411)
    put(api, room, 0)
    assert refused(put(api, room, 0)) == (409, 30409410)
    assert refused(put(api, "none", 1)) == (404, 20404100)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_recording_is_paused_and_resumed(sim, api, room, method):
    put(api, room, 1, **WEB)
    api.drain()
    began = sim.world.now
    sim.step(1000)
    assert settings(api, room, method, onhold=True).status_code == 200
    sim.step(1000)
    assert settings(api, room, method, onhold=False).status_code == 200
    assert api.poll() == []
    (row,) = sim.oracle(room=room)["rooms"][0]["recordings"]
    assert row["holds"] == [[began + 1000, began + 2000]]
    assert row["onHold"] is False


def test_failed_recording_is_marked_unready(sim, api, room):
    put(api, room, 1, **WEB)
    sim.room(room, "record", state=0, failed=True)
    sim.step(60_000)
    (row,) = listed(api, room)["list"]
    assert (row["unready"], row["recordDetails"]) == (True, [])


def test_only_web_mode_can_be_paused(api, room):
    put(api, room, 1)
    assert refused(settings(api, room, onhold=True)) == (409, 20409000)


def test_recording_can_start_paused(sim, api, room):
    put(api, room, 1, mode="web", webRecordConfig=WEB["webRecordConfig"] | {"onhold": True})
    assert sim.oracle(room=room)["rooms"][0]["recordings"][0]["onHold"] is True


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"onhold": "true"}, "onhold"),
        ({"publishRtmp": 1}, "publishRtmp"),
        ({"videoBitrate": 49}, "videoBitrate"),
        ({"videoBitrate": 8001}, "videoBitrate"),
        ({"videoFps": 4}, "videoFps"),
        ({"videoFps": 61}, "videoFps"),
        ({"audioProfile": 3}, "audioProfile"),
        ({"videoWidth": 479}, "videoWidth"),
        ({"videoHeight": 1921}, "videoHeight"),
        ({"videoWidth": 1920, "videoHeight": 1081}, "videoWidth"),
        ({"maxRecordingHour": 0}, "maxRecordingHour"),
        ({"maxRecordingHour": 721}, "maxRecordingHour"),
    ],
)
def test_settings_out_of_bounds_are_refused(api, room, config, field):
    answer = put(api, room, 1, mode="web", webRecordConfig=WEB["webRecordConfig"] | config)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith(f"webRecordConfig.{field}:")
    assert api.poll() == []


def test_web_recording_needs_an_address(api, room):
    config = {**WEB["webRecordConfig"], "url": None, "rootUrl": None}
    assert refused(put(api, room, 1, mode="web", webRecordConfig=config)) == (400, 30400412)


def test_changed_settings_say_whether_the_recording_is_paused(api, room):
    put(api, room, 1, **WEB)
    assert refused(settings(api, room, videoFps=20)) == (400, 400)
    assert settings(api, room, videoFps=20, onhold=False).status_code == 200


def test_maximum_settings_are_accepted(api, room):
    config = {
        "rootUrl": "https://x.example",
        "videoBitrate": 8000,
        "videoFps": 60,
        "audioProfile": 2,
        "videoWidth": 1920,
        "videoHeight": 1080,
        "maxRecordingHour": 720,
    }
    assert put(api, room, 1, mode="web", webRecordConfig=config, retryTimeout=60).status_code == 200


@pytest.mark.parametrize(
    ("state", "body"),
    [("2", {}), ("on", {}), ("1", {"mode": "mix"}), ("1", {"mode": "web"}), ("1", {"retryTimeout": -1})],
)
def test_other_invalid_parameters_are_refused(api, room, state, body):
    assert refused(put(api, room, state, **body)) == (400, 400)


def test_closing_a_class_stops_its_recording_and_prevents_new_ones(sim, api, room):
    put(api, room, 1)
    api.drain()
    sim.room(room, "state", state=3)
    assert [event["cmd"] for event in api.poll()] == [1, 1001, 20]
    assert refused(put(api, room, 1)) == (409, 30409101)


def test_recording_stops_at_its_maximum_length(sim, api):
    sim.make_room("endless", state=1)
    put(api, "endless", 1)
    sim.step(2 * 3_600_000 - 1)
    assert listed(api, "endless")["list"][0]["status"] == 1
    sim.step(1)
    assert listed(api, "endless")["list"][0]["status"] == 2


def test_recordings_come_in_pages_of_100(api, room):
    for _ in range(101):
        put(api, room, 1)
        put(api, room, 0)
    first = listed(api, room)
    assert (first["total"], first["count"], len(first["list"]), first["nextId"]) == (101, 100, 100, "101")
    second = listed(api, room, nextId=first["nextId"])
    assert (second["count"], second["nextId"]) == (1, None)
    assert refused(api.get("/v2/rooms/{}/records", room, nextId="soon")) == (400, 400)
