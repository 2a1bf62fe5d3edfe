"""Files of a room, and their conversion."""

import pytest

from tests.simulator.conftest import refused

PDF = {"resourceName": "Cells.pdf", "size": 1005, "ext": "pdf", "url": "https://files.example/cells.pdf"}


def put(api, room, uuid, **body):
    return api.put("/v1/rooms/{}/resources/{}", room, uuid, **{**PDF, **body})


def listed(api, room):
    return api.get("/v1/rooms/{}/resources", room).json()["data"]


def test_file_is_added_listed_and_deleted(sim, api, room):
    (row,) = put(api, room, "r 1").json()["data"]
    assert row == {"resourceUuid": "r 1", "updateTime": sim.world.now, **PDF}
    assert listed(api, room) == [row]
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["action"], event["data"]["resources"]) == (1003, 1, [row])
    assert event["data"]["operator"]["userUuid"] == "school-server"
    assert api.delete("/v1/rooms/{}/resources", room, resourceUuids=["r 1", "unknown"]).status_code == 200
    (event,) = api.poll()
    assert (event["data"]["action"], event["data"]["resources"][0]["resourceUuid"]) == (2, "r 1")
    assert listed(api, room) == []


def test_delete_accepts_the_former_parameter_name(api, room):
    put(api, room, "r")
    assert api.delete("/v1/rooms/{}/resources", room, resourceUuid=["r"]).status_code == 200
    assert listed(api, room) == []


def test_deleting_an_unknown_file_emits_no_event(api, room):
    assert api.delete("/v1/rooms/{}/resources", room, resourceUuids=["r"]).status_code == 200
    assert api.poll() == []


@pytest.mark.parametrize("body", [{}, {"resourceUuids": []}, {"resourceUuids": "r"}, {"resourceUuids": [1]}])
def test_delete_refuses_values_out_of_bounds(api, room, body):
    answer = api.delete("/v1/rooms/{}/resources", room, **body)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("resourceUuids")


def test_conversion_progresses_to_100_percent(sim, api, room):
    put(api, room, "r", conversion={"type": "static", "scale": 1.2, "outputFormat": "png"})
    seen = []
    for _ in range(20):
        (row,) = listed(api, room)
        seen.append(row["taskProgress"]["convertedPercentage"])
        sim.step(1000)
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    (row,) = listed(api, room)
    progress = row["taskProgress"]
    assert progress["convertedPercentage"] == 100
    assert progress["convertedPageSize"] == progress["totalPageSize"] == len(progress["convertedFileList"])
    assert progress["convertedFileList"][0]["ppt"]["src"].startswith(
        f"{sim.base_url.partition('/v1')[0]}/converted/"
    )
    assert row["taskUuid"]
    assert row["taskToken"]
    events = api.poll()
    assert {event["cmd"] for event in events} == {1003}
    shown = [event["data"]["resources"][0]["taskProgress"]["convertedPercentage"] for event in events]
    assert shown == sorted(shown)
    assert shown[-1] == 100


def test_conversion_of_a_deleted_file_stops(sim, api, room):
    put(api, room, "r", conversion={"type": "static"})
    api.delete("/v1/rooms/{}/resources", room, resourceUuids=["r"])
    api.drain()
    sim.step(60_000)
    assert api.poll() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"size": None}, "size"),
        ({"size": -1}, "size"),
        ({"ext": None}, "ext"),
        ({"ext": "exe"}, "ext"),
        ({"url": None}, "url"),
        ({"url": ""}, "url"),
        ({"url": "ftp://x"}, "url"),
        ({"resourceName": "ü" * 32}, "resourceName"),
        ({"conversion": {}}, "conversion.type"),
        ({"conversion": {"type": "dynamic"}}, "conversion.type"),
        ({"ext": "pptx", "conversion": {"type": "static"}}, "conversion.type"),
        ({"conversion": {"type": "static", "preview": True}}, "conversion.preview"),
        ({"ext": "pptx", "conversion": {"type": "dynamic", "scale": 1}}, "conversion.scale"),
        ({"conversion": {"type": "static", "scale": 3.1}}, "conversion.scale"),
        ({"conversion": {"type": "static", "scale": 0.05}}, "conversion.scale"),
        ({"conversion": {"type": "static", "outputFormat": "bmp"}}, "conversion.outputFormat"),
    ],
)
def test_put_refuses_values_out_of_bounds(api, room, body, field):
    answer = put(api, room, "r", **body)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith(f"{field}:")


def test_closed_room_refuses_files(sim, api, room):
    sim.room(room, "state", state=3)
    assert refused(put(api, room, "r")) == (409, 20409000)


def test_other_file_types_are_accepted(api, room):
    assert put(api, room, "r", ext="pptx", conversion={"type": "dynamic", "preview": True}).status_code == 200
    assert put(api, room, "s", ext="mp4").status_code == 200
