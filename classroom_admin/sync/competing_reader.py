"""Detect another client that reads the stream of all rooms.

The stream delivers each event only once, so we miss the events that such a competing reader receives. An
event may also be missing because one of our own responses was lost. An event counts as missed if

- the repeatable endpoint has the event, and we stored the preceding event *after* the last response that
  may have been lost (`Lease.suspect_answer`), and
- twenty seconds later, no response of the stream contains the event, although the stream was read to its end
  and no response may have been lost since then, and
- the stream delivers events of this type (a cloud may omit a type), or delivers no events at all.

A competing reader is reported after three missed events within ten minutes that are at least four seconds
apart. A cloud that omits events from the stream at random would have the same effect.
"""

from collections.abc import Sequence
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

JUDGED_AFTER = timedelta(seconds=20)
"""How long `judge` waits before it decides about an event. Taking over a dead process's lease is quicker."""
DRAINED_SINCE = timedelta(seconds=10)
REPORTED_FOR = timedelta(minutes=10)
EVENTS_TO_REPORT = 3
MOMENTS_APART_MS = 4_000
"""The minimum time (ms) between the first and last missed event. One response covers about a second."""
OF_EACH_END = 3
"""How many events to note at each end of a run of consecutive events. Their times show how long it lasted."""
WAITING_AT_MOST = 500
ANSWERS_AT_MOST = 300
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetingReader:
    """The evidence that another client reads our events.

    `events` is the number of events that we missed, in `rooms` rooms. `since` and `latest` are the times when
    the first and the last of them were found missing.
    """

    events: int
    rooms: int
    since: datetime
    latest: datetime

    @property
    def words(self) -> str:
        """Return a message for the log with the cause, the effect and the remedy."""
        return (
            f"Another program seems to read the events of this App ID: {self.events} events of "
            f"{self.rooms} {'class' if self.rooms == 1 else 'classes'} did not come to us, though every "
            "answer arrived whole. They were fetched one class at a time, which is slower; a class nobody "
            "has heard of here may stay unseen. Stop the other reader (a second installation, a test system, "
            "another dashboard with the same App ID) or give it an App ID of its own."
        )


def suspect_loss() -> None:
    """Stop using earlier responses as evidence, because this process may have lost a response."""
    newest = InboxAnswer.objects.aggregate(newest=Max("id"))["newest"] or 0
    Lease.objects.filter(app_id=settings.AGORA.app_id).update(suspect_answer=newest)


def note(*, room_uuid: str, answer_id: int, sequences: Sequence[int]) -> None:
    """Store events that polling may have missed, so that `judge` can check them later.

    In a long run of consecutive events, store only its beginning and its end.
    """
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
    """Decide which of the noted events a competing reader took. Return how many.

    Events that polling delivered in the meantime are deleted.
    """
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
        numbers, kinds = _polled(after=min(each.known_answer for each in candidates))
        missed = [
            each
            for each in candidates
            if (each.cmd in kinds or not kinds) and (each.room.room_uuid, each.sequence) not in numbers
        ]
    confirmed = {each.pk for each in missed}
    MissedEvent.objects.filter(pk__in=[each.pk for each in ripe if each.pk not in confirmed]).delete()
    MissedEvent.objects.filter(pk__in=confirmed).update(confirmed_at=now)
    return len(missed)


def find() -> CompetingReader | None:
    """Return the evidence of a competing reader, or None if there is not enough."""
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
    """Delete evidence older than a day. Return how many rows were deleted."""
    pruned, _by_model = MissedEvent.objects.filter(missed_at__lt=clock.now() - KEPT_FOR).delete()
    return pruned


def _polled(*, after: int) -> tuple[set[tuple[str, int]], set[int | None]]:
    """Return the events that polling delivered after the response `after`, and their types.

    An event is a tuple (room, sequence number). At most `ANSWERS_AT_MOST` responses are parsed.
    """
    answers = InboxAnswer.objects.filter(source=InboxAnswer.Source.POLL, id__gt=after).order_by("-id")
    numbers: set[tuple[str, int]] = set()
    kinds: set[int | None] = set()
    for body in answers.values_list("body", flat=True)[:ANSWERS_AT_MOST]:
        try:
            content = read_events_answer(bytes(body))
        except CloudError:
            continue
        places = sorting.sort(content, stream=Stream.ROOM, room_uuid="").places
        for (room_uuid, stream), items in places.items():
            if stream == Stream.ROOM:
                numbers |= {(room_uuid, number) for number in items if isinstance(number, int)}
                kinds |= {item.cmd for item in items.values()}
    return numbers, kinds
