"""The OpenAPI document is valid and complete, and every field names its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.contract.document import (
    PATH,
    Operation,
    document,
    event_schemas,
    operations,
    problems,
    resolved,
    schema_of,
)

SOURCES = {"documented", "observed", "guessed"}
BOUNDS = {
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "pattern"),
    *("enum", "x-max-bytes"),
}
# The contract's event types and their fields.
EVENT_TYPES = {
    1: {"state", "startTime", "endTime", "closeTime", "operator"},
    3: {"fromUser", "message", "type"},
    4: {"action", "changeProperties", "cause", "operator"},
    5: {"action", "changeProperties", "cause", "operator"},
    20: {"total", "onlineUsers", "offlineUsers"},
    21: {"userUuid", "userName", "role", "muteChat", "operator"},
    22: {"fromUser", "action", "changeProperties", "cause", "operator"},
    23: {"fromUser", "action", "changeProperties", "cause", "operator"},
    24: {"users"},
    25: {"users", "operator"},
    40: {
        *("fromUser", "streamUuid", "streamName", "videoSourceType", "audioSourceType", "videoState"),
        *("audioState", "action", "updateTime", "operator", "videoSourceState", "audioSourceState"),
    },
    41: {"streams", "operator"},
    99: {"fromUser", "message"},
    1001: {"state", "recordId", "sid", "resourceId", "startTime", "streamingUrl", "reason"},
    1003: {"resources", "operator", "action"},
    1101: {"rewardDetails", "updateTime"},
    1110: {"widgetUuid", "action", "changeProperties", "cause", "operator"},
    1501: {"acceptedUsers", "addAcceptedUsers", "removeAcceptedUsers"},
    1502: {"progressUsers", "addProgressUsers", "removeProgressUsers"},
}
ERRORS = {"400", "401", "429", "500", "503"}


def _walk(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    yield where, node
    if isinstance(node, dict):
        for name, inner in node.items():
            if name not in ("examples", "default", "x-business-codes"):
                yield from _walk(inner, f"{where}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _walk(inner, f"{where}/{index}")


def _schemas_in(node: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, found in _walk(node, where):
        if place.endswith("/schema") or "/components/schemas/" in place:
            yield place, found


def _fields() -> Iterator[tuple[str, Any]]:
    """Return every field of every schema, that is, every entry of a ``properties``."""
    for place, node in _walk(document(), ""):
        if isinstance(node, dict) and "properties" in node and not place.endswith("/properties"):
            for name, schema in node["properties"].items():
                yield f"{place}.{name}", schema


def test_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1")
    validate(document())


def test_document_is_maintained_by_hand() -> None:
    text = PATH.read_text()
    assert text.startswith("# The contract")
    assert max(map(len, text.splitlines())) <= 180


def test_every_field_names_its_source() -> None:
    fields = list(_fields())
    assert len(fields) > 250
    # `false` forbids a field, and a condition (`if`) repeats a field that is defined elsewhere.
    named = [(place, schema) for place, schema in fields if schema is not False and "/if" not in place]
    assert [
        place for place, schema in named if schema.get("x-source") not in SOURCES and not _repeats(place)
    ] == []


def _repeats(place: str) -> bool:
    """Return whether this is `RoomEvent`, which repeats cmd and data to choose the schema of a type."""
    return place.startswith("/components/schemas/RoomEvent/allOf/")


def test_every_parameter_and_bound_names_its_source() -> None:
    for operation in operations():
        assert all(parameter.get("x-source") in SOURCES for parameter in operation.parameters), operation.name
    silent = []
    for place, node in _schemas_in(document(), ""):
        inside = ("/if", "/oneOf/", "/anyOf/", "/propertyNames", "/not", "/items", "/x-max-product")
        if isinstance(node, dict) and BOUNDS & node.keys() and not any(part in place for part in inside):
            silent += [] if node.get("x-source") in SOURCES else [place]
            assert node.get("x-bounds", "guessed") in SOURCES, place
    assert silent == []


def test_document_has_all_calls() -> None:
    by_tag = {tag: [one.name for one in operations() if one.raw["tags"] == [tag]] for tag in "ABCD"}
    assert [len(by_tag[tag]) for tag in "ABCD"] == [18, 5, 34, 5]
    assert len({one.name for one in operations()}) == 62


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)
def test_every_call_lists_its_errors(operation: Operation) -> None:
    answers = operation.raw["responses"]
    assert answers.keys() >= ERRORS | {"200"}
    asks_for_a_room = "{roomUuid}" in operation.path and operation.name != "createRoom"
    codes = operation.raw["x-business-codes"]
    assert ("404" in answers) == asks_for_a_room
    assert (20404100 in codes.get("404", {})) == asks_for_a_room
    if "{userUuid}" in operation.path:
        assert 20404200 in codes["404"]
    assert ("409" in answers) == ("409" in codes)
    named = {name for name in answers if name != "200"}
    assert codes.keys() <= named


def test_every_business_code_is_used() -> None:
    used = {code for one in operations() for codes in one.raw["x-business-codes"].values() for code in codes}
    assert used == {
        *(20404100, 20404200, 30409410, 30409411, 30409100, 30409101, 20409000),
        *(30409103, 30409460, 30404462, 30429461, 30410100, 30400412),
    }


def test_every_event_type_has_a_schema_with_its_fields() -> None:
    schemas = event_schemas()
    assert schemas.keys() == EVENT_TYPES.keys()
    for cmd, names in EVENT_TYPES.items():
        assert schemas[cmd]["properties"].keys() >= names, cmd
    chosen = {
        rule["if"]["properties"]["cmd"]["enum"][0]: resolved(rule["then"]["properties"]["data"])
        for rule in schema_of("RoomEvent")["allOf"][1:]
    }
    assert chosen == schemas
    peers = [schema for schema in document()["components"]["schemas"].values() if "x-peer-cmd" in schema]
    assert sorted(schema["x-peer-cmd"] for schema in peers) == [1, 99]


def test_every_dotted_key_matches_a_nested_field() -> None:
    for name in ("QuizChange", "PollChange"):
        fields = schema_of(name)["properties"]
        dotted = {field.removeprefix("extra.") for field in fields if field.startswith("extra.")}
        assert dotted == set(fields["extra"]["properties"])


def test_examples_match_their_schemas() -> None:
    shown = {name: each for name, each in document()["components"]["schemas"].items() if "examples" in each}
    assert shown.keys() >= {"RoomCreate", "Kick", "RoomEvent", "QuizEvent", "PollEvent"}
    for name, schema in shown.items():
        for example in schema["examples"]:
            assert problems(schema, example) == [], name
    assert all("examples" in schema for schema in event_schemas().values())


def test_schemas_refuse_invalid_data() -> None:
    """A schema that accepts everything would make the other tests meaningless."""
    wrong = [
        ("RoomEvent", {"cmd": 1, "sequence": 1, "data": {"state": "open"}}),
        ("RoomEvent", {"cmd": "20", "sequence": 1, "data": {"onlineUsers": [{"userName": "Ada"}]}}),
        ("RoomEvent", {"cmd": 3, "sequence": 1}),
        ("QuizEvent", {"cmd": 4, "sequence": 1, "data": {"changeProperties": {"extra.answerState": 7}}}),
        ("Kick", {"dirty": {"state": 0, "duration": 5}}),
        ("Kick", {"dirty": {"state": 1, "duration": 0}}),
        ("WebRecordConfig", {"videoWidth": 1920, "videoHeight": 1081}),
        ("WebRecordConfig", {"videoFps": 61}),
        (
            "ResourcePut",
            {"size": 1, "ext": "pdf", "url": "https://x.test/a", "conversion": {"type": "dynamic"}},
        ),
        ("ResourcePut", {"size": 1, "ext": "pdf", "url": "https://x.test/a", "resourceName": "ä" * 32}),
        ("RecordingSwitch", {"mode": "web", "webRecordConfig": {"onhold": True}}),
        ("Id", ".."),
        ("Id", "a/b"),
    ]
    for name, value in wrong:
        assert problems(schema_of(name), value), (name, value)
