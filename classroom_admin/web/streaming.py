"""Send long answers piece by piece, under ASGI and in tests, without keeping them in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

FILE_CHUNK: Final = 256 * 1024


def streamed(
    request: HttpRequest,
    pieces: Iterable[bytes],
    *,
    content_type: str,
    file_name: str,
    close: Callable[[], object] | None = None,
) -> StreamingHttpResponse:
    """Return a download. `close` is called when the answer ends, even if the receiver goes away.

    Django reads an ordinary iterator to its end before it sends the first byte under ASGI, so the pieces are
    read one by one in the thread of the request.
    """
    all_pieces = _closing(pieces, close)
    content: Any = _in_thread(all_pieces) if isinstance(request, ASGIRequest) else all_pieces
    answer = StreamingHttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=file_name))
    answer["X-Content-Type-Options"] = "nosniff"
    # Under ASGI, Django would compress each piece as a file of its own, and browsers keep only the first one.
    answer["Content-Encoding"] = "identity"
    return answer


def file_pieces(file: Any) -> Iterator[bytes]:
    """Read an open file piece by piece."""
    while piece := file.read(FILE_CHUNK):
        yield piece


def _closing(pieces: Iterable[bytes], close: Callable[[], object] | None) -> Iterator[bytes]:
    try:
        yield from pieces
    finally:
        if close is not None:
            close()


def _next(pieces: Iterator[bytes]) -> bytes:
    """Return the next piece that is not empty, or b"" at the end."""
    return next(filter(None, pieces), b"")


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await sync_to_async(_next)(pieces):
            yield piece
    finally:
        pieces.close()  # type: ignore[attr-defined]
