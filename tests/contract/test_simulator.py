"""Schemathesis tests the simulator over HTTP against the whole contract, with valid and invalid input.

Most cases create their room first, so every call also succeeds. `make test-contract-long`
(`CONTRACT_EXAMPLES=500`) runs more cases, with another seed each time.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from agoraiotools.apaas_token_builder import ApaasTokenBuilder
from agoraiotools.RtmTokenBuilder2 import RtmTokenBuilder
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world import World, classes, people, recordings, resources
from tests.contract.document import PATH, Operation, operations

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "20"))
LONG = "CONTRACT_EXAMPLES" in os.environ
CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
]
UID = "school-server"
ROOM, USER, FILE = "maths 7b", "ada", "plan"
SCHEMA = schemathesis.openapi.from_path(PATH)
STATES = {"not started": 0, "started": 1, "ended": 2, "closed": 3}
# Half of all cases use the first scene: a running class, or what the operation needs.
SCENES: list[tuple[str, str | None]] = [("started", None)] * 6
SCENES += [("started", "web"), ("started", "composite"), *((state, None) for state in STATES)]
GOOD: dict[str, tuple[str, str | None]] = {"updateRecording": ("started", "web")}


@dataclass
class Results:
    """The results of testing one operation."""

    statuses: Counter[int] = field(default_factory=Counter)
    refused_valid: list[str] = field(default_factory=list)


def _create_room(world: World, *, state: str, recording: str | None) -> str:
    """Create a room for one case. Return its id, which is new each time."""
    uuid = f"{ROOM} {len(world.rooms)}"
    room = classes.create(world, uuid=uuid, name="Maths 7b", type=4)
    people.enter(world, room, uuid=USER, name="Ada", role=2)
    resources.put(
        world,
        room,
        uuid=FILE,
        name="Plan",
        ext="pdf",
        size=9,
        url="https://x.test/p.pdf",
        conversion=None,
        operator=UID,
    )
    for step in range(1, STATES[state] + 1):
        classes.set_state(world, room, step, operator=UID)
    if recording is not None and state == "started":
        recordings.start(world, room, mode=recording, config={"url": "https://x.test"}, operator=UID)
    return uuid


def _headers(simulator: RunningSimulator, style: str) -> dict[str, str]:
    if style == "rtm":
        token = RtmTokenBuilder.build_token(simulator.app_id, simulator.app_certificate, UID, 3600)
        return {"x-agora-token": token, "x-agora-uid": UID}
    token = ApaasTokenBuilder.build_app_token(simulator.app_id, simulator.app_certificate, 3600)
    return {"Authorization": f"agora token={token}"}


def _drive(simulator: RunningSimulator, operation: Operation, mode: GenerationMode, examples: int) -> Results:
    results = Results()
    api = SCHEMA[operation.path][operation.method]
    headers = {style: _headers(simulator, style) for style in ("rtm", "education")}
    session = requests.Session()
    session.trust_env = False

    @settings(
        max_examples=examples,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=api.as_strategy(generation_mode=mode),
        style=st.sampled_from(["rtm", "education"]),
        with_room=st.sampled_from([True, False, True]),
        scene=st.sampled_from(SCENES),
    )
    def run(case: Case, style: str, with_room: bool, scene: tuple[str, str | None]) -> None:
        parts = case.path_parameters
        state, recording = GOOD.get(operation.name, scene) if scene == SCENES[0] else scene
        if with_room:
            known = {"region": "eu", "appId": simulator.app_id, "userUuid": USER, "resourceUuid": FILE}
            if operation.name != "createRoom":
                uuid = simulator.do(lambda world: _create_room(world, state=state, recording=recording))
                known["roomUuid"] = uuid
            parts |= {name: value for name, value in known.items() if name in parts}
        if mode == GenerationMode.POSITIVE:
            assume(_body_fits_path(operation, case))
        for name in ("x-agora-token", "x-agora-uid", "Authorization"):
            case.headers.pop(name, None)
        answer = case.call(base_url=simulator.base_url, session=session, headers=headers[style])
        results.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        wrong = operation.wrong_in_answer(status=answer.status_code, body=answer.content)
        assert wrong == [], (wrong, case.as_curl_command())
        if mode == GenerationMode.POSITIVE and answer.status_code == 400 and _is_valid(operation, case):
            results.refused_valid.append(f"{answer.text} {case.as_curl_command()}")

    try:
        run()
    finally:
        session.close()
    return results


def _body_fits_path(operation: Operation, case: Case) -> bool:
    """Return whether the body fits the path: opening breakout rooms needs at least one."""
    opens = operation.name == "setGroups" and str(case.path_parameters["state"]) == "1"
    return not opens or bool(isinstance(case.body, dict) and case.body.get("groups"))


def _is_valid(operation: Operation, case: Case) -> bool:
    """Return whether a case also keeps the bounds that JSON Schema cannot express (bytes, products)."""
    body: Any = case.body if isinstance(case.body, dict) else None
    query = {name: str(value) for name, value in (case.query or {}).items()}
    return operation.wrong_in_request(path=case.formatted_path, query=query, body=body) == []


@pytest.fixture
def clean(simulator: RunningSimulator) -> RunningSimulator:
    simulator.control("POST", "/reset", {"stepped": True})
    return simulator


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_valid_input_is_accepted_and_answered_by_the_contract(
    clean: RunningSimulator, operation: Operation
) -> None:
    others = {401, 404} if operation.name != "polledSequences" else {401}
    results = _drive(clean, operation, GenerationMode.POSITIVE, EXAMPLES)
    if not results.statuses.keys() & others:  # by chance, every room may have existed
        results = _drive(clean, operation, GenerationMode.POSITIVE, 5 * EXAMPLES)
    assert results.statuses[200] >= 1, results.statuses
    assert results.refused_valid == []
    assert results.statuses.keys() & others, results.statuses


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_invalid_input_is_answered_by_the_contract(clean: RunningSimulator, operation: Operation) -> None:
    results = _drive(clean, operation, GenerationMode.NEGATIVE, EXAMPLES // 2)
    assert sum(results.statuses[status] for status in (400, 401, 404)) >= 1, results.statuses


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_requests_without_a_valid_token_are_refused(clean: RunningSimulator, operation: Operation) -> None:
    known = {"region": "eu", "appId": clean.app_id, "userUuid": USER, "resourceUuid": FILE, "state": "1"}
    known |= {"roomUuid": clean.do(lambda world: _create_room(world, state="started", recording=None))}
    path = operation.path.format_map(known | {"extAppUuid": "clock"})
    good, education = _headers(clean, "rtm"), _headers(clean, "education")
    bad: list[dict[str, str]] = [
        {},
        {"x-agora-token": good["x-agora-token"]},
        {"x-agora-token": good["x-agora-token"], "x-agora-uid": "another"},
        {"x-agora-token": "nonsense", "x-agora-uid": UID},
        {"Authorization": "agora token=nonsense"},
        {"Authorization": education["Authorization"].replace("agora ", "")},
    ]
    for headers in bad:
        answer = requests.request(operation.method, clean.base_url + path, headers=headers, timeout=10)
        assert answer.status_code == 401, (headers, answer.text)
        assert operation.wrong_in_answer(status=401, body=answer.content) == []
