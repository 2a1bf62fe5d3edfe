"""The contract's document as tests use it: operations, what may be sent, what may come back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import yaml

PATH = Path(__file__).parents[2] / "docs/contract/flexible-classroom.openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")


class MaxBytes:
    """``x-max-bytes``: bytes of UTF-8 at most."""

    def __init__(self, _parent: Any, value: int, _path: Any) -> None:
        self._most = value

    def validate(self, instance: Any) -> None:
        if isinstance(instance, str) and len(instance.encode()) > self._most:
            raise ValueError(f"has more than {self._most} bytes")


class MaxProduct:
    """``x-max-product``: two fields whose product is bounded."""

    def __init__(self, _parent: Any, value: dict[str, Any], _path: Any) -> None:
        self._value = value

    def validate(self, instance: Any) -> None:
        names, otherwise = self._value["fields"], self._value["otherwise"]
        sides = [instance.get(name, usual) for name, usual in zip(names, otherwise, strict=True)]
        numbers = all(isinstance(side, int | float) for side in sides)
        if numbers and sides[0] * sides[1] > self._value["maximum"]:
            raise ValueError(f"{' times '.join(names)} is more than {self._value['maximum']}")


_OUR_WORDS: dict[str, Any] = {"x-max-bytes": MaxBytes, "x-max-product": MaxProduct}


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Hold values to a schema of the document; references into ``components`` work, our keywords count."""
    whole = {**schema, "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, keywords=_OUR_WORDS)


def problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    return _complaints(validator(schema), value)


def _complaints(checked_by: jsonschema_rs.Draft202012Validator, value: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'the whole'}: {error.message[:400]}"
        for error in checked_by.iter_errors(value)
    ]


@dataclass(frozen=True, eq=False)
class Operation:
    """One call. ``raw``: as the document writes it; ``parameters``: of path and operation, resolved."""

    method: str
    path: str
    raw: dict[str, Any]
    parameters: list[dict[str, Any]]
    _validators: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.raw["operationId"])

    @property
    def body_schema(self) -> dict[str, Any] | None:
        body = self.raw.get("requestBody")
        return None if body is None else body["content"]["application/json"]["schema"]

    def answer_schema(self, status: int) -> dict[str, Any] | None:
        """None where the status is not documented."""
        answer = self.raw["responses"].get(str(status))
        return None if answer is None else resolved(answer)["content"]["application/json"]["schema"]

    def codes(self, status: int) -> set[int]:
        """The business codes that an error of this status may carry; without one it repeats the status."""
        return {status, *map(int, self.raw["x-business-codes"].get(str(status), {}))}

    def wrong_in_request(self, *, path: str, query: Mapping[str, str], body: Any) -> list[str]:
        """What the contract has against a request; ``body`` None: none was sent."""
        found = [f"query: {name} is not known" for name in query if ("query", name) not in self._places()]
        given = {("path", name): value for name, value in self._match(path).items()}
        given |= {("query", name): value for name, value in query.items()}
        for place, parameter in self._places().items():
            if place in given:
                value = _as_typed(given[place], parameter["schema"])
                checked_by = self._validator(":".join(place), parameter["schema"])
                found += [f"{place[0]} {place[1]}: {wrong}" for wrong in _complaints(checked_by, value)]
        return found + [f"body: {wrong}" for wrong in self._wrong_body(body)]

    def _wrong_body(self, body: Any) -> list[str]:
        if self.body_schema is None:
            return [] if body is None else ["there should be none"]
        if body is None:
            return ["is missing"] if self.raw["requestBody"].get("required") else []
        return _complaints(self._validator("body", self.body_schema), body)

    def wrong_in_answer(self, *, status: int, body: bytes) -> list[str]:
        """What the contract has against an answer."""
        schema = self.answer_schema(status)
        if schema is None:
            return [f"status {status} is not in the contract"]
        try:
            told = json.loads(body)
        except ValueError as error:
            return [f"{status}: not JSON ({error})"]
        found = [f"{status}: {wrong}" for wrong in _complaints(self._validator(str(status), schema), told)]
        if status >= 400 and not found and told["code"] not in self.codes(status):
            found.append(f"{status}: business code {told['code']} is not in the contract")
        return found

    def _validator(self, key: str, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        if key not in self._validators:
            self._validators[key] = validator(schema)
        return self._validators[key]

    def _places(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(parameter["in"], parameter["name"]): parameter for parameter in self.parameters}

    def _match(self, path: str) -> dict[str, str]:
        return match(self.path, path) or {}


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text())
    return loaded


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                listed = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield Operation(method.upper(), path, item[method], [resolved(one) for one in listed])


def operation_for(method: str, path: str) -> Operation | None:
    """The operation that a concrete path means; the one with more fixed parts wins."""
    fitting = [one for one in operations() if one.method == method and match(one.path, path) is not None]
    return min(fitting, key=lambda one: one.path.count("{"), default=None)


def match(template: str, path: str) -> dict[str, str] | None:
    """The parts of a path by name, decoded; None where it is another path."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    parts = {}
    for want, have in zip(wanted, given, strict=True):
        if want.startswith("{"):
            parts[want[1:-1]] = unquote(have)
        elif want != have:
            return None
    return parts


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the document, its own ``$ref`` followed."""
    while "$ref" in node:
        target: Any = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def event_schemas() -> dict[int, dict[str, Any]]:
    """The schema of each kind's ``data``, by cmd."""
    every = document()["components"]["schemas"].values()
    return {schema["x-cmd"]: schema for schema in every if "x-cmd" in schema}


def _as_typed(value: str, schema: Mapping[str, Any]) -> Any:
    is_number = schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", value)
    return int(value) if is_number else value
