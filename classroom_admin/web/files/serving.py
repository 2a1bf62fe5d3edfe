"""Uploaded files, handed out at their signed address: to the cloud and to pupils, who sign in nowhere here.

Whatever somebody uploaded may be hostile. The kind was checked when it came in; here nothing is left to a
browser's guess (`nosniff`, our own content type), nothing of it may run (a sandbox without scripts), and what
is not a picture, sound or film is a download.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from classroom_admin.actions import file_addresses, file_kinds
from classroom_admin.actions.file_storage import Readable, open_at, storage_errors
from classroom_admin.actions.models import Upload

CHUNK: Final = 256 * 1024
POLICY: Final = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(Exception):
    """The part that is asked for lies behind the file's end."""


@require_safe
def shared_file(request: HttpRequest, signed: str, name: str) -> HttpResponseBase:
    """The file at this address; a part of it where a player asks for one. 404 for anything else."""
    upload = file_addresses.upload_at(signed=signed, name=name)
    if upload is None:
        raise Http404(_("This file does not exist."))
    etag = f'"{upload.pk}-{upload.size}"'
    answer = get_conditional_response(request, etag=etag) or _part(request, upload, etag)
    answer["ETag"] = etag
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=600"
    answer["Content-Security-Policy"] = POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-Robots-Tag"] = "noindex"
    # The address is the right to read, so any page that knows it may: the pupils' classroom is one.
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def wanted_part(words: str, size: int) -> tuple[int, int] | None:
    """The bytes that a `Range` asks for, both ends included; None for all (also of several parts at once).

    Raises `Unsatisfiable`. Pure.
    """
    found = _RANGE.fullmatch(words.strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    else:
        start, end = max(0, size - int(last)), size - 1
    if start >= size or end < start:
        raise Unsatisfiable
    return start, end


def _part(request: HttpRequest, upload: Upload, etag: str) -> HttpResponseBase:
    words = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        words = ""
    try:
        part = wanted_part(words, upload.size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    first, last = part or (0, upload.size - 1)
    content_type = file_kinds.CONTENT_TYPES[upload.ext]
    answer: HttpResponseBase
    if request.method == "HEAD":
        answer = HttpResponse(content_type=content_type)
    else:
        try:
            body = open_at(upload, first=first, last=last)
        except storage_errors() as error:
            raise Http404(_("This file can't be read at the moment. Try again later.")) from error
        answer = StreamingHttpResponse(Chunks(body, last - first + 1), content_type=content_type)
    if part is not None:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {first}-{last}/{upload.size}"
    answer["Content-Length"] = str(last - first + 1)
    answer["Content-Disposition"] = str(
        content_disposition_header(
            as_attachment=upload.ext not in file_kinds.SHOWN_INLINE, filename=upload.name
        )
    )
    return answer


class Chunks:
    """So many bytes of a file, a piece at a time, read beside the event loop. Closed with the answer."""

    def __init__(self, body: Readable, length: int) -> None:
        self._body = body
        self._left = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while self._left > 0:
                piece = await asyncio.to_thread(self._body.read, min(CHUNK, self._left))
                if not piece:
                    return
                self._left -= len(piece)
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        self._body.close()
