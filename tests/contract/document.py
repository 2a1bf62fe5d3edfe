"""The OpenAPI document of the contract, and the validation of requests and answers by it."""

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
    """``x-max-bytes``: the maximum number of UTF-8 bytes."""

    def __init__(self, _parent: Any, value: int, _path: Any) -> None:
        self._most = value

    def validate(self, instance: Any) -> None:
        if isinstance(instance, str) and len(instance.encode()) > self._most:
            raise ValueError(f"has more than {self._most} bytes")


class MaxProduct:
    """``x-max-product``: the maximum product of two fields."""

    def __init__(self, _parent: Any, value: dict[str, Any], _path: Any) -> None:
        self._value = value

    def validate(self, instance: Any) -> None:
        names, otherwise = self._value["fields"], self._value["otherwise"]
        sides = [instance.get(name, usual) for name, usual in zip(names, otherwise, strict=True)]
        numbers = all(isinstance(side, int | float) for side in sides)
        if numbers and sides[0] * sides[1] > self._value["maximum"]:
            raise ValueError(f"{' times '.join(names)} is more than {self._value['maximum']}")


_OUR_KEYWORDS: dict[str, Any] = {"x-max-bytes": MaxBytes, "x-max-product": MaxProduct}


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for a schema of the document, with its ``components`` and our own keywords."""
    whole = {**schema, "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, keywords=_OUR_KEYWORDS)


def problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    return _violations(validator(schema), value)


def _violations(checked_by: jsonschema_rs.Draft202012Validator, value: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'document'}: {error.message[:400]}"
        for error in checked_by.iter_errors(value)
    ]


@dataclass(frozen=True, eq=False)
class Operation:
    """One call. ``raw``: its node in the document. ``parameters``: those of path and operation, resolved."""

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
        """Return the schema of an answer, None if the status is not documented."""
        answer = self.raw["responses"].get(str(status))
        return None if answer is None else resolved(answer)["content"]["application/json"]["schema"]

    def codes(self, status: int) -> set[int]:
        """Return the codes that an error of this status may have: the status itself, or a business code."""
        return {status, *map(int, self.raw["x-business-codes"].get(str(status), {}))}

    def wrong_in_request(self, *, path: str, query: Mapping[str, str], body: Any) -> list[str]:
        """Return the violations of a request. ``body`` is None if none was sent."""
        found = [f"query: {name} is not known" for name in query if ("query", name) not in self._places()]
        given = {("path", name): value for name, value in self._match(path).items()}
        given |= {("query", name): value for name, value in query.items()}
        for place, parameter in self._places().items():
            if place in given:
                value = _as_typed(given[place], parameter["schema"])
                checked_by = self._validator(":".join(place), parameter["schema"])
                found += [f"{place[0]} {place[1]}: {wrong}" for wrong in _violations(checked_by, value)]
        return found + [f"body: {wrong}" for wrong in self._wrong_body(body)]

    def _wrong_body(self, body: Any) -> list[str]:
        if self.body_schema is None:
            return [] if body is None else ["must not be sent"]
        if body is None:
            return ["is missing"] if self.raw["requestBody"].get("required") else []
        return _violations(self._validator("body", self.body_schema), body)

    def wrong_in_answer(self, *, status: int, body: bytes) -> list[str]:
        """Return the violations of an answer."""
        schema = self.answer_schema(status)
        if schema is None:
            return [f"status {status} is not in the contract"]
        try:
            answer = json.loads(body)
        except ValueError as error:
            return [f"{status}: not JSON ({error})"]
        found = [f"{status}: {wrong}" for wrong in _violations(self._validator(str(status), schema), answer)]
        if status >= 400 and not found and answer.get("code", status) not in self.codes(status):
            found.append(f"{status}: business code {answer['code']} is not in the contract")
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
    loaded: dict[str, Any] = yaml.load(PATH.read_text(), Loader=yaml.CSafeLoader)
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
    """Return the operation of a concrete path. The one with more fixed parts wins."""
    fitting = [one for one in operations() if one.method == method and match(one.path, path) is not None]
    return min(fitting, key=lambda one: one.path.count("{"), default=None)


def match(template: str, path: str) -> dict[str, str] | None:
    """Return the decoded parts of a path by name, None if the template does not match."""
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
    """Return a node of the document after following its ``$ref``."""
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
    """Return the schema of each event type's ``data``, by cmd."""
    every = document()["components"]["schemas"].values()
    return {schema["x-cmd"]: schema for schema in every if "x-cmd" in schema}


def _as_typed(value: str, schema: Mapping[str, Any]) -> Any:
    is_number = schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", value)
    return int(value) if is_number else value
