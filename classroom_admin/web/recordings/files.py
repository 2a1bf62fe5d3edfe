"""Send the files of recordings from the cloud to the browser, piece by piece.

The browser never gets the cloud's address, so access can end. It gets only bytes, and headers that are known
to be harmless.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext

from classroom_admin.agora import recording_downloads
from classroom_admin.agora.recording_downloads import FileUnavailable, OpenFile
from classroom_admin.common import clock
from classroom_admin.common.file_names import clean, shorten
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import file_numbers, file_url
from classroom_admin.sync import recording_checks

CHUNK: Final = 64 * 1024
LONGEST_S: Final = 3 * 60 * 60.0
"""How long one response may last. A player then asks for the rest with a new request."""
PLAYLIST_KEPT_S: Final = 300
POLICY: Final = (
    "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
HLS: Final = "application/vnd.apple.mpegurl"
TYPES: Final = {
    "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "m3u8": HLS, "ts": "video/mp2t",
    "m4a": "audio/mp4", "mp3": "audio/mpeg", "aac": "audio/aac",
}  # fmt: skip
UNKNOWN_TYPE: Final = "application/octet-stream"
_RANGE: Final = re.compile(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})")
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_DATE: Final = re.compile(r"[A-Za-z]{3}, [0-9A-Za-z: ]{15,25}")
_PASSED_ON: Final = {
    "Content-Length": re.compile(r"\d{1,18}"),
    "Content-Range": re.compile(r"bytes (?:\d{1,18}-\d{1,18}|\*)/(?:\d{1,18}|\*)"),
    "ETag": _TAG,
    "Last-Modified": _DATE,
}
_threads: Final = ThreadPoolExecutor(max_workers=32, thread_name_prefix="recording")
"""The threads that wait for the cloud. A slow cloud keeps only these busy, and no others."""


class Source(Protocol):
    def read(self, size: int) -> bytes: ...

    def close(self) -> None: ...


def kind_of(url: str) -> str:
    """Return the media type of a file by its name. Unknown files are offered as downloads only."""
    ext = urlsplit(url).path.rpartition(".")[2].lower()
    return TYPES.get(ext, UNKNOWN_TYPE)


def file_response(
    request: HttpRequest, recording: Recording, number: int, *, download: bool = False
) -> HttpResponseBase:
    """Return file `number` of a recording, or the part of it that the request asks for.

    Raise Http404 if the recording has no such file, and `FileUnavailable` if the cloud does not send it.
    """
    url = file_url(recording, number)
    if url is None:
        raise Http404(gettext("This file does not exist."))
    try:
        if kind_of(url) != HLS:
            return _single_file(request, recording, number, url, download=download)
        segments = segments_of(url)
        if download:
            return _joined(request, recording, number, segments)
        return _own_playlist(url)
    except FileUnavailable as error:
        if error.gone:
            recording_checks.check(settings.AGORA, recording)
        raise


def segment_response(
    request: HttpRequest, recording: Recording, number: int, segment: int
) -> HttpResponseBase:
    """Return a segment of file `number`, which is a playlist. Raise as `file_response` does."""
    url = file_url(recording, number)
    segments = segments_of(url) if url and kind_of(url) == HLS else []
    if segment >= len(segments):
        raise Http404(gettext("This file does not exist."))
    opened = recording_downloads.open_file(settings.AGORA, segments[segment], headers=_asked(request))
    return _finished(request, _response(request, opened, "video/mp2t"))


def segments_of(url: str) -> list[str]:
    """Return the addresses of the segments of a playlist. They are kept for `PLAYLIST_KEPT_S` seconds.

    Raise `FileUnavailable` if the playlist can't be read, is encrypted, or names files on another host.
    """
    key = f"playlist:{hashlib.sha256(url.encode()).hexdigest()}"
    found: list[str] | None = cache.get(key)
    if found is None:
        found = _segments(recording_downloads.read_playlist(settings.AGORA, url), url)
        cache.set(key, found, PLAYLIST_KEPT_S)
    return found


def file_title(recording: Recording, number: int, ext: str) -> str:
    """Return the name of a downloaded file: the class, the date, and the part if there are several."""
    at = recording.started_at or recording.ended_at
    numbers = file_numbers(recording)
    words = [str(recording.room)]
    if at is not None:
        words.append(f"{timezone.localtime(at):%Y-%m-%d %H.%M}")
    if len(numbers) > 1 and number in numbers:
        words.append(gettext("part %(number)s") % {"number": numbers.index(number) + 1})
    return shorten(clean(f"{' '.join(words).replace('/', '-')}.{ext}"), 200)


def _segments(playlist: str, url: str) -> list[str]:
    found = []
    for line in playlist.splitlines():
        text = line.strip()
        if text.startswith("#"):
            is_encrypted = text.startswith("#EXT-X-KEY") and "METHOD=NONE" not in text
            if is_encrypted or text.startswith(("#EXT-X-STREAM-INF", "#EXT-X-MAP", "#EXT-X-BYTERANGE")):
                raise FileUnavailable("an unsupported playlist")
        elif text:
            target = urljoin(url, text)
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                raise FileUnavailable("a segment on another host")
            found.append(target)
    return found


def _own_playlist(url: str) -> HttpResponse:
    """Return the playlist with our own addresses instead of the cloud's. They are relative to its address."""
    playlist = recording_downloads.read_playlist(settings.AGORA, url)
    _segments(playlist, url)
    lines, number = [], 0
    for line in playlist.splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            text, number = f"segments/{number}/", number + 1
        lines.append(text)
    return _finished(None, HttpResponse("\n".join([*lines, ""]), content_type=HLS))


def _single_file(
    request: HttpRequest, recording: Recording, number: int, url: str, *, download: bool
) -> HttpResponseBase:
    opened = recording_downloads.open_file(settings.AGORA, url, headers=_asked(request))
    media_type = kind_of(url)
    response = _response(request, opened, media_type)
    if opened.status == 206 or opened.headers.get("Accept-Ranges", "").lower() == "bytes":
        response["Accept-Ranges"] = "bytes"
    ext = urlsplit(url).path.rpartition(".")[2].lower()
    name = file_title(recording, number, ext if ext in TYPES else "bin")
    attached = download or media_type not in TYPES.values()
    response["Content-Disposition"] = str(content_disposition_header(attached, name))
    return _finished(request, response)


def _joined(request: HttpRequest, recording: Recording, number: int, segments: list[str]) -> HttpResponseBase:
    """Return all segments of a playlist as one file. MPEG transport streams can be joined."""
    source = _Segments(segments)
    source.open_next()  # an error now becomes a page
    response: HttpResponseBase
    if request.method == "HEAD":
        source.close()
        response = HttpResponse(content_type="video/mp2t")
    else:
        response = StreamingHttpResponse(Pieces(source), content_type="video/mp2t")
    name = file_title(recording, number, "ts")
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    return _finished(request, response)


def _asked(request: HttpRequest) -> dict[str, str]:
    """Return the headers that ask for a part of the file, if they are well formed."""
    wanted = request.headers.get("Range", "")
    if not _RANGE.fullmatch(wanted):
        return {}
    condition = request.headers.get("If-Range", "")
    if condition and not (_TAG.fullmatch(condition) or _DATE.fullmatch(condition)):
        return {}  # the browser has another version of the file, so send all of it
    return {"Range": wanted, "If-Range": condition}


def _response(request: HttpRequest, opened: OpenFile, media_type: str) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD" or opened.status == 416:
        opened.close()
        response = HttpResponse(content_type=media_type, status=opened.status)
    else:
        response = StreamingHttpResponse(Pieces(opened), content_type=media_type, status=opened.status)
    for name, pattern in _PASSED_ON.items():
        value = opened.headers.get(name, "")
        if pattern.fullmatch(value) and not (opened.status == 416 and name == "Content-Length"):
            response[name] = value
    return response


def _finished(request: HttpRequest | None, response: HttpResponseBase) -> HttpResponseBase:
    """Return the response with the headers that all files have."""
    if request is not None:
        # Compression would remove the length, and a video does not become smaller.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


class _Segments:
    """The segments of a playlist as one file. Only one segment is open at a time."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = iter(urls)
        self._opened: OpenFile | None = None

    def open_next(self) -> bool:
        url = next(self._urls, None)
        if url is None:
            return False
        self._opened = recording_downloads.open_file(settings.AGORA, url)
        return True

    def read(self, size: int) -> bytes:
        while self._opened is not None:
            if data := self._opened.read(size):
                return data
            self.close()
            if not self.open_next():
                break
        return b""

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class Pieces:
    """An iterator over the bytes of a source.

    It reads in a thread, and only as fast as the browser takes the bytes.
    If the cloud breaks off, the response ends early, so that the browser asks for the rest.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        ends_at = clock.monotonic() + LONGEST_S
        try:
            while clock.monotonic() < ends_at:
                chunk = await loop.run_in_executor(_threads, self._source.read, CHUNK)
                if not chunk:
                    return
                yield chunk
        except FileUnavailable:
            return
        finally:
            self.close()

    def close(self) -> None:
        self._source.close()
