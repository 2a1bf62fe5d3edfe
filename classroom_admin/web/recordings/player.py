"""What the pages show of a recording: its files, the one that plays, and the second at which it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from classroom_admin.common.numbers import is_number
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import file_numbers, file_url
from classroom_admin.rooms.recording_moments import recorded
from classroom_admin.rooms.recording_offsets import place, seconds_of
from classroom_admin.web.recordings.files import HLS, file_title, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a recording. `part` counts from 1. `number` is its place in the cloud's list."""

    number: int
    part: int
    media_type: str
    address: str
    title: str

    @property
    def plays(self) -> bool:
        """Whether some browsers can play this type of file."""
        return self.media_type.startswith(("video/", "audio/")) or self.is_hls

    @property
    def is_hls(self) -> bool:
        return self.media_type == HLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The files of a recording, the file that plays, and the second of this file at which it begins."""

    files: list[File]
    file: File | None
    second: int
    length_s: int

    @property
    def source(self) -> str:
        """The address for the video element. The browser begins at the second in its fragment."""
        if self.file is None:
            return ""
        return f"{self.file.address}#t={self.second}" if self.second else self.file.address


def player_for(request: HttpRequest, recording: Recording, address: Callable[[int], str]) -> Player:
    """Return the player of a recording. `address` returns our address of a file by its number.

    The parameter `at` is a second of the whole recording. The parameter `part` is a number of a file, from 1.
    """
    files = files_of(recording, address)
    part, second = 1, 0
    if is_number(given := request.GET.get("at", "")):
        index, second = place(int(given), len(files))
        part = index + 1
    elif is_number(given := request.GET.get("part", "")):
        part = int(given)
    chosen = next((file for file in files if file.part == part), files[0] if files else None)
    return Player(files=files, file=chosen, second=second, length_s=_length_s(recording))


def files_of(recording: Recording, address: Callable[[int], str]) -> list[File]:
    """Return the files of a recording. `address` returns our address of a file by its number."""
    return [_file(recording, number, part, address(number)) for part, number in _numbered(recording)]


def _numbered(recording: Recording) -> list[tuple[int, int]]:
    return list(enumerate(file_numbers(recording), start=1))


def _file(recording: Recording, number: int, part: int, address: str) -> File:
    url = file_url(recording, number) or ""
    media_type = kind_of(url)
    ext = "ts" if media_type == HLS else url.rpartition(".")[2].lower()[:5]
    return File(
        number=number,
        part=part,
        media_type=media_type,
        address=address,
        title=file_title(recording, number, ext),
    )


def _length_s(recording: Recording) -> int:
    """Return the length of the recording in seconds without its pauses, or 0 if it is unknown."""
    if recording.started_at is None or recording.ended_at is None:
        return 0
    commands = [] if recording.pauses else recording_state.commands_of(recording.room)
    return seconds_of(recorded(recording, commands))
