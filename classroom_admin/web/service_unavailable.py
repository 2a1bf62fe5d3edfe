"""Answer 503 while the database is away, with a page that needs no database, no session and no account.

htmx does not replace anything with such an answer. The event `live:polled` in its header makes the banner of
the page say what is wrong.
"""

import json
import logging
import sys
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import translation
from django.views.defaults import server_error as django_server_error

from classroom_admin.common import database_outage, disk_space
from classroom_admin.common.size_limit import FOR_PROGRAMS, Application, Receive, Scope, Send
from classroom_admin.realtime import session
from classroom_admin.sync import freshness
from classroom_admin.web.size_by_address import no_room_words

log = logging.getLogger(__name__)

RETRY_AFTER_S: Final = 5
_STATUS: Final = "live:status"


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer a request whose view or middleware failed. Django calls this while it handles the error."""
    error = sys.exc_info()[1]
    if error is not None and disk_space.is_full(error):
        return _full(request, error)
    if error is None or not database_outage.is_outage(error):
        return django_server_error(request)
    database_outage.of_process.note(error)
    answer = _answer(request)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # else Django logs it with a traceback
    return answer


def _full(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 507: a disk has no space for a file of this request."""
    log.error("a disk of this server is full: %s", error)
    with translation.override(translation.get_language_from_request(request)):
        if "HX-Request" in request.headers:  # the script of the upload form shows the text of the answer
            answer = HttpResponse(no_room_words(), content_type="text/plain", status=507)
        else:
            answer = HttpResponse(render_to_string("507.html"), status=507)
    answer["Cache-Control"] = "no-store"
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse
    with translation.override(translation.get_language_from_request(request)):
        detail = {
            "age": round(database_outage.of_process.lasts_s, 1),
            "trouble": freshness.database_trouble(),
        }
        if request.path_info.removeprefix(settings.PATH_PREFIX).startswith(FOR_PROGRAMS):
            answer = JsonResponse({"error": "The database can't be used at the moment. Try again later."})
        elif _is_status(request):
            answer = JsonResponse(detail)
        elif "HX-Request" in request.headers:
            answer = HttpResponse(headers={"HX-Trigger": json.dumps({"live:polled": detail})})
        else:
            answer = HttpResponse(render_to_string("503.html"))
    answer.status_code = 503
    answer["Retry-After"] = str(RETRY_AFTER_S)
    answer["Cache-Control"] = "no-store"
    return answer


def _is_status(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).view_name == _STATUS
    except Resolver404:
        return False


class WithoutDatabase:
    """ASGI middleware that answers 503 if the parts before Django fail because the database is away.

    These parts check the rights of streams and of uploads. A stream that has begun ends, and its page
    connects again.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = ended = False

        async def noted(message: Any) -> None:
            nonlocal begun, ended
            begun = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._inner(scope, receive, noted)
        except database_outage.ERRORS as error:
            if not database_outage.is_outage(error):
                raise
            database_outage.of_process.note(error)
            if begun and not ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            elif not begun:
                await _refuse(dict(scope), send)


async def _refuse(scope: dict[str, Any], send: Send) -> None:
    with translation.override(session.language(scope)):
        body = freshness.database_trouble().encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
