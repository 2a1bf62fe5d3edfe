"""Schemathesis tests the simulator over HTTP against the whole contract, with valid and invalid input.

Most cases create their room first, so every call also succeeds. `make test-contract-long`
(`CONTRACT_EXAMPLES=500`) runs more cases, with another seed each time.
"""

from __future__ import annotations

import base64
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
from classroom_admin.simulator.world import (
    World,
    classes,
    groups,
    people,
    recordings,
    resources,
    stage,
    widget_settings,
    widgets,
)
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
GOOD: dict[str, tuple[str, str | None]] = {
    "updateRecording": ("started", "web"),
    "reportPageReady": ("started", "web"),
}


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


def _ready_for(world: World, uuid: str, operation: str) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Make the room ready for a command. Return ids for the path, and a body that names what exists."""
    room = world.rooms[uuid]
    ada = room.users[USER]
    to_ada = {"toUserUuid": USER}
    if operation == "takeOffStage":
        stage.go_on(world, room, ada)
    elif operation == "lowerHand":
        stage.wave(world, room, ada)
    elif operation in ("moveBetweenGroups", "renameGroups", "closeGroups"):
        group = {"groupUuid": "g1", "groupName": "Red", "users": []}
        groups.open_groups(world, room, [group], operator=UID)
    elif operation in ("deleteWidget", "deleteWidgetExtra"):
        widget_settings.put(world, room, "board", state=1, operator=UID)
    elif operation == "stopQuiz":
        quiz = widgets.start_quiz(world, room, starter=UID, items=["A", "B"], correct=["A"])
        return {"quizUuid": quiz.uuid}, None
    elif operation == "stopPoll":
        return {"pollUuid": widgets.start_poll(world, room, starter=UID, items=["A"], mode=1).uuid}, None
    elif operation == "changeCountdown":
        countdown = widget_settings.start_countdown(world, room, seconds=60, operator=UID)
        return {"countdownUuid": countdown.uuid, "change": "pause"}, None
    bodies: dict[str, dict[str, Any]] = {
        "takeOffStage": to_ada,
        "bringOnStage": to_ada,
        "lowerHand": to_ada,
        "putStreams": {"streams": [{"userUuid": USER, "streamUuid": "17", "audioState": 0}]},
        "announce": {"range": 1, "type": "txt", "msg": "Hello"},
        "announceInChat": {"range": 1, "type": "txt", "msg": "Hello"},
        "moveBetweenGroups": {"groups": [{"groupUuid": "g1", "addUsers": [USER]}]},
        "renameGroups": {"groups": [{"groupUuid": "g1", "groupName": "Blue"}]},
        "giveRewards": {"rewardDetails": [{"userUuid": USER, "changeReward": 1}]},
        "startQuiz": {"items": ["A", "B"], "correctItems": ["A"]},
    }
    return {"widgetUuid": "board"}, bodies.get(operation)


def _headers(simulator: RunningSimulator, style: str) -> dict[str, str]:
    if style == "customer":
        settings = simulator.cloud.settings
        pair = f"{settings.customer_id}:{settings.customer_secret}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    if style == "rtm":
        token = RtmTokenBuilder.build_token(simulator.app_id, simulator.app_certificate, UID, 3600)
        return {"x-agora-token": token, "x-agora-uid": UID}
    token = ApaasTokenBuilder.build_app_token(simulator.app_id, simulator.app_certificate, 3600)
    return {"Authorization": f"agora token={token}"}


def _drive(simulator: RunningSimulator, operation: Operation, mode: GenerationMode, examples: int) -> Results:
    results = Results()
    api = SCHEMA[operation.path][operation.method]
    headers = {style: _headers(simulator, style) for style in ("rtm", "education", "customer")}
    for_media = operation.raw["tags"] == ["D"]
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
                prepared: dict[str, str] = {}
                body: dict[str, Any] | None = None
                if scene == SCENES[0]:
                    name = operation.name
                    prepared, body = simulator.do(lambda world: _ready_for(world, uuid, name))
                known |= prepared
                if body is not None and mode == GenerationMode.POSITIVE:
                    case.body = body
            if for_media and isinstance(case.body, dict) and mode == GenerationMode.POSITIVE:
                case.body["appid"] = simulator.app_id
            if for_media and "appid" in (case.query or {}):
                case.query["appid"] = simulator.app_id
            parts |= {name: value for name, value in known.items() if name in parts}
        if mode == GenerationMode.POSITIVE:
            assume(_body_fits_path(operation, case))
        for name in ("x-agora-token", "x-agora-uid", "Authorization"):
            case.headers.pop(name, None)
        answer = case.call(
            base_url=simulator.base_url, session=session, headers=headers["customer" if for_media else style]
        )
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
    body: Any = case.body
    if operation.name == "startQuiz" and isinstance(body, dict):
        return set(body["correctItems"]) <= set(body["items"])
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
    assert results.statuses[200] >= 1, (results.statuses, results.refused_valid[:2])
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
    ids = ("extAppUuid", "streamUuid", "widgetUuid", "quizUuid", "pollUuid", "countdownUuid", "channelName")
    path = operation.path.format_map(known | {"change": "pause"} | dict.fromkeys(ids, "clock"))
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
