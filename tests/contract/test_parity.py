"""The document, the client and the simulator have the same calls."""

from __future__ import annotations

import re

from classroom_admin.simulator.api import calls as simulated
from tests.agora.calls import ALL_CALLS
from tests.contract.document import match, operations

# Calls of classroom clients: the simulator has them, the document does not.
CLASSROOM_CLIENT = {
    ("GET", "/v2/configs"),
    ("PUT", "/v3/rooms/{}/users/{}"),
    ("GET", "/v3/users/{}/resources/page"),
    ("POST", "/v2/rooms/{}/from/{}/chat"),
    ("PATCH", "/v2/rooms/{}/widgets/easemobIM/messages"),
    ("GET", "/v2/rooms/{}/conversation/students"),
    ("GET", "/v2/rooms/{}/conversation/students/{}/messages"),
    ("POST", "/v2/rooms/{}/conversation/students/{}/messages"),
    ("POST", "/v2/rooms/{}/rewards"),
    ("POST", "/v4/rooms/{}/rewards"),
    ("POST", "/v2/rooms/{}/handup/{}"),
    ("POST", "/v2/rooms/{}/processes/{}/progress"),
    ("DELETE", "/v2/rooms/{}/processes/{}/progress"),
    ("POST", "/v2/rooms/{}/processes/handsUp/acceptance/all"),
    ("PUT", "/v2/rooms/{}/widgets/popupQuizs/{}/stop"),
    ("PUT", "/v2/rooms/{}/widgets/popupQuizs/{}/users/{}"),
    ("GET", "/v2/rooms/{}/widgets/popupQuizs/{}/users"),
    ("PUT", "/v2/rooms/{}/widgets/polls/{}/stop"),
    ("POST", "/v2/rooms/{}/widgets/polls/{}/users/{}"),
    ("POST", "/v2/rooms/{}/groups/states/{}"),
    ("DELETE", "/v2/rooms/{}/groups/states/{}"),
    ("GET", "/v1/rooms/{}/sequences"),
    ("DELETE", "/v1/rooms/{}/users/{}/streams/{}"),
    ("PUT", "/v2/rooms/{}/users/{}/screen"),
    ("DELETE", "/v2/rooms/{}/users/{}/screen"),
    ("POST", "/v1/rooms/{}/users/{}/entry"),
    ("PATCH", "/v1/rooms/{}/users/{}/streams/{}"),
    ("POST", "/v1/rooms/{}/chat/channel"),
    ("PUT", "/v1/rooms/{}/properties"),
    ("DELETE", "/v1/rooms/{}/properties"),
    ("PUT", "/v1/rooms/{}/users/{}/properties"),
    ("DELETE", "/v1/rooms/{}/users/{}/properties"),
    ("PUT", "/v1/rooms/{}/users/properties"),
    ("DELETE", "/v1/rooms/{}/users/properties"),
    ("PUT", "/v2/rooms/{}/users/properties/batch"),
    ("DELETE", "/v2/rooms/{}/users/properties/batch"),
}
# Paths of the contract that the simulator answers with a more general one.
GENERAL = {
    ("DELETE", "/v2/rooms/{}/groups/states/1"): ("DELETE", "/v2/rooms/{}/groups/states/{}"),
    ("DELETE", "/v2/rooms/{}/processes/waveArm/progress"): (
        "DELETE",
        "/v2/rooms/{}/processes/{}/progress",
    ),
}


def _plain(path: str) -> str:
    """Return a template from its version on, without the names of its parts."""
    nameless = re.sub(r"\{[^}]*\}", "{}", path)
    if nameless.startswith("/dev/"):
        return nameless
    _before, polling, after = re.fullmatch(r"(/\{\})?/edu(/polling)?/apps/\{\}(/.*)", nameless).groups()  # type: ignore[union-attr]
    return f"{polling or ''}{after}"


IN_CONTRACT = {(one.method, _plain(one.path)) for one in operations()}


def test_every_call_of_the_client_is_in_the_contract_and_every_basic_call_is_in_the_client() -> None:
    called = set()
    for call in ALL_CALLS:
        fitting = [
            one
            for one in operations()
            if one.method == call.method and match(one.path, call.template) is not None
        ]
        assert len(fitting) == 1, (call, fitting)
        called.add(fitting[0].name)
    assert called >= {one.name for one in operations() if one.raw["tags"] in (["A"], ["B"])}


def test_simulator_has_exactly_the_calls_of_the_contract_and_classroom_clients() -> None:
    routes = {(route.method, _plain(route.full_path)) for route in simulated}
    assert {GENERAL.get(call, call) for call in IN_CONTRACT} - routes == set()
    assert routes - IN_CONTRACT - CLASSROOM_CLIENT == set()
    assert not CLASSROOM_CLIENT & IN_CONTRACT


def test_simulator_has_every_path_of_the_contract() -> None:
    for one in operations():
        concrete = re.sub(
            r"\{(\w+)\}", lambda part: {"region": "eu", "state": "1"}.get(part[1], "x"), one.path
        )
        assert simulated.find(one.method, concrete.encode()).route.method == one.method, one.name
