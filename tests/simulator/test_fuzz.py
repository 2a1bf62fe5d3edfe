"""Random input to every call gets a documented answer and does not stop the simulator."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom_admin.simulator.testing import ControlFailed
from tests.simulator.conftest import Api

KNOWN = {200, 400, 401, 403, 404, 409}
NAMES = st.sampled_from(
    [
        "action",
        "cause",
        "changeReward",
        "common",
        "conversion",
        "correctItems",
        "dirty",
        "duration",
        "ext",
        "groupName",
        "groups",
        "groupUuid",
        "items",
        "message",
        "mode",
        "muteChat",
        "name",
        "onhold",
        "payload",
        "pollItems",
        "properties",
        "resourceName",
        "resourceUuids",
        "retryTimeout",
        "rewardDetails",
        "role",
        "roleConfig",
        "roomName",
        "roomProperties",
        "roomType",
        "rootUrl",
        "schedule",
        "selectIndex",
        "selectedItems",
        "size",
        "startTime",
        "state",
        "timeout",
        "toUserUuid",
        "type",
        "url",
        "userName",
        "userProperties",
        "userUuid",
        "users",
        "videoState",
        "webRecordConfig",
    ]
)
IDS = st.sampled_from(
    ["class 1", "ada", "bob", "teacher-1", "none", "a/b", "", "0", "1", "waveArm", "é", ".", "x" * 64]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | IDS
    | st.sampled_from(["web", "static", "pdf", "https://x.example/a", "1", "-1", "true"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=6)
QUERIES = st.dictionaries(
    st.sampled_from(["nextId", "cmd", "count", "sort", "role", "type", "userName"]), IDS, max_size=3
)


@pytest.fixture
def routes(sim):
    return sorted(sim.cloud.router, key=lambda route: (route.method, route.full_path))


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_random_calls_get_documented_answers(sim, api, room, routes, data):
    route = data.draw(st.sampled_from(routes), label="route")
    path, ids = route.template, []
    for part in route.parts:
        if part.startswith("{"):
            path = path.replace(part, "{}", 1)
            ids.append(
                data.draw(IDS, label=part) if part != "{room}" or data.draw(st.booleans()) else "class 1"
            )
    prefix = f"/ap/edu/{'polling/' if route.polling else ''}apps/{sim.app_id}"
    body = data.draw(BODIES, label="body")
    answer = api.call(route.method, path, *ids, prefix=prefix, params=data.draw(QUERIES), json=body)
    assert answer.status_code in KNOWN, answer.text
    envelope = answer.json()
    assert isinstance(envelope["ts"], int)
    assert (envelope["code"] == 0) == (answer.status_code == 200)
    if answer.status_code != 200:
        assert envelope["msg"]
    sim.step(500)
    for raw in sim.do(lambda world: [event.raw for event in world.events]):
        json.loads(raw)


def control_status(sim, path, body):
    try:
        sim.control("POST", path, body)
    except ControlFailed as failed:
        return failed.status
    return 200


ACTIONS = st.sampled_from(
    [
        "enter",
        "leave",
        "drop",
        "kick",
        "state",
        "chat",
        "custom",
        "peer",
        "wave",
        "lower",
        "stage",
        "unstage",
        "reward",
        "mute",
        "stream",
        "property",
        "quiz",
        "poll",
        "answer",
        "record",
        "resource",
        "void",
    ]
)


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(action=ACTIONS, body=BODIES, user=IDS)
def test_random_room_control_calls_get_answers(sim, room, action, body, user):
    assert control_status(sim, f"/rooms/class%201/{action}", {**body, "userUuid": user}) in KNOWN
    assert Api(sim).poll_response().status_code == 200


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(["/faults", "/reset", "/seed", "/clock", "/plain", "/emit", "/rooms"]),
    body=st.dictionaries(
        st.sampled_from(
            [
                "kind",
                "params",
                "count",
                "probability",
                "seed",
                "speed",
                "stepped",
                "step",
                "mode",
                "plain",
                "roomUuid",
                "cmd",
                "raw",
            ]
        ),
        VALUES | st.sampled_from(["delay", "budget", "real", "stepped", "class 1"]),
        max_size=4,
    ),
)
def test_random_global_control_calls_get_answers(sim, path, body):
    if body.get("kind") == "outage":
        return
    assert control_status(sim, path, body) in KNOWN
    sim.clear_faults()
    assert sim.control("GET", "/health")["simulator"] == "classroom-admin"
