"""Turn the errors of operations into responses of the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files.kinds import Why
from classroom_admin.actions.files.uploads import UploadRefused
from classroom_admin.web import refused_access
from classroom_admin.web.api.v1.problems import ApiProblem, response

_NOT_SENT_BY_CLOUD: Final = frozenset({"connection_not_set_up", "not_offered"})
"""The codes of commands that were not sent, but not because of what the request asked for."""
_OF_UPLOAD: Final = {
    Why.TYPE: (415, ""),
    Why.TOO_LARGE: (413, ""),
    Why.QUOTA: (507, "quota"),
    Why.STORAGE: (507, ""),
}
"""The status and the code (empty: the usual one) of an upload that is refused. Other reasons are 422."""


def add_handlers(api: NinjaAPI) -> None:
    """Make the API answer each known error with a problem. Django handles all other errors."""
    handlers: dict[type[Exception], Any] = {
        ApiProblem: lambda _request, error: _of_problem(error),
        AuthenticationError: lambda _request, _error: response(
            401, "Send a valid API token in the header “Authorization: Bearer …”."
        ),
        Http404: _not_found,
        PermissionDenied: _forbidden,
        RequestDataTooBig: lambda _request, _error: response(413, "This request is too big."),
        ActionRefused: _refused,
        MultiPartParserError: lambda _request, _error: response(400, "The form can't be read."),
        ValidationError: lambda _request, error: _validation(error.errors),
        HttpError: _http_error,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _of_problem(error: ApiProblem) -> HttpResponse:
    return response(error.status, error.detail, code=error.code, headers=error.headers, **error.more)


def _http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    """Return the problem of the parser, which django-ninja has replaced by an error of its own."""
    cause = error.__cause__
    if isinstance(cause, ApiProblem):
        return _of_problem(cause)
    return response(error.status_code, str(error))


def _unexpected(_request: HttpRequest, error: Exception) -> HttpResponse:
    raise error


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    refused_access.record_refusal(request, error)
    return response(404, "This does not exist, or you don't have access to it.")


def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    refused_access.record_refusal(request, error)
    return response(403, str(error) or "Your role does not include this.", code="role")


def _refused(_request: HttpRequest, error: ActionRefused) -> HttpResponse:
    if isinstance(error, UploadRefused) and error.why in _OF_UPLOAD:
        status, code = _OF_UPLOAD[error.why]
        refused = response(status, error.message, code=code)
        refused._has_been_logged = True  # type: ignore[attr-defined]  # a full quota is no error of the server
        return refused
    if error.problem.code in _NOT_SENT_BY_CLOUD:
        return response(424, error.message)
    errors = [{"field": error.field or "", "message": error.message_at_field}]
    return response(422, error.message, errors=errors)


def _validation(errors: Iterable[dict[str, Any]]) -> HttpResponse:
    found = [
        {"field": _field(one["loc"]), "message": str(one["msg"]).removeprefix("Value error, ")}
        for one in errors
    ]
    shown = "; ".join(
        f"{one['field']}: {one['message']}" if one["field"] else one["message"] for one in found
    )
    return response(422, shown or "The request is not valid.", errors=found)


def _field(place: Iterable[Any]) -> str:
    """Return the name of a field, such as `people.0.name`. Omit the place in the request and the argument."""
    parts = [str(part) for part in place]
    inner = parts[2:] if parts[:1] == ["body"] else parts[1:]
    return ".".join(inner)
