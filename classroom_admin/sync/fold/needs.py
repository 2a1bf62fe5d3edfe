"""Which stored rows must be in hand before events are folded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from classroom_admin.sync.decode import Event, Stream
from classroom_admin.sync.decode.kinds import (
    ClassState,
    Hands,
    Message,
    Movement,
    PollChange,
    QuizChange,
    RecordingChange,
    Resources,
    Rewards,
    RoomProperties,
    Stage,
    Streams,
    Unknown,
    UserProperties,
    UserState,
)
from classroom_admin.sync.fold.chat import complete
from classroom_admin.sync.fold.recording import numbered

CLOSED = 3


@dataclass(slots=True)
class Needs:
    """What to load. The room's own row is always needed; a row that isn't stored is simply not loaded.

    - `open_presences_of`: presences with `left_at` null of these people
    - `answers`: (of, question_id, user_uuid)
    - `running_*`: rows that are running
    - `on_stage`, `hands`: participants who are on stage, who raise a hand
    - `class_over`: participants who are online and all open presences (`on_stage`, `hands` and
      `running_recording` are set with it)
    """

    participants: set[str] = field(default_factory=set)
    open_presences_of: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    quizzes: set[str] = field(default_factory=set)
    polls: set[str] = field(default_factory=set)
    answers: set[tuple[str, str, str]] = field(default_factory=set)
    running_recording: bool = False
    running_quiz: bool = False
    running_poll: bool = False
    on_stage: bool = False
    hands: bool = False
    class_over: bool = False


def needs(events: Iterable[Event]) -> Needs:
    """All rows that folding these events, in any batches, may read or change."""
    found = Needs()
    for event in events:
        if event.stream is not Stream.PEER:
            _TABLE[type(event.data)](event, found)
    return found


def _nothing(event: Event, found: Needs) -> None:
    """New rows, or the room's own."""


def _class_state(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, ClassState) and data.state == CLOSED:
        found.class_over = found.on_stage = found.hands = found.running_recording = True


def _message(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, Message) and data.sender is not None and not complete(data):
        found.participants.add(data.sender.user_uuid)


def _movement(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, Movement):
        people = [one.person.user_uuid for one in data.arrivals]
        people += [one.person.user_uuid for one in data.departures]
        found.participants.update(people)
        found.open_presences_of.update(people)


def _people(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, UserState):
        found.participants.add(data.person.user_uuid)
    elif isinstance(data, UserProperties):
        found.participants.update(person.user_uuid for person, _ in data.changes)
    elif isinstance(data, Streams):
        found.participants.update(change.person.user_uuid for change in data.changes)
    elif isinstance(data, Rewards):
        found.participants.update(reward.user_uuid for reward in data.rewards)


def _process(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, Stage | Hands):
        found.participants.update(data.all or (), data.added, data.removed)
        if data.all is not None:
            found.on_stage = found.on_stage or isinstance(data, Stage)
            found.hands = found.hands or isinstance(data, Hands)


def _recording(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, RecordingChange):
        found.running_recording = True
        found.recordings.add(data.record_id or numbered(event.sequence))


def _resources(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, Resources):
        found.resources.update(resource.resource_uuid for resource in data.resources)


def _quiz(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, QuizChange):
        found.running_quiz = True
        if data.quiz_id is not None:
            found.quizzes.add(data.quiz_id)
        if data.answer is not None:
            found.answers.add(("quiz", data.answer.question_id, data.answer.person.user_uuid))


def _poll(event: Event, found: Needs) -> None:
    data = event.data
    if isinstance(data, PollChange):
        found.running_poll = True
        if data.poll_id is not None:
            found.polls.add(data.poll_id)
        if data.answer is not None:
            found.answers.add(("poll", data.answer.question_id, data.answer.person.user_uuid))


_TABLE: dict[type, Callable[[Event, Needs], None]] = {
    Unknown: _nothing,
    ClassState: _class_state,
    Message: _message,
    RoomProperties: _nothing,
    Movement: _movement,
    UserState: _people,
    UserProperties: _people,
    Streams: _people,
    RecordingChange: _recording,
    Resources: _resources,
    Rewards: _people,
    Stage: _process,
    Hands: _process,
    QuizChange: _quiz,
    PollChange: _poll,
}
