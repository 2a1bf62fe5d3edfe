"""The timeline of a person in all classes that the viewer may see: events and commands, newest first.

The sentences come from `events`. A page reads the events of a limited number of classes (`MOST_ROOMS`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from django.db.models import BigIntegerField, F, Func, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from classroom_admin.audit.models import Entry
from classroom_admin.audit.selectors import ABOUT_PARTICIPANTS
from classroom_admin.common import clock
from classroom_admin.rooms import agora_chat, people
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.people import Scope
from classroom_admin.rooms.recording_moments import PlayFrom, RecordingMoments
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.events import (
    EVENT_KINDS,
    SCANNED,
    concerns,
    kind_condition,
    names_any_of,
    rows_of_rooms,
)
from classroom_admin.web.students.time_range import TimeRange
from classroom_admin.web.wording import CommandStatus, command_statuses

PAGE: Final = 50
MOST_ROOMS: Final = 40
COMMANDS: Final = "commands"
_DONE: Final = ("people", "chat", "hands", "stage", "rewards", "quiz", "poll", "mute")
"""The kinds of events that are shown without a filter: what the person did, and what others did to them."""
_ON_DEMAND: Final = ("questions", "camera", "custom", "person")
KINDS: Final = (
    *((name, label) for name, label in EVENT_KINDS if name in _DONE),
    (COMMANDS, _("Commands")),
    *((name, label) for name, label in EVENT_KINDS if name in _ON_DEMAND),
)


class _Milliseconds(Func):
    """The milliseconds since 1970 UTC of a time column."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400000) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000 AS BIGINT)"
        return self.as_sql(compiler, connection, template=template, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened in a class. Either `command` or `event` is set."""

    at_ms: int
    room: Room
    icon: str = ""
    words: str = ""
    event: int | None = None
    command: CommandStatus | None = None
    play: PlayFrom | None = None

    @property
    def at(self) -> datetime:
        return clock.from_ms(self.at_ms)


@dataclass(frozen=True, slots=True)
class ClassMoments:
    """Moments in one class, with no moment in another class between them."""

    room: Room
    moments: list[Moment]


class Timeline:
    """A page of what people did in the classes of `scope`. `user_uuids` are their ids.

    The page has moments before `before`, in milliseconds since 1970. `older` is `before` for the next page,
    or None. The number of queries does not depend on the number of classes and moments.
    """

    def __init__(
        self,
        scope: Scope,
        user_uuids: Collection[str],
        *,
        within: TimeRange,
        kind: str = "",
        before: int | None = None,
    ) -> None:
        end_ms = _ms(within.until) if before is None else min(before, _ms(within.until))
        start_ms = _ms(within.since) if within.since else 0
        until = clock.from_ms(end_ms)
        found_rooms, skipped_at = people.rooms_between(
            scope, user_uuids, since=within.since, until=until, most=MOST_ROOMS
        )
        rooms = {room.pk: room for room in found_rooms}
        # The classes that this page does not read have no event after this time.
        if skipped_at is not None:
            start_ms = max(start_ms, _ms(skipped_at) + 1)
        span = (start_ms, end_ms)
        found = _events(rooms, user_uuids, span, kind) + _commands(rooms, user_uuids, span, kind)
        found.sort(key=lambda one: (one.at_ms, one.event or 0), reverse=True)
        shown, self.older = _cut(found)
        recordings = RecordingMoments({one.room for one in shown})
        self.moments = [replace(one, play=recordings.play_from(one.room.pk, one.at)) for one in shown]
        if self.older is None and skipped_at is not None:
            self.older = start_ms

    @property
    def classes(self) -> list[ClassMoments]:
        """The moments, the newest first. Successive moments in one class are a group."""
        grouped = groupby(self.moments, key=attrgetter("room"))
        return [ClassMoments(room, list(moments)) for room, moments in grouped]


def _cut(found: list[Moment]) -> tuple[list[Moment], int | None]:
    """Return the moments of the page, and `before` for the next page. It does not split a millisecond."""
    if len(found) <= PAGE:
        return found, None
    next_ms = found[PAGE].at_ms
    shown = [one for one in found if one.at_ms > next_ms] or [one for one in found if one.at_ms == next_ms]
    return shown, shown[-1].at_ms


def _events(
    rooms: dict[int, Room], user_uuids: Collection[str], span: tuple[int, int], kind: str
) -> list[Moment]:
    if not rooms or kind == COMMANDS:
        return []
    ids = set(user_uuids) | agora_chat.chat_users(rooms, user_uuids)
    found = StoredEvent.objects.filter(names_any_of(sorted(ids)), room__in=rooms)
    condition = Q()
    for name in (kind,) if kind else _DONE:
        condition |= kind_condition(name)
    found = found.filter(condition).exclude(stream="peer")
    about = (row for row in _newest(found, span) if concerns(row, ids))
    rows = list(islice(about, PAGE + 1))
    shown = rows_of_rooms(rows)
    return [
        Moment(at_ms=row.at_ms, room=rooms[row.room_id], event=row.pk, icon=one["icon"], words=one["words"])
        for row, one in zip(rows, shown, strict=True)
    ]


def _newest(found: QuerySet[StoredEvent], span: tuple[int, int]) -> Iterator[Any]:
    """Return the newest events in the time range. Events without a time use the time of receipt."""
    timed = found.annotate(at_ms=Coalesce("ts_ms", _Milliseconds(F("received_at"))))
    timed = timed.filter(at_ms__gte=span[0], at_ms__lt=span[1])
    return timed.order_by("-at_ms", "-pk").iterator(chunk_size=SCANNED)


def _commands(
    rooms: dict[int, Room], user_uuids: Collection[str], span: tuple[int, int], kind: str
) -> list[Moment]:
    if not rooms or kind not in ("", COMMANDS):
        return []
    by_uuid = {room.room_uuid: room for room in rooms.values()}
    since, until = (clock.as_our_time(clock.from_ms(ms)) for ms in span)
    found = Entry.objects.filter(
        room_uuid__in=by_uuid,
        target__in=user_uuids,
        action__in=ABOUT_PARTICIPANTS,
        at__gte=since,
        at__lt=until,
    )
    entries = list(found.order_by("-at", "-pk").prefetch_related("steps")[: PAGE + 1])
    room_of = {entry.pk: by_uuid[entry.room_uuid] for entry in entries}
    return [
        Moment(at_ms=_ms(clock.as_cloud_time(one.at)), room=room_of[one.entry_id], command=one)
        for one in command_statuses(entries)
    ]


def _ms(when: datetime) -> int:
    return int(when.astimezone(UTC).timestamp() * 1000)
