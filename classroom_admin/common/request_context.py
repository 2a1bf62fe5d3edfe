"""Remember where the current request comes from, for the audit log.

The values belong to the context of the request (`contextvars`). Outside a request they are empty.
"""

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.common.client_address import client_address
from classroom_admin.common.logs import access, context
from classroom_admin.common.logs.paths import shown_path

HEADER: Final = "X-Request-ID"
AGENT_LENGTH: Final = 254
ADDRESS_LENGTH: Final = 45


@dataclass(frozen=True, slots=True)
class Origin:
    """The client address and browser of a request, and the id of the request in the log."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


_NOWHERE: Final = Origin()
_current: ContextVar[Origin] = ContextVar("request origin", default=_NOWHERE)


def current() -> Origin:
    """Return the origin of the current request. Outside a request its values are empty."""
    return _current.get()


class RequestContext:
    """The middleware that gives each request an id, and answers with it in the header `X-Request-ID`.

    In a server, the ASGI front has already chosen the id (`logs.access`). The log of the request gets the
    name and the path of its address here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = getattr(request, "scope", {}).get(access.REQUEST_ID)
        origin = Origin(
            address=client_address(request)[:ADDRESS_LENGTH],
            agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:AGENT_LENGTH],
            request_id=given or secrets.token_hex(8),
        )
        token = _current.set(origin)
        if not given:
            context.begin(request_id=origin.request_id)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
            if not given:
                context.end()
        response.headers[HEADER] = origin.request_id
        return response

    def process_view(self, request: HttpRequest, *_: object) -> None:
        match = request.resolver_match
        if match is not None:
            context.bind(route=match.view_name, path=shown_path(request.path, match))
