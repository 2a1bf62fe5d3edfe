"""Complete the responses of the API: problems, ETags and headers. Ignore the session of a browser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from classroom_admin.common import problem_json
from classroom_admin.web.api.v1 import idempotency, problems, rate_limits

DOCUMENTATION = f"{problem_json.PATH}/docs"
_WORDS = {
    400: "The request is not valid.",
    404: "There is nothing at this address.",
    405: "This method is not allowed here. The header “Allow” names the others.",
    500: "The server failed. The error is in its log. Try again later.",
    503: "The server can't use its database at the moment. Try again later.",
    507: "A disk of the server is full.",
}


class ApiResponses:
    """The middleware for requests to `/api/v1/`. The page with the documentation is an ordinary page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info.removeprefix(settings.PATH_PREFIX)
        if not problem_json.is_of_api(path) or path == DOCUMENTATION:
            return self.get_response(request)
        # In this thread, because streams would wait if the event loop imported the API.
        import_module("classroom_admin.web.api.v1.urls")
        request.COOKIES.clear()
        response = self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            response = _as_problem(response)
        idempotency.finish(request, response)
        response = _conditional(request, response)
        rate_limits.add_headers(request, response)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
        return response


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    """Return the response as a problem, with the headers that say how to go on."""
    if response.get("Content-Type", "").startswith(problem_json.MEDIA_TYPE):
        return response
    status = response.status_code
    kept = {name: response[name] for name in ("Allow", "Retry-After", "Cache-Control") if name in response}
    made = problems.response(status, _WORDS.get(status) or _error_in(response), headers=kept)
    made._has_been_logged = getattr(response, "_has_been_logged", False)  # type: ignore[attr-defined]
    return made


def _error_in(response: HttpResponseBase) -> str:
    """Return the error in a response in JSON, or the phrase of its status."""
    try:
        return str(json.loads(getattr(response, "content", b""))["error"])
    except (ValueError, KeyError, TypeError):
        return HTTPStatus(response.status_code).phrase


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Add an ETag to what a GET reads. Answer 304 if the client has it already."""
    is_read = request.method == "GET" and response.status_code == HTTPStatus.OK
    if not is_read or not isinstance(response, HttpResponse) or response.has_header("ETag"):
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
