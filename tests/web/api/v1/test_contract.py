"""Schemathesis sends valid and invalid requests to the whole API, and compares the answers with its document.

The requests go to Django in this process. The commands go to a simulated cloud. `make test-contract-long`
(`CONTRACT_EXAMPLES=500`) runs more cases, with another seed each time.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from classroom_admin.accounts import api_tokens
from classroom_admin.rooms.models import Poll, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.web.api.v1.api import document
from tests.web.access_world import make_world
from tests.web.api.v1.access_table import OPERATIONS
from tests.web.test_access import Undone

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "2"))
LONG = "CONTRACT_EXAMPLES" in os.environ
CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
]
CLIENT = Client(raise_request_exception=False)
NOT_SENT = ("accept-encoding", "content-type", "content-length")
SCHEMA = schemathesis.openapi.from_dict(document())


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
def test_no_answer_is_outside_the_document(
    mode: GenerationMode, sim: RunningSimulator, db: None, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    world = make_world()
    room = Room.objects.get(key=world.own["key"])
    known = {**world.own, "of the poll": Poll.objects.get(room=room).pk, "missing": 10**9, "first": 0}
    _row, secret = api_tokens.create(
        world.people["administrator"], name="a test", scopes=api_tokens.SCOPES, days=1
    )
    statuses = drive(mode, known, secret)
    assert set(statuses) & {200, 201, 202, 204}
    assert statuses[401] == statuses[429] == 0


def drive(mode: GenerationMode, known: dict[str, Any], token: str) -> Counter[int]:
    """Test each operation with `EXAMPLES` cases. Return how often each status was the answer."""
    statuses = Counter[int]()
    for found in SCHEMA.get_all_operations():
        operation = found.ok()
        line = OPERATIONS[operation.definition.raw["operationId"]]
        parts = {part: known[named] for part, named in line.args.items()}
        _drive(operation.as_strategy(generation_mode=mode), parts, token, statuses)
    return statuses


def _drive(cases: Any, parts: dict[str, Any], token: str, statuses: Counter[int]) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_known=st.sampled_from([True, True, False]))
    def run(case: Case, is_known: bool) -> None:
        if is_known:
            case.path_parameters |= parts
        with Undone():
            answer = sent(case, token)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    run()


def sent(case: Case, token: str) -> Response:
    """Send the request of a case to Django in this process. Return the answer for the checks."""
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    given = {**asked.headers, "Authorization": f"Bearer {token}"}
    headers = {name: text(value) for name, value in given.items() if name.lower() not in NOT_SENT}
    body = asked.body or b""
    answer: Any = CLIENT.generic(
        str(asked.method),
        asked.path_url,
        body if isinstance(body, bytes | str) else b"",
        content_type=text(asked.headers.get("Content-Type", "")),
        headers=headers,
    )
    content = b"".join(answer) if answer.streaming else answer.content
    found = {name.lower(): [value] for name, value in answer.items()}
    return Response(answer.status_code, found, content, asked, elapsed=0.0, verify=False)


def text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
