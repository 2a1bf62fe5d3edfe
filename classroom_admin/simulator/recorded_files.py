"""Serve the files of recordings: MP4 files, and playlists with their segments.

Like a storage service, these addresses need no token, and they understand requests for a range of bytes.
A control call deletes files (``record`` with ``deleted``).
"""

import math
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.video import mp4, transport_stream
from classroom_admin.simulator.world.model import Recording
from classroom_admin.simulator.world.recordings import FILE_MS, recorded_ms

_PART: Final = re.compile(r"class_(\d{1,4})\.mp4")
_SEGMENT: Final = re.compile(r"class_(\d{1,5})\.ts")
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class RecordedFiles:
    """The files at ``/recorded/{record}/{name}``."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request) -> Response:
        recording = self._recording(request.path_params["record"])
        if recording is None or recording.end_ms is None or recording.files_deleted:
            return PlainTextResponse("There is no such file.", 404)
        found = _content(recording, request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.", 404)
        content, media_type = found
        etag = f'"{recording.record_id[:12]}-{len(content)}"'
        headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "max-age=3600"}
        asked = request.headers.get("range", "")
        if request.headers.get("if-range", etag) != etag:
            asked = ""
        return _part(content, asked, media_type, headers)

    def _recording(self, record_id: str) -> Recording | None:
        for room in [*self.cloud.world.rooms.values(), *self.cloud.world.past]:
            for recording in room.recordings:
                if recording.record_id == record_id:
                    return recording
        return None


def _content(recording: Recording, name: str) -> tuple[bytes, str] | None:
    """Return the bytes of a file and their media type, or None if the recording has no such file."""
    seconds = max(1, recorded_ms(recording) // 1000)
    if recording.mode == "web":
        part = _PART.fullmatch(name)
        number = int(part[1]) if part else -1
        file_s = FILE_MS // 1000
        if not 0 <= number < math.ceil(seconds / file_s):
            return None
        first = number * file_s
        return mp4.mp4_file(first, min(file_s, seconds - first)), "video/mp4"
    if name == "class.m3u8":
        playlist = transport_stream.playlist(seconds, name="class")
        return playlist.encode(), "application/vnd.apple.mpegurl"
    segment = _SEGMENT.fullmatch(name)
    number = int(segment[1]) if segment else -1
    if not 0 <= number < math.ceil(seconds / transport_stream.SEGMENT_S):
        return None
    return transport_stream.segment(number, seconds), "video/mp2t"


def _part(content: bytes, asked: str, media_type: str, headers: dict[str, str]) -> Response:
    found = _RANGE.fullmatch(asked)
    if found is None or not (found[1] or found[2]):
        return Response(content, 200, headers=headers, media_type=media_type)
    size = len(content)
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    else:
        first, last = max(0, size - int(found[2])), size - 1
    if first >= size or last < first:
        return Response(b"", 416, headers={"Content-Range": f"bytes */{size}"})
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(content[first : last + 1], 206, headers=headers, media_type=media_type)
