"""Remember where the current request comes from, for the audit log and the log.

The values belong to the context of the request (`contextvars`). Outside a request they are empty.
"""

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.common import tracing
from classroom_admin.common.client_address import client_address

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

    A client can't choose the id, so that it can't confuse the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = Origin(
            address=client_address(request)[:ADDRESS_LENGTH],
            agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:AGENT_LENGTH],
            request_id=secrets.token_hex(8),
        )
        token = _current.set(origin)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response.headers[HEADER] = origin.request_id
        return response


class RequestIds(logging.Filter):
    """The filter that adds `request` to log records: in brackets the ids of request and trace, or ""."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = " ".join(filter(None, (current().request_id, tracing.trace_id())))
        record.request = f"[{ids}] " if ids else ""
        return True
