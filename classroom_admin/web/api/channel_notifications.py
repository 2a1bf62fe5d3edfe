"""The webhook `POST /api/agora/notifications/`, for the cloud's Notifications service."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from classroom_admin.common.numbers import parsed
from classroom_admin.sync import webhook
from classroom_admin.sync.notification_reading import (
    LARGEST_BODY,
    SHA1_HEADER,
    SHA256_HEADER,
    why_refused,
)

log = logging.getLogger(__name__)


@csrf_exempt  # no browser and no cookie: every request carries its own signature
def channel_notifications(request: HttpRequest) -> JsonResponse:
    """Store a notification. Respond with 404 if AGORA_NOTIFICATIONS_SECRET is not set."""
    if not settings.AGORA_NOTIFICATIONS_SECRET:
        raise Http404
    return _store(request)


@require_POST
def _store(request: HttpRequest) -> JsonResponse:
    """Store a notification. Respond with 200 `{stored, duplicates, quarantined}`.

    If the request can't be trusted or is too large, respond with 401, 403 or 413 `{error}`. The service
    repeats a request until the status is 200, so a request that can't be read gets this status, too.
    """
    length = request.headers.get("Content-Length") or "0"
    size = parsed(length)
    too_long = size is None or size > LARGEST_BODY
    body = b"" if too_long else request.read(LARGEST_BODY + 1)
    if too_long or len(body) > LARGEST_BODY:
        return _refused(413, f"The body is larger than {LARGEST_BODY} bytes.")
    refusal = why_refused(
        secret=settings.AGORA_NOTIFICATIONS_SECRET,
        sha1=request.headers.get(SHA1_HEADER, ""),
        sha256=request.headers.get(SHA256_HEADER, ""),
        body=body,
    )
    if refusal is not None:
        return _refused(refusal.status, refusal.words)
    found = webhook.accept_notification(body)
    return JsonResponse(
        {
            "stored": found.stored,
            "duplicates": found.items - found.stored - found.quarantined,
            "quarantined": found.quarantined,
        }
    )


def _refused(status: int, reason: str) -> JsonResponse:
    log.warning("refused a notification about a channel (%s): %s", status, reason)
    return JsonResponse({"error": reason}, status=status)
