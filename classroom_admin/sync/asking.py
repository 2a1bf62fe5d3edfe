"""One room's events from the repeatable endpoints: asked for, kept, read, page by page."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction

from classroom_admin.agora.answers import RawAnswer, read_events_answer
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError
from classroom_admin.agora.event_calls import PollWidgetEvents, QuizEvents, RoomEvents
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import competing_reader, gaps, inbox, projector
from classroom_admin.sync.models import InboxAnswer, Stream

LONGEST_NOTHING = 500
SOURCE_OF: dict[str, InboxAnswer.Source] = {
    Stream.ROOM: InboxAnswer.Source.ROOM,
    Stream.QUIZ: InboxAnswer.Source.QUIZ,
    Stream.POLL: InboxAnswer.Source.POLL_WIDGET,
}


@dataclass(slots=True)
class Asked:
    """What asking brought. `covered_to`: the cloud answered up to this number (0: it had nothing).

    `rooms`: ids of rooms with something new to project. `problems`: one for each answer
    that could not be read.
    """

    requests: int = 0
    stored: int = 0
    covered_to: int = 0
    rooms: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def ask(client: Client, *, room_uuid: str, stream: str, first: int, last: int | None = None) -> Asked:
    """Ask for a room's events from number `first` on, until the end or `last`; store what is new.

    Each page is committed before it is read. Raises the client's errors (`RoomNotFound` for a destroyed room,
    `InvalidArgument` for an id that can't be asked for); what came before them is kept.
    """
    result = Asked()
    next_id: str | int | None = first
    seen: set[str] = set()
    # A cloud that names the same page twice would be asked for ever.
    while next_id is not None and str(next_id) not in seen:
        seen.add(str(next_id))
        raw = _fetch(client, room_uuid=room_uuid, stream=stream, next_id=next_id)
        result.requests += 1
        if holds_nothing(raw.body):
            break
        answer = inbox.keep(raw, source=SOURCE_OF[stream], room_uuid=room_uuid)
        found = inbox.read(answer.pk)
        # Later pages follow on what this same asking stored: nobody can have missed it before.
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


def _fetch(client: Client, *, room_uuid: str, stream: str, next_id: str | int) -> RawAnswer:
    if stream == Stream.QUIZ:
        return client.send(QuizEvents(room_uuid=room_uuid, next_id=next_id))
    if stream == Stream.POLL:
        return client.send(PollWidgetEvents(room_uuid=room_uuid, next_id=next_id))
    return client.send(RoomEvents(room_uuid=room_uuid, next_id=next_id))


def holds_nothing(body: bytes) -> bool:
    """Whether a short answer is surely empty, as most to sweeps are; then there is nothing to commit."""
    if len(body) > LONGEST_NOTHING:
        return False
    try:
        content = read_events_answer(body)
    except CloudError:
        return False
    return not content.events and not content.unreadable and content.next_id is None


def room_is_gone(room_id: int, *, ever_there: bool = True) -> None:
    """The cloud does not know the room any more: project what is here, and name what is missing as gaps.

    `ever_there` False: its id can't be asked for at all, so nothing is known of its end.
    """
    projector.project_room(room_id, past_gaps=True)
    with transaction.atomic():
        gaps.lock(room_id)
        room = Room.objects.select_for_update().get(pk=room_id)
        if room.gone_at is None:
            # A room is destroyed an hour after it closed: one that was last seen running has ended unseen.
            tail_lost = ever_there and room.state in (RoomState.STARTED, RoomState.ENDED)
            gaps.give_up(room, tail_lost=tail_lost)
