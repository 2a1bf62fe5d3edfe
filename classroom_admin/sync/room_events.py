"""Request the events of one room from the repeatable endpoints, and store them page by page."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, RateLimited
from classroom_admin.agora.event_calls import PollWidgetEvents, QuizEvents, RoomEvents
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import competing_reader, gaps, inbox, projector, recording_files
from classroom_admin.sync.models import InboxAnswer, Stream

SOURCE_OF: dict[str, InboxAnswer.Source] = {
    Stream.ROOM: InboxAnswer.Source.ROOM,
    Stream.QUIZ: InboxAnswer.Source.QUIZ,
    Stream.POLL: InboxAnswer.Source.POLL_WIDGET,
}


@dataclass(slots=True)
class Fetched:
    """The result of requests to the repeatable endpoints.

    `gone`: how many rooms the cloud no longer has. `covered_to`: the highest number in the answers; 0 if they
    had no events. `rooms`: ids of rooms with new events to project. `problems`: the failures; a destroyed
    room does not count as a failure.
    """

    requests: int = 0
    stored: int = 0
    gone: int = 0
    covered_to: int = 0
    rooms: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, other: Fetched) -> None:
        """Add the result of requests for one room, except `gone` and `covered_to`."""
        self.requests += other.requests
        self.stored += other.stored
        self.rooms |= other.rooms
        self.problems += other.problems


def fetch(client: Client, *, room_uuid: str, stream: str, first: int, last: int | None = None) -> Fetched:
    """Request a room's events from number `first` to `last` or the end, and store the new ones.

    Commit each page before it is read. Raise the client's errors: for example RoomNotFound if the room was
    destroyed, or InvalidArgument if the room's id can't be sent. Pages before an error stay stored.
    """
    result = Fetched()
    next_id: str | int | None = first
    seen: set[str] = set()
    # Stop if the cloud names the same page twice, else the requests would never end.
    while next_id is not None and str(next_id) not in seen:
        seen.add(str(next_id))
        raw = _send(client, room_uuid=room_uuid, stream=stream, next_id=next_id)
        result.requests += 1
        if inbox.is_empty(raw.body):
            break
        answer = inbox.keep(raw, source=SOURCE_OF[stream], room_uuid=room_uuid)
        found = inbox.read(answer.pk)
        # Only the first page is evidence: later pages follow events that were stored just now.
        if found.stored and stream == Stream.ROOM and result.requests == 1:
            competing_reader.note(room_uuid=room_uuid, answer_id=answer.pk, sequences=found.sequences)
        result.stored += found.stored
        result.rooms |= found.rooms
        if found.problem:
            result.problems.append(found.problem)
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


def ends_the_run(error: CloudError) -> bool:
    """Return whether requests for other rooms would fail too: the rate limit is reached or no answer came."""
    return isinstance(error, RateLimited) or error.http_status is None


def mark_gone(room_id: int, *, existed: bool = True) -> None:
    """Project the stored events of a room that the cloud no longer has, and mark its missing events as lost.

    Pass `existed` False if the cloud can't have had a room with this id, so that no end counts as lost.
    """
    projector.project_room(room_id, past_gaps=True)
    with transaction.atomic():
        gaps.lock(room_id)
        room = Room.objects.select_for_update().get(pk=room_id)
        if room.gone_at is None:
            # The cloud destroys a room an hour after it closed. If last seen running, its end is missing.
            end_lost = existed and room.state in (RoomState.STARTED, RoomState.ENDED)
            gaps.give_up(room, end_lost=end_lost)
            recording_files.stop_waiting(Room.objects.get(pk=room_id))
