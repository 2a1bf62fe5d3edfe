"""A small client of the API, which checks each response against the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs
from django.core.files.uploadedfile import UploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from classroom_admin.accounts import api_tokens
from classroom_admin.accounts.models import User
from classroom_admin.web.api.v1.api import document

PROBLEM = "application/problem+json"


class Api:
    """Requests with the token of a person."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.client = Client()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request to `/api/v1` + path. Return Django's response, with the JSON as `found`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, UploadedFile):
            body.seek(0)
            body = {"file": body}
        kind = sent.pop("Content-Type", "application/json")
        data: Any = body or ""
        if isinstance(body, dict) and any(isinstance(one, UploadedFile) for one in body.values()):
            kind, data = MULTIPART_CONTENT, encode_multipart(BOUNDARY, body)
        elif body is not None and not isinstance(body, str):
            data = json.dumps(body)
        answer: Any = self.client.generic(method, f"/api/v1{path}", data, content_type=kind, headers=sent)
        is_json = "json" in answer.get("Content-Type", "")
        answer.found = json.loads(answer.content) if is_json and answer.content else None
        check(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)


def api_of(person: User, *, scopes: tuple[str, ...] = api_tokens.SCOPES, days: int = 90) -> Api:
    _row, secret = api_tokens.create(person, name="a test", scopes=scopes, days=days)
    return Api(secret)


def check(method: str, path: str, answer: Any) -> None:
    """Assert that the response is one of those in the document, if the path is."""
    assert answer.status_code < 500 or answer.status_code == 507, answer.content
    operation = operation_at(method, path.partition("?")[0])
    if answer.status_code >= 400:
        assert answer["Content-Type"] == PROBLEM
        assert {"type", "title", "status", "code", "detail"} <= answer.found.keys()
        assert answer.found["status"] == answer.status_code
    if operation is None or answer.status_code == 304:
        return
    status = str(answer.status_code)
    assert status in operation["responses"], f"{method} {path}: {status} is not documented: {answer.content}"
    for validator in validators(operation["operationId"], status):
        wrong = list(validator.iter_errors(answer.found))
        assert not wrong, f"{method} {path}: {wrong[0].message}"


@cache
def validators(operation_id: str, status: str) -> list[jsonschema_rs.Draft202012Validator]:
    """Return validators for the documented JSON of a response."""
    named = {one["operationId"]: one for methods in document()["paths"].values() for one in methods.values()}
    content = named[operation_id]["responses"][status].get("content", {})
    schemas = [
        described["schema"] for kind, described in content.items() if kind in ("application/json", PROBLEM)
    ]
    components = {"components": document()["components"]}
    return [jsonschema_rs.Draft202012Validator({**schema, **components}) for schema in schemas]


@cache
def operations() -> list[tuple[str, list[str], dict[str, Any]]]:
    """Return the method, the parts of the path, and the description of each operation."""
    return [
        (method.upper(), path.split("/"), one)
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
    ]


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """Return the description of the operation at a path, or None."""
    parts = f"/api/v1{path}".split("/")
    for name, wanted, operation in operations():
        if name == method and len(wanted) == len(parts) and all(map(fits, wanted, parts)):
            return operation
    return None


def fits(wanted: str, part: str) -> bool:
    """Return whether a part of a path fits the part of a template."""
    return wanted.startswith("{") or wanted == part
