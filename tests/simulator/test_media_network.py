"""The calls of the media network: Basic auth, kicking rules, and the rooms that run now."""

import requests
from requests.auth import HTTPBasicAuth

from tests.simulator.conftest import Api


def call(sim, method, path, *, auth=None, **more):
    settings = sim.cloud.settings
    pair = auth or (settings.customer_id, settings.customer_secret)
    url = f"{sim.base_url}/dev/v1{path}"
    return requests.request(method, url, auth=HTTPBasicAuth(*pair), timeout=10, **more)


def rule(sim, room, stream, **more):
    return {
        "appid": sim.app_id,
        "cname": room,
        "uid": int(stream),
        "time_in_seconds": 60,
        "privileges": ["publish_audio"],
        **more,
    }


def bob_of(sim, room):
    users = sim.oracle(room=room, events=0)["rooms"][0]["users"]
    return next(user for user in users if user["userUuid"] == "bob")


def test_kicking_rule_silences_a_stream_for_a_time(sim, api, room):
    stream = bob_of(sim, room)["streams"][0]["streamUuid"]
    answer = call(sim, "POST", "/kicking-rule", json=rule(sim, room, stream))
    assert answer.json() == {"status": "success", "id": 1}
    (event,) = api.poll()
    assert (event["cmd"], event["data"]["audioState"], event["data"]["videoState"]) == (40, 0, 1)
    api.put("/v1/rooms/{}/users/{}/streams/{}", room, "bob", stream, audioState=1)
    assert bob_of(sim, room)["streams"][0]["audioState"] == 0
    listed = call(sim, "GET", "/kicking-rule", params={"appid": sim.app_id}).json()["rules"]
    assert [(row["cname"], row["privileges"]) for row in listed] == [(room, ["publish_audio"])]
    sim.step(60_000)
    api.put("/v1/rooms/{}/users/{}/streams/{}", room, "bob", stream, audioState=1)
    assert bob_of(sim, room)["streams"][0]["audioState"] == 1


def test_kicking_rule_is_deleted(sim, api, room):
    stream = bob_of(sim, room)["streams"][0]["streamUuid"]
    number = call(sim, "POST", "/kicking-rule", json=rule(sim, room, stream)).json()["id"]
    assert call(sim, "DELETE", "/kicking-rule", json={"appid": sim.app_id, "id": number}).ok
    api.put("/v1/rooms/{}/users/{}/streams/{}", room, "bob", stream, audioState=1)
    assert bob_of(sim, room)["streams"][0]["audioState"] == 1


def test_kicking_rule_has_limits(sim, room):
    for bad in (
        {"time_in_seconds": 9},
        {"time_in_seconds": 86_431},
        {"privileges": ["sing"]},
        {"uid": "bob"},
    ):
        answer = call(sim, "POST", "/kicking-rule", json=rule(sim, room, "1", **bad))
        assert answer.status_code == 400, bad
        assert answer.json()["message"]


def test_wrong_customer_or_app_is_refused(sim, room):
    settings = sim.cloud.settings
    path = f"/channel/{sim.app_id}"
    assert call(sim, "GET", path, auth=(settings.customer_id, "wrong")).status_code == 401
    assert call(sim, "GET", f"/channel/{'0' * 31}a").status_code == 401
    answer = requests.get(f"{sim.base_url}/dev/v1{path}", headers=Api(sim).headers, timeout=10)
    assert (answer.status_code, set(answer.json())) == (401, {"message"})


def test_running_rooms_and_their_people_are_listed(sim, room):
    sim.make_room("empty", state=1)
    data = call(sim, "GET", f"/channel/{sim.app_id}").json()["data"]
    assert data == {"channels": [{"channel_name": room, "user_count": 3}], "total_size": 1}
    beyond = call(sim, "GET", f"/channel/{sim.app_id}", params={"page_no": 1, "page_size": 1})
    assert beyond.json()["data"]["channels"] == []
    people = call(sim, "GET", f"/channel/user/{sim.app_id}/{room}").json()["data"]
    assert (people["channel_exist"], len(people["broadcasters"]), people["audience_total"]) == (True, 2, 1)
    nobody = call(sim, "GET", f"/channel/user/{sim.app_id}/empty").json()["data"]
    assert nobody == {"channel_exist": False}
