"""The webhook `POST /api/notifications/`, for direct messages and room events from the messaging channel."""

import logging
import time

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from classroom_admin.common.numbers import parsed
from classroom_admin.sync import webhook

log = logging.getLogger(__name__)


@csrf_exempt  # no browser and no cookie: every request carries its own signature
@require_POST
def notifications(request: HttpRequest) -> JsonResponse:
    """Store the messages. Respond with 202 `{stored, duplicates}`, or with 400, 401 or 413 `{error}`."""
    length = request.headers.get("Content-Length") or "0"
    body = b"" if _too_long(length) else request.read(webhook.LARGEST_BODY + 1)
    if _too_long(length) or len(body) > webhook.LARGEST_BODY:
        return _refused(
            413, f"The body is larger than {webhook.LARGEST_BODY} bytes: send fewer items per request."
        )
    timestamp = request.headers.get(webhook.TIMESTAMP_HEADER, "")
    problem = webhook.why_not_signed(
        secret=settings.RELAY_SECRET,
        timestamp=timestamp,
        given=request.headers.get(webhook.SIGNATURE_HEADER, ""),
        body=body,
        now_s=time.time(),  # Compare the signature's time with our own clock, not the cloud's.
    )
    if problem:
        return _refused(401, problem)
    try:
        accepted = webhook.accept(body, timestamp=timestamp)
    except webhook.Refused as error:
        return _refused(400, str(error))
    return JsonResponse({"stored": accepted.stored, "duplicates": accepted.duplicates}, status=202)


def _too_long(length: str) -> bool:
    size = parsed(length)
    return size is None or size > webhook.LARGEST_BODY


def _refused(status: int, reason: str) -> JsonResponse:
    log.warning("refused a webhook request (%s): %s", status, reason)
    return JsonResponse({"error": reason}, status=status)
