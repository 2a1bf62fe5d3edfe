"""Paths: regions, encoded ids, unknown paths, and the headers of every answer."""

import http.client

import pytest

from tests.simulator.conftest import refused

ODD_ID = "a b!#$%&()+-:;<=.>?@[]^_{}|~,1"


def test_ids_can_contain_every_legal_character(sim, api):
    assert api.post("/v2/rooms/{}", ODD_ID, roomName="odd", roomType=4).status_code == 200
    assert api.get("/v2/rooms/{}", ODD_ID).json()["data"]["roomUuid"] == ODD_ID
    assert api.put("/v3/rooms/{}/users/{}", ODD_ID, ODD_ID, role=2).status_code == 200
    sim.room(ODD_ID, "chat", userUuid=ODD_ID, message="hi")
    assert api.poll()[-1]["roomUuid"] == ODD_ID


@pytest.mark.parametrize("room", ["a/b", "x" * 64, "ü", "a'b", 'a"b', "a\\b", "a*b", "a`b", "\x00", "名"])
def test_illegal_ids_name_the_field(api, room):
    answer = api.get("/v2/rooms/{}", room)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("roomUuid:")


def test_encoded_slash_stays_part_of_the_id(api, room):
    answer = api.get("/v2/rooms/{}/users/{}", room, "a/b")
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("userUuid:")


def test_ids_can_have_63_bytes(api):
    assert refused(api.get("/v2/rooms/{}", "x" * 63)) == (404, 20404100)


@pytest.mark.parametrize("region", ["cn", "ap", "eu", "na"])
def test_every_region_is_accepted(sim, api, room, region):
    prefix = f"/{region}/edu/apps/{sim.app_id}"
    assert api.call("GET", "/v2/rooms/{}", room, prefix=prefix).status_code == 200


def test_unknown_region_is_refused(sim, api, room):
    answer = api.call("GET", "/v2/rooms/{}", room, prefix=f"/us/edu/apps/{sim.app_id}")
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("region:")


@pytest.mark.parametrize("prefix", ["/edu/apps/{}", "/eu/edu/apps/{}"])
def test_region_is_optional_for_quiz_events(sim, api, room, prefix):
    path = "/v2/rooms/{}/widgets/popupQuiz/sequences"
    assert api.call("GET", path, room, prefix=prefix.format(sim.app_id)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/nothing"),
        ("GET", "/v2/rooms"),
        ("PATCH", "/v2/rooms/x"),
        ("GET", "/v2/rooms/x/"),
        ("GET", "/v9/rooms/x"),
        ("DELETE", "/v2/rooms/x/sequences"),
    ],
)
def test_unknown_path_is_not_found(api, method, path):
    assert refused(api.call(method, path)) == (404, 404)


@pytest.mark.parametrize("prefix", ["", "/ap", "/ap/edu", "/ap/edu/apps", "/x/y/z", "/edu/polling/apps/a"])
def test_unknown_prefix_is_not_found(api, prefix):
    assert refused(api.call("GET", "/v2/rooms/sequences", prefix=prefix)) == (404, 404)


def test_every_answer_has_the_simulator_headers(api, room):
    good, bad = api.get("/v2/rooms/{}", room), api.get("/v2/rooms/{}", "none")
    for answer in (good, bad):
        assert answer.headers["X-Simulator"] == "classroom-admin"
        assert answer.headers["Content-Type"].startswith("application/json")
    assert good.headers["X-Request-Id"] != bad.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"dirty": ' * 5000, b"1" * 5000],
)
def test_body_must_be_an_object(api, room, body):
    url = api.url("/v2/rooms/{}/users/{}/exit", room, "ada")
    answer = api.session.post(url, data=body, headers=api.headers, timeout=10)
    assert refused(answer) == (400, 400)
    assert answer.json()["msg"].startswith("body:")


def test_huge_body_is_refused(api, room):
    url = api.url("/v2/rooms/{}/properties", room)
    answer = api.session.put(url, data=b" " * 5_000_000, headers=api.headers, timeout=10)
    assert refused(answer) == (400, 400)


def test_lone_surrogate_is_answered_as_valid_json(api, room):
    """JSON escapes can contain a lone surrogate; UTF-8 cannot."""
    url = api.url("/v2/rooms/{}/properties", room)
    headers = api.headers | {"Content-Type": "application/json"}
    answer = api.session.put(url, data=rb'{"properties": {"a": "\ud800"}}', headers=headers, timeout=10)
    assert answer.status_code == 200
    assert api.poll()[0]["data"]["changeProperties"] == {"a": "\ud800"}


def test_every_real_path_answers_preflights(sim, api):
    for route in sim.cloud.router:
        path = route.full_path.replace("{region}", "ap").replace("{app}", sim.app_id)
        connection = http.client.HTTPConnection("127.0.0.1", int(sim.base_url.rsplit(":", 1)[1]))
        connection.request(
            "OPTIONS",
            path,
            headers={
                "Origin": "https://classroom.example",
                "Access-Control-Request-Method": route.method,
                "Access-Control-Request-Headers": "authorization,content-type,x-agora-token,x-agora-uid",
            },
        )
        answer = connection.getresponse()
        assert answer.status == 204, path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert route.method in answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert "x-agora-token" in answer.headers["Access-Control-Allow-Headers"]
        connection.close()


def test_web_client_can_read_answers(api, room):
    assert api.get("/v2/rooms/{}", room).headers["Access-Control-Allow-Origin"] == "*"


def test_web_client_can_read_that_a_path_is_unknown(api):
    asked = api.call("OPTIONS", "/v2/nothing")
    assert asked.status_code == 204
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"].split(", ")
    answer = api.call("GET", "/v2/nothing")
    assert refused(answer) == (404, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
