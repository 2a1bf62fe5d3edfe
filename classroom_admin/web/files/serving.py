"""Serve uploaded files at signed URLs to the cloud and to students, who have no account in the dashboard.

An uploaded file may be hostile, although the upload checked its type. Therefore the browser must not guess
the type (`nosniff`), no script may run (`sandbox`), and only the types in `SHOWN_INLINE` open inline.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from classroom_admin.actions.files import addresses, kinds
from classroom_admin.actions.files.storage import Readable, open_at, storage_errors
from classroom_admin.actions.models import Upload

CHUNK: Final = 256 * 1024
POLICY: Final = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(Exception):
    """Raised if the requested range is outside of the file."""


@require_safe
def shared_file(request: HttpRequest, signed: str, name: str) -> HttpResponseBase:
    """Return the file with a signed URL, or a part of it. Raise Http404 if the URL is not valid."""
    upload = addresses.upload_at(signed=signed, name=name)
    if upload is None:
        raise Http404(_("This file does not exist."))
    etag = f'"{upload.pk}-{upload.size}"'
    response = get_conditional_response(request, etag=etag) or _content(request, upload, etag)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=600"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    # Anyone with the URL may read the file, including scripts of other origins, such as the classroom app.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def parse_range(words: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a `Range` header. Return None for the whole file.

    Return None also if the header is not valid or has several ranges. Raise `Unsatisfiable` if no byte of the
    range is in the file.
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


def _content(request: HttpRequest, upload: Upload, etag: str) -> HttpResponseBase:
    words = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        words = ""
    try:
        part = parse_range(words, upload.size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    first, last = part or (0, upload.size - 1)
    content_type = kinds.CONTENT_TYPES[upload.ext]
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type)
    else:
        try:
            body = open_at(upload, first=first, last=last)
        except storage_errors() as error:
            raise Http404(_("This file can't be read at the moment. Try again later.")) from error
        response = StreamingHttpResponse(Chunks(body, last - first + 1), content_type=content_type)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{upload.size}"
    response["Content-Length"] = str(last - first + 1)
    response["Content-Disposition"] = str(
        content_disposition_header(as_attachment=upload.ext not in kinds.SHOWN_INLINE, filename=upload.name)
    )
    return response


class Chunks:
    """An iterator over the next `length` bytes of a file.

    It reads in a thread and closes the file at the end.
    """

    def __init__(self, body: Readable, length: int) -> None:
        self._body = body
        self._left = length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while self._left > 0:
                chunk = await asyncio.to_thread(self._body.read, min(CHUNK, self._left))
                if not chunk:
                    return
                self._left -= len(chunk)
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._body.close()
