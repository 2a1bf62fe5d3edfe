"""The client's checks have the contract's bounds: it sends valid values and refuses others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from classroom_admin.agora.calls import UnbanUser
from classroom_admin.agora.errors import InvalidArgument
from tests.agora import calls
from tests.contract.document import document, problems, schema_of

EACH = settings(
    max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
Check = Callable[[Any], object]


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a schema allows. Schemathesis generates them as the body of a call."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    call = {"requestBody": body, "responses": {"200": {"description": "taken"}}}
    whole = {**document(), "paths": {"/value": {"post": call}}, "security": []}
    api = schemathesis.openapi.from_dict(whole)["/value"]["POST"]
    return api.as_strategy(generation_mode=GenerationMode.POSITIVE).map(lambda case: case.body)


def _kick(value: dict[str, Any]) -> object:
    dirty = value.get("dirty", {})
    if dirty.get("state") == 0:
        return UnbanUser(room_uuid="r", user_uuid="u").body()
    return calls.kick(dirty.get("duration"))


def _groups(value: dict[str, Any]) -> object:
    return calls.groups(value["groups"]) if value.get("groups") else []


ROOM = schema_of("RoomCreate")["properties"]
BODIES: dict[str, tuple[dict[str, Any], Check]] = {
    "an id": (schema_of("Id"), calls.room_id),
    "a name": (schema_of("Name"), calls.resource_name),
    "a room's name": (ROOM["roomName"], calls.room_name),
    "an address": (schema_of("WebAddress"), calls.url),
    "a kick": (schema_of("Kick"), _kick),
    "recording settings": (
        schema_of("WebRecordConfig"),
        calls.web_settings,
    ),
    "a resource": (schema_of("ResourcePut"), calls.resource),
    "a schedule": (ROOM["roomProperties"]["properties"]["schedule"], calls.schedule),
    "roles": (ROOM["roleConfig"], calls.role_config),
    "groups": (schema_of("Groups"), _groups),
    "properties": (schema_of("PropertiesPut")["properties"]["properties"], calls.properties),
    "names": (schema_of("PropertiesDelete")["properties"]["properties"], calls.property_names),
    "resources": (schema_of("ResourcesDelete")["properties"]["resourceUuids"], calls.resource_ids),
    "a count": (document()["components"]["parameters"]["count"]["schema"], calls.count),
    "a kind": (document()["components"]["parameters"]["cmd"]["schema"], calls.event_kind),
}


def _only_integers(value: Any) -> Any:
    """Convert floats like 1280.0, which are integers in JSON Schema but not in Python."""
    if isinstance(value, dict):
        return {name: _only_integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_only_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _breaks_unwritten_rule(name: str, value: Any) -> bool:
    """Return whether a rule applies that the document cannot express: port numbers, users in two groups."""
    if name == "groups":
        people = [user["userUuid"] for group in value.get("groups", []) for user in group.get("users", [])]
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
def test_client_sends_what_the_contract_allows(name: str) -> None:
    schema, check = BODIES[name]
    taken = 0

    @EACH
    @given(value=_values(schema))
    def try_it(value: Any) -> None:
        nonlocal taken
        value = _only_integers(value)
        assume(problems(schema, value) == [])
        assume(not _breaks_unwritten_rule(name, value))
        check(value)
        taken += 1

    try_it()
    assert taken >= 5


PAGE = {"url": "https://x.test"}
FILE = {"resourceName": "Plan", "size": 1, "ext": "pdf", "url": "https://x.test/p"}
STATIC = {"type": "static"}


def _numbers(schema: dict[str, Any]) -> list[Any]:
    """Return the values just outside a number's bounds."""
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
        ("recording settings", {"videoWidth": 1920, "videoHeight": 1081}),
        ("recording settings", {"videoHeight": 1621}),
        ("recording settings", {"audioProfile": 3}),
        ("recording settings", {"publishRtmp": "yes"}),
        ("recording settings", {"colour": 1}),
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
def test_client_and_contract_refuse_values_just_out_of_bounds(name: str, value: Any) -> None:
    schema, check = BODIES[name]
    assert problems(schema, value), "the contract allows it"
    with pytest.raises(InvalidArgument):
        check(value)


def test_every_number_has_values_out_of_bounds() -> None:
    assert len(_outside()) > 60


@EACH
@given(value=st.text(max_size=70))
def test_client_and_contract_agree_on_valid_ids(value: str) -> None:
    allowed = problems(schema_of("Id"), value) == []
    try:
        calls.room_id(value)
    except InvalidArgument:
        assert not allowed
    else:
        assert allowed
