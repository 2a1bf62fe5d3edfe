"""Answer a repeated request with an `Idempotency-Key` like the first one, without doing its work again.

`begin` is called when the person is known, and `finish` when the response is complete. Only successful
responses are stored. After an error, a request with the same key does its work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from classroom_admin.accounts.api_tokens import forget_old_requests
from classroom_admin.accounts.models import IdempotentRequest, User
from classroom_admin.web.api.v1.problems import ApiProblem, invalid

FORM: Final = "multipart/form-data"
UPLOAD: Final = "upload_file"
"""The name of the only URL that takes a form."""
HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255
WORK_ENDS_AFTER: Final = timedelta(seconds=60)
"""The time after which a request whose process was killed may be sent again."""
_SUCCESSES: Final = range(200, 300)


class AnsweredBefore(Exception):
    """Raised for a repeated request. ``response`` is the response to the first one."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response
        super().__init__("answered before")


def begin(request: HttpRequest, person: User) -> None:
    """Store that a request with an `Idempotency-Key` is being answered.

    Raise ``AnsweredBefore`` if it was answered, and ``ApiProblem`` 409 if the key belongs to another request
    or the first one is still being answered.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return
    if not key.strip() or len(key) > LONGEST or not key.isascii() or not key.isprintable():
        raise invalid(HEADER, f"The header “{HEADER}” must have 1 to {LONGEST} printable ASCII characters.")
    now = timezone.now()
    forget_old_requests()
    same: dict[str, Any] = {"user": person, "key": hashlib.sha256(key.encode()).hexdigest()}
    killed = IdempotentRequest.objects.filter(**same, status=None, created_at__lte=now - WORK_ENDS_AFTER)
    killed.delete()
    fingerprint = _fingerprint(request, person)
    try:
        with transaction.atomic():
            row = IdempotentRequest.objects.create(**same, fingerprint=fingerprint, created_at=now)
    except IntegrityError:
        raise _repeated(IdempotentRequest.objects.filter(**same).first(), fingerprint) from None
    request.idempotent = row  # type: ignore[attr-defined]  # `finish` reads it


def finish(request: HttpRequest, response: HttpResponseBase) -> None:
    """Store the response to a request that `begin` has noted. Forget the request if it failed."""
    row: IdempotentRequest | None = getattr(request, "idempotent", None)
    if row is None:
        return
    if response.status_code not in _SUCCESSES or not isinstance(response, HttpResponse):
        row.delete()
        return
    # After `WORK_ENDS_AFTER`, the row may be deleted, or belong to a repeated request.
    IdempotentRequest.objects.filter(pk=row.pk).update(
        status=response.status_code, body=response.content.decode()
    )


def _repeated(first: IdempotentRequest | None, fingerprint: str) -> Exception:
    if first is not None and first.fingerprint != fingerprint:
        words = f"This {HEADER} was used for another request. Use a new one for each request."
        return ApiProblem(409, words, code="idempotency_key_reused")
    if first is None or first.status is None:
        words = f"A request with this {HEADER} is being answered. Try again in a moment."
        return ApiProblem(409, words, code="request_in_progress", headers={"Retry-After": "1"})
    again = HttpResponse(first.body, status=first.status, content_type="application/json; charset=utf-8")
    again[REPLAYED] = "true"
    return AnsweredBefore(again)


def _fingerprint(request: HttpRequest, person: User) -> str:
    """Return a hash of the request and the person's role: with another role, the response may be another."""
    words = (str(request.method), request.get_full_path(), person.role)
    parts = (*(one.encode() for one in words), *_body_parts(request))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _body_parts(request: HttpRequest) -> Iterator[bytes]:
    """Yield what the body says. Files are read in pieces, and the boundary of a form does not count."""
    match = request.resolver_match
    if request.content_type != FORM or match is None or match.url_name != UPLOAD:
        yield request.body
        return
    for name, values in sorted(request.POST.lists()):
        yield json.dumps([name, values]).encode()
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest = hashlib.sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            yield json.dumps([name, file.name, digest.hexdigest()]).encode()
