"""The polling stream, which delivers each event once, and the repeatable endpoints."""

import pytest

from classroom_admin.simulator.testing import running_simulator
from tests.simulator.conftest import Api, refused


def chat(sim, room, count, start=0):
    for number in range(start, start + count):
        sim.room(room, "chat", userUuid="ada", message=f"m{number}")


def test_polling_delivers_each_event_of_all_rooms_once(sim, api, room):
    sim.make_room("class 2", state=1)
    chat(sim, room, 2)
    first = api.poll()
    assert [(event["roomUuid"], event["cmd"]) for event in first] == [("class 2", 1), (room, 3), (room, 3)]
    assert api.poll() == []
    chat(sim, room, 1)
    assert len(api.poll()) == 1


def test_sequences_count_from_one_in_each_room(sim, api):
    for name in ("x", "y"):
        sim.make_room(name, state=1)
        sim.room(name, "enter", userUuid="ada")
        chat(sim, name, 3)
    events = api.poll()
    for name in ("x", "y"):
        assert [event["sequence"] for event in events if event["roomUuid"] == name] == [1, 2, 3, 4, 5]


def test_two_readers_split_the_stream(sim, api, room):
    sim.control("POST", "/reset", {"pollBatch": 2, "stepped": True, "plain": True})
    sim.make_room(room, state=1)
    sim.room(room, "enter", userUuid="ada")
    chat(sim, room, 5)
    other = Api(sim, "other")
    mine, theirs = [], []
    for _ in range(2):
        mine += api.poll()
        theirs += other.poll()
    assert [event["sequence"] for event in mine] == [1, 2, 5, 6]
    assert [event["sequence"] for event in theirs] == [3, 4, 7]


@pytest.mark.parametrize(
    ("count", "pages"), [(99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_room_events_come_in_pages_of_100(sim, api, count, pages):
    sim.make_room("paged")
    sim.room("paged", "enter", userUuid="ada")
    chat(sim, "paged", count - 1)
    next_id, seen, sizes = None, [], []
    while True:
        data = api.events("paged", **({} if next_id is None else {"nextId": next_id}))
        sizes.append(data["count"])
        seen += [event["sequence"] for event in data["list"]]
        next_id = data["nextId"]
        assert data["total"] == count
        if next_id is None:
            break
        assert int(next_id) == seen[-1] + 1
    assert sizes == pages
    assert seen == list(range(1, count + 1))


@pytest.mark.parametrize("value", ["", "null"])
def test_empty_next_id_means_the_first_page(sim, api, room, value):
    assert api.events(room, nextId=value)["list"][0]["sequence"] == 1


def test_next_id_is_the_first_sequence_of_the_page(sim, api, room):
    chat(sim, room, 4)
    assert [event["sequence"] for event in api.events(room, nextId=6)["list"]] == [6, 7, 8]
    assert api.events(room, nextId=99)["list"] == []
    assert api.events(room, nextId=99)["nextId"] is None


def test_room_events_equal_polled_events_byte_for_byte(sim, api, room):
    chat(sim, room, 3)
    streamed = api.poll()
    first = streamed[0]["sequence"]
    assert api.events(room, nextId=first)["list"] == streamed
    assert api.events(room, nextId=first)["list"] == streamed


def test_room_events_are_filtered_by_type(sim, api, room):
    chat(sim, room, 150)
    page = api.events(room, cmd=3)
    assert {event["cmd"] for event in page["list"]} == {3}
    assert (page["total"], page["count"]) == (150, 100)
    rest = api.events(room, cmd=3, nextId=page["nextId"])
    assert (rest["count"], rest["nextId"]) == (50, None)
    assert api.events(room, cmd=77)["list"] == []


@pytest.mark.parametrize("query", [{"nextId": "x"}, {"nextId": "-1"}, {"nextId": "1.5"}, {"cmd": "chat"}])
def test_parameters_out_of_bounds_are_refused(api, room, query):
    answer = api.get("/v2/rooms/{}/sequences", room, **query)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith(next(iter(query)) + ":")


def test_classroom_client_reads_missed_events(sim, api, room):
    chat(sim, room, 9)
    for prefix in (f"/edu/apps/{sim.app_id}", f"/scene/apps/{sim.app_id}"):
        answer = api.call(
            "GET", "/v1/rooms/{}/sequences", room, prefix=prefix, params={"nextId": 6, "count": 3}
        ).json()
        assert [event["sequence"] for event in answer["data"]["list"]] == [6, 7, 8]
        assert answer["data"]["nextId"] == "9"


def test_polling_delivers_no_events_of_a_destroyed_room(sim, api, room):
    chat(sim, room, 3)
    sim.room(room, "destroy")
    assert api.poll() == []
    assert refused(api.get("/v2/rooms/{}/sequences", room)) == (404, 20404100)
    truth = sim.oracle(room=room)
    assert [event["withheld"] for event in truth["events"][-3:]] == ["room destroyed"] * 3
    assert truth["rooms"][0]["destroyedAt"] == sim.world.now


def test_skipped_sequences_are_missing_from_room_events(sim, api, room):
    chat(sim, room, 1)
    skipped = sim.room(room, "void", count=2)["void"]
    chat(sim, room, 1)
    numbers = [event["sequence"] for event in api.events(room)["list"]]
    assert set(numbers).isdisjoint(skipped)
    assert numbers[-1] == skipped[-1] + 1
    assert [event["sequence"] for event in api.events(room, nextId=skipped[0])["list"]] == [numbers[-1]]


def test_poll_batch_limits_a_polling_answer():
    with running_simulator(poll_batch=3, stepped=True, plain=True) as sim:
        api = Api(sim)
        sim.make_room("r", state=1)
        for number in range(6):
            sim.room("r", "enter", userUuid=f"u{number}")
        assert [len(api.poll()) for _ in range(4)] == [3, 3, 1, 0]
