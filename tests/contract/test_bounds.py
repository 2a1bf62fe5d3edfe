"""The client's own checks know the contract's bounds: what it allows is sent, what lies just outside not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from classroom_admin.agora import checks, settings_checks
from classroom_admin.agora.errors import InvalidArgument
from tests.contract.document import document, problems, schema_of

EACH = settings(
    max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
Check = Callable[[Any], object]


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of the document allows: schemathesis makes them, as the body of a call."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    call = {"requestBody": body, "responses": {"200": {"description": "taken"}}}
    whole = {**document(), "paths": {"/value": {"post": call}}, "security": []}
    api = schemathesis.openapi.from_dict(whole)["/value"]["POST"]
    return api.as_strategy(generation_mode=GenerationMode.POSITIVE).map(lambda case: case.body)


def _kick(value: dict[str, Any]) -> object:
    dirty = value.get("dirty", {})
    return checks.kick(dirty_state=dirty.get("state"), duration_s=dirty.get("duration"))


def _resource(value: dict[str, Any]) -> object:
    return settings_checks.resource(
        resource_name=value.get("resourceName", "Plan"),
        size=value["size"],
        ext=value["ext"],
        url=value["url"],
        conversion_=value.get("conversion"),
    )


def _groups(value: dict[str, Any]) -> object:
    return settings_checks.groups(value["groups"]) if value["groups"] else []


ROOM = schema_of("RoomCreate")["properties"]
BODIES: dict[str, tuple[dict[str, Any], Check]] = {
    "an id": (schema_of("Id"), checks.room_id),
    "a name": (schema_of("Name"), lambda value: checks.name(value, field="resourceName")),
    "a room's name": (ROOM["roomName"], lambda value: checks.name(value, field="roomName", fewer_than=65)),
    "an address": (schema_of("WebAddress"), lambda value: checks.web_address(value, field="url")),
    "a kick": (schema_of("Kick"), _kick),
    "recording settings": (
        schema_of("WebRecordConfig"),
        lambda value: settings_checks.web_record_config(value, starts=False),
    ),
    "a resource": (schema_of("ResourcePut"), _resource),
    "a schedule": (ROOM["roomProperties"]["properties"]["schedule"], settings_checks.schedule),
    "roles": (ROOM["roleConfig"], settings_checks.role_config),
    "groups": (schema_of("Breakout rooms"), _groups),
    "properties": (schema_of("PropertiesPut")["properties"]["properties"], checks.properties),
    "names": (schema_of("PropertiesDelete")["properties"]["properties"], checks.property_names),
    "resources": (schema_of("ResourcesDelete")["properties"]["resourceUuids"], checks.resource_ids),
    "a count": (document()["components"]["parameters"]["count"]["schema"], checks.count),
    "a kind": (document()["components"]["parameters"]["cmd"]["schema"], checks.event_kind),
}


def _only_integers(value: Any) -> Any:
    """1280.0 is an integer to JSON Schema; the client is called from Python, where it is none."""
    if isinstance(value, dict):
        return {name: _only_integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_only_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_said_elsewhere(name: str, value: Any) -> bool:
    """What the document can't say: a port's number, and that nobody is in two groups."""
    if name == "groups":
        people = [user["userUuid"] for group in value["groups"] for user in group.get("users", [])]
        return len(people) != len(set(people))
    addresses = [value] if name == "an address" else []
    if isinstance(value, dict):
        addresses = [value[field] for field in ("url", "rootUrl") if field in value]
    return any(int(port) > 65_535 for port in map(_port, addresses) if port)


def _port(address: str) -> str:
    host = (
        address.partition("://")[2].replace("?", "/").replace("#", "/").partition("/")[0].rpartition("@")[2]
    )
    return host.partition(":")[2]


@pytest.mark.parametrize("name", BODIES)
def test_what_the_contract_allows_is_sent(name: str) -> None:
    schema, check = BODIES[name]
    taken = 0

    @EACH
    @given(value=_values(schema))
    def try_it(value: Any) -> None:
        nonlocal taken
        value = _only_integers(value)
        assume(problems(schema, value) == [])
        assume(not _is_said_elsewhere(name, value))
        check(value)
        taken += 1

    try_it()
    assert taken >= 5


PAGE = {"url": "https://x.test"}
FILE = {"resourceName": "Plan", "size": 1, "ext": "pdf", "url": "https://x.test/p"}
STATIC = {"type": "static"}


def _numbers(schema: dict[str, Any]) -> list[Any]:
    """The values just outside a number's bounds."""
    step = 1 if schema.get("type") == "integer" else 0.001
    low = [schema["minimum"] - step] if "minimum" in schema else []
    return low + ([schema["maximum"] + step] if "maximum" in schema else [])


def _outside() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field, schema in schema_of("WebRecordConfig")["properties"].items():
        found += [("recording settings", {field: value}) for value in _numbers(schema)]
    schedule = ROOM["roomProperties"]["properties"]["schedule"]["properties"]
    for field, schema in schedule.items():
        found += [("a schedule", {field: value}) for value in _numbers(schema)]
    scale = schema_of("Conversion")["oneOf"][0]["properties"]["scale"]
    found += [("a resource", {**FILE, "conversion": {**STATIC, "scale": value}}) for value in _numbers(scale)]
    found += [
        ("a resource", {**FILE, "size": value})
        for value in _numbers(schema_of("ResourcePut")["properties"]["size"])
    ]
    for name in ("a count", "a kind"):
        found += [(name, value) for value in _numbers(BODIES[name][0])]
    return [
        *found,
        ("an id", "x" * 64),
        ("an id", ""),
        ("an id", "."),
        ("an id", ".."),
        *(("an id", f"a{character}") for character in "/\\'\"*`\x00\né"),
        ("a name", "ä" * 32),
        ("a name", " "),
        ("a name", "a\nb"),
        ("a room's name", "x" * 65),
        ("a room's name", "ä" * 33),
        ("an address", "ftp://x.test"),
        ("an address", "https://x.test/a b"),
        ("an address", "https://"),
        ("a kick", {"dirty": {"state": 1, "duration": 0}}),
        ("a kick", {"dirty": {"state": 1, "duration": -2}}),
        ("a kick", {"dirty": {"state": 1}}),
        ("a kick", {"dirty": {"state": 0, "duration": 1}}),
        ("a kick", {"dirty": {"state": 2, "duration": 1}}),
        ("recording settings", {"videoWidth": 1280, "videoHeight": 721}),
        ("recording settings", {"videoHeight": 721}),
        ("recording settings", {"audioProfile": 3}),
        ("recording settings", {"publishRtmp": "yes"}),
        ("recording settings", {"colour": 1}),
        ("recording settings", {}),
        ("a resource", {**FILE, "ext": "exe"}),
        ("a resource", {**FILE, "ext": "pptx", "conversion": STATIC}),
        ("a resource", {**FILE, "conversion": {"type": "dynamic"}}),
        ("a resource", {**FILE, "conversion": {**STATIC, "preview": True}}),
        ("a resource", {**FILE, "ext": "pptx", "conversion": {"type": "dynamic", "scale": 1}}),
        ("a resource", {**FILE, "conversion": {**STATIC, "outputFormat": "gif"}}),
        ("roles", {"5": {"limit": 1}}),
        ("roles", {"2": {"limit": -2}}),
        ("roles", {"2": {"defaultStream": {"state": 2}}}),
        ("groups", {"groups": [{"users": []}]}),
        ("groups", {"groups": [{"groupName": "x" * 64}]}),
        ("properties", {}),
        ("properties", {"": 1}),
        ("names", []),
        ("names", [""]),
        ("resources", []),
    ]


@pytest.mark.parametrize(("name", "value"), _outside())
def test_what_lies_just_outside_is_refused_by_both(name: str, value: Any) -> None:
    schema, check = BODIES[name]
    assert problems(schema, value), "the contract allows it"
    with pytest.raises(InvalidArgument):
        check(value)


def test_values_outside_were_found_for_every_number() -> None:
    assert len(_outside()) > 60


@EACH
@given(value=st.text(max_size=70))
def test_client_and_contract_agree_on_every_text_as_an_id(value: str) -> None:
    allowed = problems(schema_of("Id"), value) == []
    try:
        checks.room_id(value)
    except InvalidArgument:
        assert not allowed
    else:
        assert allowed
