"""The API: its topics, its errors and its OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.operation import Operation

from classroom_admin.common import problem_json
from classroom_admin.common.version import version
from classroom_admin.web.api.v1 import (
    attendance,
    audit_log,
    chat,
    class_lists,
    classes,
    commands,
    exports,
    files,
    me,
    participants,
    quizzes_polls,
    recordings,
    series,
)
from classroom_admin.web.api.v1.authentication import READ
from classroom_admin.web.api.v1.body_parser import StrictParser
from classroom_admin.web.api.v1.error_handlers import add_handlers
from classroom_admin.web.api.v1.idempotency import FORM, HEADER, AnsweredBefore
from classroom_admin.web.api.v1.schemas import Problem

DESCRIPTION: Final = (
    "Classes, people and reports of the school, for scripts. Send a token in the header "
    "`Authorization: Bearer …`. You see what you see on the pages."
)
_ERRORS: Final = {
    400: "The request can't be read.",
    401: "The token is missing or not valid.",
    403: "The scope of the token or the role of its person does not include this.",
    404: "This does not exist, or the person may not see it.",
    409: "The `Idempotency-Key` belongs to another request, or the first request is still in work.",
    413: "The body or the file is too big.",
    415: "The body is not JSON, or this type of file can't be shared.",
    422: "A value is not valid.",
    424: "The cloud refused the command or did not answer.",
    429: "Too many requests. `Retry-After` says how many seconds to wait.",
    507: "There is no space for the file.",
}
TOPICS: Final = (
    me, classes, commands, participants, chat, quizzes_polls, recordings, files, class_lists, series,
    attendance, exports, audit_log,
)  # fmt: skip
_WRITING: Final = (409, 413, 415, 424)
"""The errors of requests that change something."""


class Api(NinjaAPI):
    """The API with its errors in the OpenAPI document."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **arguments: Any) -> Any:
        found = super().get_openapi_schema(path_prefix=problem_json.PATH.removeprefix("/"), **arguments)
        for methods in found["paths"].values():
            for method, operation in methods.items():
                _complete(operation, writes=method != "get")
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        found["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
        return found


def _complete(operation: dict[str, Any], *, writes: bool) -> None:
    """Add the errors, and the header for repeated requests, to an operation of the document."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    uploads = FORM in operation.get("requestBody", {}).get("content", {})
    for status, words in _ERRORS.items():
        if (writes or status not in _WRITING) and (uploads or status != 507):
            operation["responses"][status] = {
                "description": words,
                "content": {problem_json.MEDIA_TYPE: schema},
            }
    if writes:
        operation["parameters"].append(
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": "A text of your own. A repeated request with it does its work only once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        )


def _answered_before(_request: HttpRequest, error: Any) -> HttpResponse:
    answer: HttpResponse = error.response
    return answer


def _made() -> Api:
    made = Api(
        title="Classroom Admin",
        version=version(),
        description=DESCRIPTION,
        servers=[{"url": settings.PATH_PREFIX}] if settings.PATH_PREFIX else [],
        urls_namespace="api_v1",
        auth=READ,
        parser=StrictParser(),
        docs_url=None,
        openapi_url=None,
    )
    add_handlers(made)
    made.add_exception_handler(AnsweredBefore, _answered_before)
    for topic in TOPICS:
        made.add_router("", topic.router)
    return made


api: Final = _made()


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), cls=DjangoJSONEncoder))
    return found
