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
    ("GET", "/v2/rooms/{}/users"),
    ("POST", "/v2/rooms/{}/from/{}/chat"),
    ("GET", "/v2/rooms/{}/chat/messages"),
    ("PUT", "/v2/rooms/{}/mute"),
    ("POST", "/v2/rooms/{}/rewards"),
    ("POST", "/v3/rooms/{}/rewards"),
    ("POST", "/v2/rooms/{}/processes/{}/progress"),
    ("DELETE", "/v2/rooms/{}/processes/{}/progress"),
    ("POST", "/v2/rooms/{}/processes/handsUp/acceptance"),
    ("DELETE", "/v2/rooms/{}/processes/handsUp/acceptance"),
    ("DELETE", "/v2/rooms/{}/processes/handsUp/acceptance/all"),
    ("POST", "/v2/rooms/{}/processes/handsUp/acceptance/all"),
    ("POST", "/v2/rooms/{}/widgets/popupQuizs/start"),
    ("POST", "/v2/rooms/{}/widgets/popupQuizs/{}/stop"),
    ("PUT", "/v2/rooms/{}/widgets/popupQuizs/{}/users/{}"),
    ("GET", "/v2/rooms/{}/widgets/popupQuizs/{}/users"),
    ("POST", "/v2/rooms/{}/widgets/polls/start"),
    ("POST", "/v2/rooms/{}/widgets/polls/{}/stop"),
    ("POST", "/v2/rooms/{}/widgets/polls/{}/users/{}"),
    ("POST", "/v2/rooms/{}/groups/states/{}"),
    ("DELETE", "/v2/rooms/{}/groups/states/{}"),
    ("GET", "/v1/rooms/{}/snapshot"),
    ("GET", "/v1/rooms/{}/sequences"),
    ("PUT", "/v1/rooms/{}/users/{}/streams/{}"),
    ("DELETE", "/v1/rooms/{}/users/{}/streams/{}"),
}


def _plain(path: str) -> str:
    """Return a template from its version on, without the names of its parts."""
    nameless = re.sub(r"\{[^}]*\}", "{}", path)
    _before, polling, after = re.fullmatch(r"(/\{\})?/edu(/polling)?/apps/\{\}(/.*)", nameless).groups()  # type: ignore[union-attr]
    return f"{polling or ''}{after}"


IN_CONTRACT = {(one.method, _plain(one.path)) for one in operations()}


def test_client_has_exactly_the_calls_of_the_contract() -> None:
    called = set()
    for call in ALL_CALLS:
        fitting = [
            one
            for one in operations()
            if one.method == call.method and match(one.path, call.template) is not None
        ]
        assert len(fitting) == 1, (call, fitting)
        called.add(fitting[0].name)
    assert called == {one.name for one in operations()}


def test_simulator_has_exactly_the_calls_of_the_contract_and_classroom_clients() -> None:
    routes = {(route.method, _plain(route.full_path)) for route in simulated}
    assert IN_CONTRACT - routes == set()
    assert routes - IN_CONTRACT - CLASSROOM_CLIENT == set()
    assert not CLASSROOM_CLIENT & IN_CONTRACT


def test_simulator_has_every_path_of_the_contract() -> None:
    for one in operations():
        concrete = re.sub(
            r"\{(\w+)\}", lambda part: {"region": "eu", "state": "1"}.get(part[1], "x"), one.path
        )
        assert simulated.find(one.method, concrete.encode()).route.method == one.method, one.name
