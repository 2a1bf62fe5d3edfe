"""Errors of the API as responses: `application/problem+json`.

Every request passes this module, so it does not import the API itself.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_str

from classroom_admin.common import problem_json

CHALLENGE: Final = 'Bearer realm="classroom-admin"'


class ApiProblem(Exception):
    """An error with the status and the members of its response. `headers` are further headers."""

    def __init__(
        self, status: int, detail: str, *, code: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        self.status, self.detail, self.code, self.more = status, detail, code, more
        self.headers = headers or {}
        super().__init__(detail)


def invalid(field: str, message: str) -> ApiProblem:
    """Return the error for one invalid field."""
    return ApiProblem(422, message, errors=[{"field": field, "message": message}])


def response(
    status: int, detail: str, *, code: str = "", headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    """Return a problem as a response."""
    members = problem_json.problem(status, force_str(detail), code=code, **more)
    answer = HttpResponse(json.dumps(members), status=status, content_type=problem_json.MEDIA_TYPE)
    for name, value in (headers or {}).items():
        answer[name] = value
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = CHALLENGE
    return answer


def nothing_here(request: HttpRequest) -> HttpResponse:
    """Answer 404 to unknown paths of the API."""
    return response(404, "There is nothing at this address. The paths are in /api/v1/openapi.json.")


nothing_here.csrf_exempt = True  # type: ignore[attr-defined]  # no session counts
