"""Each fault has the described effect, at the configured times."""

import socket
import time

import pytest
import requests

from classroom_admin.simulator.faults.kinds import KINDS
from classroom_admin.simulator.testing import ControlFailed, running_simulator
from tests.simulator.conftest import Api, refused


def chat(sim, room, count):
    for number in range(count):
        sim.room(room, "chat", userUuid="ada", message=f"m{number}")


def numbers(events):
    return [event["sequence"] for event in events]


@pytest.mark.parametrize(("kind", "status"), [("too_many", 429), ("unavailable", 503)])
def test_refusals_can_have_retry_after(sim, api, kind, status):
    fault = sim.fault(kind)
    answer = api.get("/v2/configs")
    assert refused(answer)[0] == status
    assert "Retry-After" not in answer.headers
    sim.control("DELETE", f"/faults/{fault}")
    sim.fault(kind, params={"retryAfter": 7})
    assert api.get("/v2/configs").headers["Retry-After"] == "7"


def test_server_error_answers_500(sim, api):
    sim.fault("server_error")
    assert refused(api.get("/v2/configs")) == (500, 500)


def test_token_expired_answers_401(sim, api):
    sim.fault("token_expired", count=1)
    answer = api.get("/v2/configs")
    assert refused(answer)[0] == 401
    assert "expired" in answer.json()["msg"]
    assert api.get("/v2/configs").status_code == 200


def test_budget_answers_429_above_the_limit(sim, api):
    sim.fault("budget", params={"perSecond": 5, "retryAfter": 1})
    answers = [api.get("/v2/configs") for _ in range(8)]
    assert [answer.status_code for answer in answers[:6]] == [200] * 5 + [429]
    assert answers[5].headers["Retry-After"] == "1"
    deadline = time.monotonic() + 5
    while api.get("/v2/configs").status_code == 429:
        assert time.monotonic() < deadline
    assert time.monotonic() < deadline


def test_refused_request_changes_nothing(sim, api, room):
    sim.fault("server_error", route="kick")
    assert api.post("/v2/rooms/{}/users/{}/exit", room, "ada").status_code == 500
    assert api.poll() == []


def test_refuse_closes_the_connection_and_changes_nothing(sim, api, room):
    sim.fault("refuse", route="kick")
    with pytest.raises(requests.ConnectionError):
        api.post("/v2/rooms/{}/users/{}/exit", room, "ada")
    assert api.poll() == []


def test_events_of_a_lost_answer_are_lost(sim, api, room):
    chat(sim, room, 3)
    sim.fault("lose_answer", route="poll", count=1)
    with pytest.raises(requests.ConnectionError):
        api.poll()
    assert api.poll() == []
    assert len(api.events(room, nextId=5)["list"]) == 3
    handed = [event["handedOut"] for event in sim.oracle(room=room)["events"][-3:]]
    assert [(row[0]["to"], row[0]["outcome"]) for row in handed] == [("school-server", "lost")] * 3


def test_write_with_a_lost_answer_takes_effect(sim, api, room):
    sim.fault("lose_answer", route="kick")
    with pytest.raises(requests.ConnectionError):
        api.post("/v2/rooms/{}/users/{}/exit", room, "ada")
    assert api.poll()[0]["data"]["offlineUsers"][0]["userUuid"] == "ada"


@pytest.mark.parametrize("kind", ["delay", "late_answer", "slow_body"])
def test_answers_are_delayed(sim, api, kind):
    sim.fault(kind, params={"ms": 300})
    began = time.monotonic()
    assert api.get("/v2/configs").json()["code"] == 0
    assert 0.25 < time.monotonic() - began < 5


def test_late_answer_is_lost_if_the_client_has_left(sim, api, room):
    chat(sim, room, 1)
    sim.fault("late_answer", route="poll", params={"ms": 400}, count=1)
    url = api.url("/v2/rooms/sequences", prefix=f"/ap/edu/polling/apps/{sim.app_id}")
    with pytest.raises(requests.Timeout):
        requests.get(url, headers=api.headers, timeout=0.1)
    deadline = time.monotonic() + 5
    while sim.oracle(room=room)["events"][-1]["handedOut"][0]["outcome"] != "lost":
        assert time.monotonic() < deadline
    assert api.poll() == []


def test_truncate_sends_partial_json_in_a_complete_answer(sim, api, room):
    chat(sim, room, 3)
    sim.fault("truncate", route="poll", count=1)
    answer = api.poll_response()
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises(ValueError, match="line 1"):
        answer.json()
    assert sim.oracle(room=room)["events"][-1]["handedOut"][0]["outcome"] == "lost"


def test_cut_ends_an_answer_early(sim, api, room):
    chat(sim, room, 3)
    sim.fault("cut", route="poll", count=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.poll_response()
    assert api.poll() == []


def test_malform_sends_invalid_json(sim, api):
    sim.fault("malform", count=1)
    with pytest.raises(ValueError, match="line 1"):
        api.get("/v2/configs").json()
    sim.fault("malform", count=1, params={"body": "<html>gateway</html>"})
    assert api.get("/v2/configs").text == "<html>gateway</html>"


def test_duplicate_repeats_events(sim, api, room):
    chat(sim, room, 5)
    sim.fault("duplicate", route="poll", params={"share": 1})
    assert numbers(api.poll()) == [5, 5, 6, 6, 7, 7, 8, 8, 9, 9]


def test_reorder_shuffles_events(sim, api, room):
    chat(sim, room, 30)
    sim.fault("reorder", route="poll")
    shown = numbers(api.poll())
    assert shown != sorted(shown)
    assert sorted(shown) == list(range(5, 35))


def test_withheld_event_is_in_the_repeatable_endpoint(sim, api, room):
    fault = sim.fault("withhold", params={"cmd": 3}, count=1)
    chat(sim, room, 3)
    assert numbers(api.poll()) == [6, 7]
    assert numbers(api.events(room, nextId=5)["list"]) == [5, 6, 7]
    assert sim.oracle(room=room)["events"][4]["withheld"] == f"withheld by fault {fault}"


def test_withhold_can_affect_one_room_only(sim, api, room):
    sim.make_room("other", state=1)
    sim.fault("withhold", params={"room": "other"})
    sim.room("other", "enter", userUuid="x")
    chat(sim, room, 1)
    assert [event["roomUuid"] for event in api.poll()] == ["other", room]


def test_competing_reader_takes_part_of_the_stream(sim, api, room):
    sim.fault("foreign_reader", route="poll", params={"share": 0.5})
    chat(sim, room, 40)
    mine = numbers(api.drain())
    assert 0 < len(mine) < 40
    theirs = [
        event["sequence"]
        for event in sim.oracle(room=room)["events"]
        if event["handedOut"] and event["handedOut"][0]["to"] == "foreign"
    ]
    assert sorted(mine + theirs) == list(range(5, 45))


def test_competing_reader_can_poll_by_itself(sim, api, room):
    fault = sim.fault("foreign_reader", route="nothing", params={"share": 1, "everyMs": 500})
    chat(sim, room, 3)
    sim.step(499)
    chat(sim, room, 1)
    sim.step(1)
    assert api.poll() == []
    assert {event["handedOut"][0]["to"] for event in sim.oracle(room=room)["events"][-4:]} == {"foreign"}
    sim.control("DELETE", f"/faults/{fault}")
    chat(sim, room, 1)
    sim.step(5000)
    assert len(api.poll()) == 1


def test_skew_shifts_the_time_of_answers(sim, api):
    sim.fault("skew", params={"ms": 120_000})
    assert api.get("/v2/configs").json()["ts"] == sim.world.now + 120_000


def test_probability_decides_how_often_a_fault_occurs(sim, api):
    sim.fault("server_error", probability=0.5)
    statuses = [api.get("/v2/configs").status_code for _ in range(60)]
    assert 10 < statuses.count(500) < 50
    sim.clear_faults()
    sim.fault("server_error", probability=0)
    assert api.get("/v2/configs").status_code == 200


def test_count_and_after_calls_limit_a_fault(sim, api):
    sim.fault("server_error", count=2, afterCalls=1)
    assert [api.get("/v2/configs").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    (fault,) = sim.control("GET", "/faults")["faults"]
    assert (fault["hits"], fault["count"]) == (2, 2)


def test_fault_is_active_between_its_times(sim, api):
    sim.fault("server_error", fromMs=1000, untilMs=3000)
    seen = []
    for _ in range(4):
        seen.append(api.get("/v2/configs").status_code)
        sim.step(1000)
    assert seen == [200, 500, 500, 200]


@pytest.mark.parametrize("route", ["poll", "po*", "GET /{region}/edu/polling/*"])
def test_fault_affects_only_its_route(sim, api, route):
    sim.fault("server_error", route=route)
    assert api.get("/v2/configs").status_code == 200
    assert api.poll_response().status_code == 500


def test_several_faults_affect_one_request(sim, api, room):
    chat(sim, room, 20)
    sim.fault("duplicate", route="poll", params={"share": 1})
    sim.fault("reorder", route="poll")
    sim.fault("slow_body", route="poll", params={"ms": 50})
    shown = numbers(api.poll())
    assert sorted(shown) == sorted([*range(5, 25), *range(5, 25)])


def test_faults_do_not_affect_control_calls(sim):
    for kind in ("server_error", "refuse", "truncate"):
        sim.fault(kind)
    assert sim.control("GET", "/health")["faults"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "meteor"},
        {"kind": "too_many", "probability": 2},
        {"kind": "too_many", "count": 0},
        {"kind": "too_many", "params": {"retry": 1}},
        {"kind": "delay", "params": {"ms": "long"}},
        {"kind": "delay", "often": True},
        {"kind": "delay", "fromMs": -1},
    ],
)
def test_invalid_fault_is_refused_with_the_field(sim, body):
    with pytest.raises(ControlFailed) as failed:
        sim.control("POST", "/faults", body)
    assert failed.value.status == 400
    assert sim.control("GET", "/faults")["faults"] == []


def test_every_kind_is_listed_with_its_description(sim):
    listed = sim.control("GET", "/faults")["kinds"]
    assert {kind["kind"] for kind in listed} == set(KINDS)
    assert all(kind["does"] for kind in listed)


def test_removing_an_unknown_fault_is_not_found(sim):
    with pytest.raises(ControlFailed) as failed:
        sim.control("DELETE", "/faults/99")
    assert failed.value.status == 404


def test_outage_refuses_connections_until_it_ends():
    with running_simulator(plain=True) as sim:
        api = Api(sim)
        assert api.get("/v2/configs").status_code == 200
        assert sim.control("POST", "/faults", {"kind": "outage", "params": {"ms": 400}}) == {"outage": 400}
        port = int(sim.base_url.rsplit(":", 1)[1])
        refusals = 0
        deadline = time.monotonic() + 5
        while True:
            assert time.monotonic() < deadline
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except ConnectionRefusedError:
                refusals += 1
            else:
                if refusals:
                    break
        assert api.get("/v2/configs").status_code == 200
