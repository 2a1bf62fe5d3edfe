"""Decide what happened in a class. All functions are pure, and their times are cloud times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from classroom_admin.common.clock import iso, to_ms
from classroom_admin.events import RoomRow, Rows
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import Recording, Room, RoomState

Kind = Notice.Kind
LATEST: Final = timedelta(days=3)
"""Older occurrences get no notice. So old classes get none if the dashboard reads them for the first time,
projects them again or was restored, but classes during an outage of a weekend do."""
_OVER: Final = (RoomState.ENDED, RoomState.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened in a class. `name` identifies it among those of this kind in the class.

    `concerns` is the time in the class that it is about, if `at` is later.
    """

    kind: Notice.Kind
    name: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    concerns: datetime | None = None

    def number(self, room_uuid: str) -> str:
        """Return the id of the notice for the outside, which is the same for the same occurrence."""
        text = f"{room_uuid}\n{self.kind.value}\n{self.name}"
        return f"msg_{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def is_recent(self, now: datetime) -> bool:
        return (self.concerns or self.at) > now - LATEST


def of_states(before: RoomRow, after: RoomRow) -> Iterator[Occurrence]:
    """Yield the starts and ends of a class between two states of its row.

    Only a change of the state counts, because the cloud may correct the times of a state later. If a class
    ended and started again in between, its end is unknown. A class that ended counts only when its start is
    known, too, because the event about the start may arrive later.
    """
    was_live = before.state == RoomState.STARTED
    was_over = before.state in _OVER and before.started_at is not None
    again = _started_again(before, after)
    if after.state in _OVER and after.started_at is not None:
        if not was_live and (not was_over or again):
            yield _started(before, after, again=again)
        if not was_over or again:
            yield ended(after)
    elif after.state == RoomState.STARTED:
        if was_live and again:
            yield ended(after)
        if not was_live or again:
            yield _started(before, after, again=again)


def _started_again(before: RoomRow, after: RoomRow) -> bool:
    """Return whether a class that had started before has started again since."""
    had_started = before.state == RoomState.STARTED or before.state in _OVER
    if not had_started or before.state_at is None or after.started_at is None:
        return False
    return before.state_at != after.state_at and after.started_at > before.state_at


def _started(before: RoomRow, after: RoomRow, *, again: bool) -> Occurrence:
    """Return the start. Its name contains no time of its own, because the cloud may correct it."""
    at = after.started_at or after.state_at
    assert at is not None
    is_first = before.state_at is None or not (again or before.state in _OVER)
    if not is_first and after.state == RoomState.STARTED and after.state_at is not None:
        at = max(at, after.state_at)  # a class that starts again may keep the time of its first start
    name = "first" if is_first or before.state_at is None else f"after {to_ms(before.state_at)}"
    return Occurrence(kind=Kind.CLASS_STARTED, name=name, at=at, data={"started_at": iso(at)})


def ended(room: RoomRow | Room, *, gone_at: datetime | None = None) -> Occurrence:
    """Return the end of a class. `gone_at` is when the cloud lost it, if nothing else says that it ended."""
    end = room.ended_at or room.closed_at
    at = end or gone_at or room.state_at
    assert at is not None
    data = {"started_at": iso(room.started_at), "ended_at": iso(end)}
    return Occurrence(kind=Kind.CLASS_ENDED, name="gone" if gone_at else str(to_ms(at)), at=at, data=data)


@dataclass(frozen=True, slots=True)
class Removal:
    """A person who was removed from a class by the event with this `sequence`."""

    user_uuid: str
    sequence: int
    at: datetime


def removals(rows: Rows) -> list[Removal]:
    """Return the removals in the changed rows. Some of them may have a notice already."""
    found: dict[tuple[str, int], Removal] = {}
    for key in rows.dirty:
        row: Any = rows.get(key) if key[0] in ("presence", "participant") else None
        if row is None:
            continue
        if key[0] == "presence":
            sequence, at = (row.left_sequence, row.left_at) if row.kicked else (None, None)
        else:
            sequence, at = row.kicked_sequence, row.kicked_at
        if sequence is not None and at is not None:
            found.setdefault((row.user_uuid, sequence), Removal(row.user_uuid, sequence, at))
    return sorted(found.values(), key=lambda one: (one.sequence, one.user_uuid))


def removed(one: Removal, participant: int | None) -> Occurrence:
    """Return the occurrence of a removal. `participant` is the primary key of the person in the class."""
    return Occurrence(
        kind=Kind.PARTICIPANT_REMOVED,
        name=f"{one.sequence} {one.user_uuid}",
        at=one.at,
        data={"participant": participant},
    )


def recorded(recording: Recording, now: datetime) -> Occurrence:
    """Return the occurrence of a recording whose files are ready. `now` is a cloud time."""
    return Occurrence(
        kind=Kind.RECORDING_READY,
        name=recording.record_id,
        at=now,
        concerns=recording.ended_at,
        data={
            "recording": recording.pk,
            "started_at": iso(recording.started_at),
            "ended_at": iso(recording.ended_at),
        },
    )
