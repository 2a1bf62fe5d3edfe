"""The views of the probes: ``/livez``, ``/readyz`` and ``/healthz``, and of ``/metrics``.

A web process answers ``/livez``, ``/readyz`` and ``/metrics`` before Django (`operations.front`). These views
give the same answers where there is only Django. ``/healthz`` tells the supervisor that Django answers. With
a signed ``probe``, it also tells `manage.py doctor` how a request arrived through the proxy.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from classroom_admin.common.client_address import client_address
from classroom_admin.common.logs.access import PROBES
from classroom_admin.operations import readiness
from classroom_admin.operations.answers import Answer, livez_answer, readyz_answer
from classroom_admin.operations.scrape import metrics_answer
from classroom_admin.realtime import messages

_SALT: Final = "classroom_admin.operations.probe"
_VALID_S: Final = 120
STREAM_S: Final = 2.0
"""The time between the two parts of the probe's stream. A proxy that buffers delivers them together."""


class WithoutSession:
    """The middleware that removes the session's cookie from requests of probes.

    The middleware below it would otherwise read the account from the database, which may be away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.removeprefix(settings.PATH_PREFIX) in PROBES:
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self._get_response(request)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Return status 200 and ``ok``."""
    return _response(livez_answer())


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return whether this process should get requests, as JSON. The status is 200 or 503."""
    return _response(readyz_answer(readiness.current()))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics for Prometheus, or status 401 or 404 to clients that may not read them."""
    authorization = request.headers.get("Authorization", "")
    return _response(metrics_answer(authorization=authorization, address=client_address(request)))


@require_safe
def healthz(request: HttpRequest) -> HttpResponseBase:
    """Return status 200 and ``ok``. This checks only the process, so it uses no session and no database."""
    answer: HttpResponseBase = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    probe = request.GET.get("probe", "")
    if probe and _is_ours(probe):
        answer = _stream() if "stream" in request.GET else JsonResponse(_seen(request))
    answer["Cache-Control"] = "no-store"
    return answer


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def probe_token() -> str:
    """Return a signed text that lets this installation's `doctor` ask how its requests arrive."""
    return signing.TimestampSigner(salt=_SALT).sign("doctor")


def _is_ours(token: str) -> bool:
    try:
        signing.TimestampSigner(salt=_SALT).unsign(token, max_age=_VALID_S)
    except signing.BadSignature:
        return False
    return True


def _seen(request: HttpRequest) -> dict[str, Any]:
    scope: dict[str, Any] = getattr(request, "scope", {})
    return {
        "address": client_address(request),
        "scheme": request.scheme,
        "host": request.get_host(),
        "bounded": bool(scope.get("state", {}).get("bounded")),
        "trusted_proxies": list(settings.TRUSTED_PROXIES),
        **scope.get("classroom_admin.front", {}),
    }


def _stream() -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"event: first\ndata: \n\n"
        await asyncio.sleep(STREAM_S)
        yield b"event: last\ndata: \n\n"

    headers = {name.decode(): value.decode() for name, value in messages.HEADERS}
    return StreamingHttpResponse(parts(), headers=headers)
