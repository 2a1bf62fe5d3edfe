"""The OpenAPI document, and the page with the documentation of the API, which is made from it."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classroom_admin.common import public_address
from classroom_admin.common.problem_json import PATH
from classroom_admin.web.api.v1.idempotency import FORM
from classroom_admin.web.api.v1.problems import response

CODES: Final = {
    "malformed": "400. The body is not JSON, or the path has forbidden characters.",
    "unauthorized": "401. The token is missing, wrong, revoked or expired.",
    "scope": "403. The token does not have the scope.",
    "role": "403. The role of the person does not include this.",
    "not_found": "404. This does not exist, or the person may not see it.",
    "method_not_allowed": "405. The header `Allow` names the methods.",
    "idempotency_key_reused": "409. The `Idempotency-Key` belongs to another request.",
    "request_in_progress": "409. The first request with this `Idempotency-Key` is still being answered.",
    "too_large": "413. The body or the file is too big.",
    "unsupported_media_type": "415. Send the body as JSON, an upload as a form, or another type of file.",
    "invalid": "422. `errors` names the invalid fields.",
    "state": "422. The class or the series is in another state.",
    "cannot_change": "422. The cloud can't change this class.",
    "too_many_exports": "422. Wait for the unfinished exports.",
    "cloud_failed": "424. The cloud refused the command, or the connection is not set up.",
    "outcome_unknown": "424. The cloud did not answer. The command may have worked: verify it.",
    "too_many_requests": "429. `Retry-After` says how many seconds to wait.",
    "disk_full": "507. The server has no space for files. Tell an administrator.",
    "quota": "507. The files of the person have used up their space. Delete some of them.",
}
"""What the codes of errors mean."""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API, with its parameters, its body and its response."""
    context = {"topics": topics(), "codes": CODES, "address": public_address.absolute(PATH)}
    return render(request, "api/documentation.html", context)


def openapi_json(request: HttpRequest) -> HttpResponse:
    """Send the OpenAPI document. Everyone may read it."""
    if request.method not in ("GET", "HEAD"):
        answer = response(405, "This method is not allowed here.")
        answer["Allow"] = "GET, HEAD"
        return answer
    return JsonResponse(_document())


openapi_json.csrf_exempt = True  # type: ignore[attr-defined]  # no session counts


def _document() -> dict[str, Any]:
    # The API needs 8 MB of memory, so a web process loads it for the first request that needs it.
    from classroom_admin.web.api.v1.api import document

    return document()


@cache
def topics() -> list[dict[str, Any]]:
    """Return the operations by topic, for the template."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(method.upper(), path, operation))
    return [
        {"name": name, "id": name.lower().replace(" ", "-"), "operations": operations}
        for name, operations in found.items()
    ]


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    body = next((one["schema"] for one in content.values()), None)
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["description"],
        "parameters": [_parameter(one) for one in operation["parameters"]],
        "bodies": _bodies(body) if body else [],
        "is_form": FORM in content,
        "answers": [_answer(status, one) for status, one in operation["responses"].items() if status < "300"],
        "errors": [(status, one["description"]) for status, one in _errors(operation)],
    }


def _errors(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(status, one) for status, one in operation["responses"].items() if status >= "400"]


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "place": one["in"],
        "required": one.get("required", False),
        "kind": _kind(one["schema"]),
        "words": one.get("description") or one["schema"].get("description", ""),
    }


def _answer(status: str, one: dict[str, Any]) -> dict[str, Any]:
    schema = one.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return {"status": status, "fields": [], "is_list": False}
    found = _resolved(schema)
    is_list = "next_cursor" in found.get("properties", {})
    item = _resolved(found["properties"]["items"]["items"]) if is_list else found
    return {"status": status, "fields": _fields(item), "is_list": is_list}


def _bodies(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the kinds of bodies that an operation takes, each with its fields."""
    kinds = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return [
        {"words": _resolved(one).get("description", ""), "fields": _fields(_resolved(one))} for one in kinds
    ]


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(one),
            "required": name in required,
            "words": one.get("description", ""),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """Return the type of a value in a few words, such as `integer 1–1440` or `string | null`."""
    if "$ref" in schema:
        return _kind(_resolved(schema)) if "enum" in _resolved(schema) else "object"
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one) for one in schema.get("anyOf") or schema["oneOf"]))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum") or [schema["const"]]
        return " | ".join(json.dumps(one) for one in values)
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    kind = str(schema.get("format") or schema.get("type") or "any")
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"{kind} {least}–{most}" if least is not None and most is not None else kind


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = _document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
