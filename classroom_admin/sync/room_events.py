"""Request the events of one room from the repeatable endpoints, and store them page by page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument, RateLimited, RoomNotFound
from classroom_admin.agora.event_calls import PollWidgetEvents, QuizEvents, RoomEvents
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import (
    competing_reader,
    gaps,
    health,
    inbox,
    notification_presence,
    projector,
    recording_files,
)
from classroom_admin.sync.models import InboxAnswer, Stream

log = logging.getLogger(__name__)

SOURCE_OF: dict[str, InboxAnswer.Source] = {
    Stream.ROOM: InboxAnswer.Source.ROOM,
    Stream.QUIZ: InboxAnswer.Source.QUIZ,
    Stream.POLL: InboxAnswer.Source.POLL_WIDGET,
}


@dataclass(slots=True)
class Fetched:
    """The result of one or more requests for events.

    `gone` contains the ids of rooms that the cloud no longer has. `covered_to` is the highest sequence number
    in the responses, or 0. `rooms` contains the ids of rooms with new events to project. `problems` contains
    the failures. `ends` is True if requests for other rooms would fail, too.
    """

    requests: int = 0
    stored: int = 0
    quarantined: int = 0
    covered_to: int = 0
    gone: set[int] = field(default_factory=set)
    rooms: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    ends: bool = False

    def add(self, other: Fetched) -> None:
        self.requests += other.requests
        self.stored += other.stored
        self.quarantined += other.quarantined
        self.gone |= other.gone
        self.rooms |= other.rooms
        self.problems += other.problems

    def add_read(self, found: inbox.Found) -> None:
        """Add the result of reading a response."""
        self.stored += found.stored
        self.quarantined += found.quarantined
        self.rooms |= found.rooms
        if found.problem:
            self.problems.append(found.problem)


def fetch(client: Client, *, room_uuid: str, stream: str, first: int, last: int | None = None) -> Fetched:
    """Request a room's events from sequence number `first` to `last`, and store the new ones.

    If `last` is None, request all events from `first` on. Raise the client's errors, for example RoomNotFound
    if the room was destroyed, or InvalidArgument if its id can't be sent. Events from earlier pages stay
    stored.
    """
    result = Fetched()
    next_id: str | int | None = first
    seen: set[str] = set()
    # Stop if the cloud names the same page twice. Otherwise the requests would never end.
    while next_id is not None and str(next_id) not in seen:
        seen.add(str(next_id))
        raw = _send(client, room_uuid=room_uuid, stream=stream, next_id=next_id)
        result.requests += 1
        if inbox.is_empty(raw.body):
            break
        answer = inbox.keep(raw, source=SOURCE_OF[stream], room_uuid=room_uuid)
        found = inbox.read(answer.pk)
        # Only the first page is evidence of missed events, because later pages follow newly stored events.
        if found.stored and stream == Stream.ROOM and result.requests == 1:
            competing_reader.note(room_uuid=room_uuid, answer_id=answer.pk, sequences=found.sequences)
        result.add_read(found)
        if found.problem:
            break
        result.covered_to = max([result.covered_to, *found.sequences[-1:]])
        if last is not None and result.covered_to >= last:
            break
        next_id = found.next_id if found.items else None
    return result


def _send(client: Client, *, room_uuid: str, stream: str, next_id: str | int) -> RawAnswer:
    if stream == Stream.QUIZ:
        return client.send(QuizEvents(room_uuid=room_uuid, next_id=next_id))
    if stream == Stream.POLL:
        return client.send(PollWidgetEvents(room_uuid=room_uuid, next_id=next_id))
    return client.send(RoomEvents(room_uuid=room_uuid, next_id=next_id))


@contextmanager
def outcome_in(
    result: Fetched, room_id: int, *, invalid: Callable[[], object], failed: Callable[[CloudError], object]
) -> Iterator[None]:
    """Handle the cloud's errors in this block, and record them in `result`.

    If the room was destroyed, mark it as gone. If its id can't be sent, call `invalid`. After any other
    error, call `failed`.
    """
    try:
        yield
    except RoomNotFound:
        mark_gone(room_id)
        result.gone.add(room_id)
    except InvalidArgument as error:
        log.warning("a room can't be asked for: %s", error)
        invalid()
    except CloudError as error:
        failed(error)
        result.problems.append(health.problem_of(error))
        result.ends = isinstance(error, RateLimited) or error.http_status is None


def mark_gone(room_id: int, *, existed: bool = True) -> None:
    """Project the stored events of a room, then mark the room as gone and its missing events as lost.

    Finally, find out from notifications who was present. If `existed` is False, the cloud never had the room,
    so no events are missing at its end.
    """
    projector.project_room(room_id, past_gaps=True)
    with transaction.atomic():
        gaps.lock(room_id)
        room = Room.objects.select_for_update().get(pk=room_id)
        if room.gone_at is None:
            # The cloud destroys a room an hour after it closes. If we never saw it close, its end is missing.
            end_lost = existed and room.state in (RoomState.STARTED, RoomState.ENDED)
            gaps.give_up(room, end_lost=end_lost)
            recording_files.stop_waiting(Room.objects.get(pk=room_id))
    notification_presence.fill(room_id)
