"""Find the second of a recording that shows a moment of a class, for links such as "Play from here"."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.rooms.recording_links import Availability, availability
from classroom_admin.rooms.recording_offsets import Recorded, find


@dataclass(frozen=True, slots=True)
class PlayFrom:
    """A link to a recording: its primary key and the second."""

    recording: int
    second: int


class RecordingMoments:
    """The ready recordings of some classes. At most three queries read them, however many there are."""

    def __init__(self, rooms: Collection[Room]) -> None:
        now = clock.cloud_now()
        uuids = {room.pk: room.room_uuid for room in rooms}
        stored = Recording.objects.filter(room__in=uuids, ended_at__isnull=False, started_at__isnull=False)
        ready = [one for one in stored if availability(one, now) == Availability.READY]
        commands = _commands({uuids[one.room_id] for one in ready if not one.pauses})
        self._by_room: dict[int, list[Recorded]] = {}
        for one in ready:
            found = recorded(one, commands.get(uuids[one.room_id], []))
            self._by_room.setdefault(one.room_id, []).append(found)

    def play_from(self, room_id: int, at: datetime | None) -> PlayFrom | None:
        """Return the recording of the class that shows `at`, or None if there is none."""
        found = find(self._by_room.get(room_id, ()), at) if at is not None else None
        return PlayFrom(*found) if found else None


def recorded(recording: Recording, commands: Iterable[Entry]) -> Recorded:
    """Return the times of an ended recording. `commands` are those about the recordings of its room."""
    assert recording.started_at is not None
    own = recording_state.accepted_for(recording, commands)
    return Recorded(
        key=recording.pk,
        start=recording.started_at,
        end=recording.ended_at or recording.started_at,
        pauses=tuple(recording_state.pauses_of(recording, own)),
    )


def _commands(room_uuids: Collection[str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    if room_uuids:
        entries = Entry.objects.filter(room_uuid__in=room_uuids, action__in=recording_state.KINDS)
        for entry in entries.order_by("id").prefetch_related("steps"):
            found.setdefault(entry.room_uuid, []).append(entry)
    return found
