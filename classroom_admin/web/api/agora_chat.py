"""The webhook `POST /api/agora/chat/`, which Agora Chat calls for each message."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from classroom_admin.sync import chat_webhook

log = logging.getLogger(__name__)


@csrf_exempt  # no browser and no cookie: every request carries its own signature
def agora_chat(request: HttpRequest) -> HttpResponseBase:
    """Receive a callback. Respond with 404 if AGORA_CHAT_SECRET is not set."""
    if not settings.AGORA_CHAT_SECRET:
        raise Http404
    return _receive(request)


@require_POST
def _receive(request: HttpRequest) -> JsonResponse:
    """Store the message. Respond with 200 `{stored, duplicates}`, or with 401 or 413 `{error}`."""
    body = request.read(chat_webhook.LARGEST_BODY + 1)
    if len(body) > chat_webhook.LARGEST_BODY:
        return _refused(413, f"The body is larger than {chat_webhook.LARGEST_BODY} bytes.")
    problem = chat_webhook.why_not_signed(secret=settings.AGORA_CHAT_SECRET, body=body)
    if problem:
        return _refused(401, problem)
    accepted = chat_webhook.accept(body)
    return JsonResponse({"stored": accepted.stored, "duplicates": accepted.duplicates})


def _refused(status: int, reason: str) -> JsonResponse:
    log.warning("refused a callback of Agora Chat (%s): %s", status, reason)
    return JsonResponse({"error": reason}, status=status)
