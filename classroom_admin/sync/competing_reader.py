"""Detect another client that reads the stream of all rooms. The stream hands out each event once, so we miss
the events that a competing reader gets.

An event counts as missed, rather than lost with an answer of our own, when

- the repeatable endpoint has it, and the number before it was stored here *after* the last answer that we
  suspected lost (`Lease.suspect_answer`), and
- twenty seconds later no answer of the stream has brought it, although the stream was read to its end since,
  and no answer was suspected lost in between, and
- the stream does bring events of its type (a cloud may leave a type out), or no events at all.

Three such events within ten minutes, seconds apart, are reported. A cloud that leaves events out of the
stream at random would look the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from classroom_admin.agora.answers import read_events_answer
from classroom_admin.agora.errors import CloudError
from classroom_admin.common import clock
from classroom_admin.events import Stream
from classroom_admin.rooms.models import Room
from classroom_admin.sync import sorting
from classroom_admin.sync.models import InboxAnswer, Lease, MissedEvent, StoredEvent

log = logging.getLogger(__name__)

JUDGED_AFTER = timedelta(seconds=20)
"""Longer than the lease takes to pass on from a process that died with an answer."""
DRAINED_SINCE = timedelta(seconds=10)
REPORTED_FOR = timedelta(minutes=10)
EVENTS_TO_REPORT = 3
MOMENTS_APART_MS = 4_000
"""One answer that was lost unnoticed has about a second of events."""
OF_EACH_END = 3
"""Events noted at each end of a run of missing numbers: they show how long it lasted."""
WAITING_AT_MOST = 500
ANSWERS_AT_MOST = 300
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetingReader:
    """Events missed in the last minutes: how many, of how many rooms, first (`since`) and last (`latest`)."""

    events: int
    rooms: int
    since: datetime
    latest: datetime

    @property
    def words(self) -> str:
        """Return what happened, what it means and what to do, for the log."""
        return (
            f"Another program seems to read the events of this App ID: {self.events} events of "
            f"{self.rooms} {'class' if self.rooms == 1 else 'classes'} did not come to us, though every "
            "answer arrived whole. They were fetched one class at a time, which is slower; a class nobody "
            "has heard of here may stay unseen. Stop the other reader (a second installation, a test system, "
            "another dashboard with the same App ID) or give it an App ID of its own."
        )


def suspect_loss() -> None:
    """Note that an answer may be lost: what is stored until now is no evidence any more."""
    newest = InboxAnswer.objects.aggregate(newest=Max("id"))["newest"] or 0
    Lease.objects.filter(app_id=settings.AGORA.app_id).update(suspect_answer=newest)


def note(*, room_uuid: str, answer_id: int, sequences: Sequence[int]) -> None:
    """Note new events that an answer of the repeatable endpoint brought, to be judged later."""
    if MissedEvent.objects.filter(confirmed_at=None).count() >= WAITING_AT_MOST:
        return
    room = Room.objects.get(room_uuid=room_uuid)
    of_room = StoredEvent.objects.filter(room=room, stream=Stream.ROOM)
    rows = of_room.filter(sequence__in=sequences[:100], answer_id=answer_id).order_by("sequence")
    runs: list[list[StoredEvent]] = []
    for event in rows.only("sequence", "cmd", "ts_ms"):
        if runs and runs[-1][-1].sequence == (event.sequence or 0) - 1:
            runs[-1].append(event)
        else:
            runs.append([event])
    starts = [(run[0].sequence or 0) - 1 for run in runs]
    before = of_room.filter(sequence__in=starts, answer_id__isnull=False)
    known = {
        number: answer
        for number, answer in before.values_list("sequence", "answer_id")
        if number is not None and answer is not None
    }
    now = clock.now()
    MissedEvent.objects.bulk_create(
        [
            MissedEvent(
                room=room,
                sequence=event.sequence or 0,
                cmd=event.cmd,
                ts_ms=event.ts_ms,
                known_answer=known[start],
                missed_at=now,
            )
            for start, run in zip(starts, runs, strict=True)
            if start in known
            for event in (run if len(run) <= 2 * OF_EACH_END else run[:OF_EACH_END] + run[-OF_EACH_END:])
        ],
        ignore_conflicts=True,
    )


def judge() -> int:
    """Confirm or drop events noted long enough ago; return how many were confirmed."""
    now = clock.now()
    due = list(
        MissedEvent.objects.filter(confirmed_at=None, missed_at__lte=now - JUDGED_AFTER)
        .select_related("room")
        .order_by("id")[:WAITING_AT_MOST]
    )
    if not due:
        return 0
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id).first()
    if lease is None or lease.drained_at is None:
        return 0
    drained_at = lease.drained_at
    ripe = [each for each in due if drained_at >= each.missed_at + DRAINED_SINCE]
    candidates = [each for each in ripe if each.known_answer > lease.suspect_answer]
    missed: list[MissedEvent] = []
    if candidates:
        polled = _polled(after=min(each.known_answer for each in candidates))
        missed = [each for each in candidates if _was_missed(each, polled)]
    confirmed = {each.pk for each in missed}
    MissedEvent.objects.filter(pk__in=[each.pk for each in ripe if each.pk not in confirmed]).delete()
    MissedEvent.objects.filter(pk__in=confirmed).update(confirmed_at=now)
    return len(missed)


def find() -> CompetingReader | None:
    """Return the evidence of a competing reader, where it is enough."""
    lately = MissedEvent.objects.filter(confirmed_at__gt=clock.now() - REPORTED_FOR)
    rows = list(lately.order_by("missed_at", "id"))
    moments = [each.ts_ms if each.ts_ms is not None else _ms(each.missed_at) for each in rows]
    if len(rows) < EVENTS_TO_REPORT or max(moments) - min(moments) < MOMENTS_APART_MS:
        return None
    rooms = len({each.room_id for each in rows})
    return CompetingReader(events=len(rows), rooms=rooms, since=rows[0].missed_at, latest=rows[-1].missed_at)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def prune() -> int:
    """Delete old evidence; return how many rows."""
    pruned, _by_model = MissedEvent.objects.filter(missed_at__lt=clock.now() - KEPT_FOR).delete()
    return pruned


@dataclass(frozen=True, slots=True)
class Polled:
    """Numbers (with their room) and types of events that the stream of all rooms brought."""

    numbers: set[tuple[str, int]]
    kinds: set[int | None]


def _was_missed(each: MissedEvent, polled: Polled) -> bool:
    of_a_kind_that_is_polled = each.cmd in polled.kinds or not polled.kinds
    return (each.room.room_uuid, each.sequence) not in polled.numbers and of_a_kind_that_is_polled


def _polled(*, after: int) -> Polled:
    """Read again the answers of the stream after an answer; they are kept for a day."""
    answers = InboxAnswer.objects.filter(source=InboxAnswer.Source.POLL, id__gt=after).order_by("-id")
    return _contents(bytes(body) for body in answers.values_list("body", flat=True)[:ANSWERS_AT_MOST])


def _contents(bodies: Iterable[bytes]) -> Polled:
    numbers: set[tuple[str, int]] = set()
    kinds: set[int | None] = set()
    for body in bodies:
        try:
            content = read_events_answer(body)
        except CloudError:
            continue
        for (room_uuid, stream), items in sorting.sort(
            content, stream=Stream.ROOM, room_uuid=""
        ).places.items():
            if stream == Stream.ROOM:
                numbers |= {(room_uuid, number) for number in items if isinstance(number, int)}
                kinds |= {item.cmd for item in items.values()}
    return Polled(numbers, kinds)
