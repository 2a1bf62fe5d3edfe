"""Present a class as it was at a past time to the templates of the class page."""

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final

from django.db import models
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.functional import cached_property

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.participants import scheduled_removals
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.events import RoomRow, Rows
from classroom_admin.realtime.versions import ShownRoom
from classroom_admin.rooms import bans, breakout_rooms, chat_selectors, class_selectors
from classroom_admin.rooms.chat_selectors import PAGE
from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    Participant,
    PeerMessage,
    Poll,
    Quiz,
    Recording,
    Resource,
    Room,
    name_or_unnamed,
)
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.replay import Film
from classroom_admin.web.classroom.breakout_rooms import ShownGroup, with_people
from classroom_admin.web.classroom.chat import CHAT, CUSTOM, Message, direct_message, room_messages
from classroom_admin.web.classroom.events import EVENTS_PAGE, event_rows
from classroom_admin.web.classroom.files import add_progress
from classroom_admin.web.classroom.presenter import ClassPresenter
from classroom_admin.web.classroom.quizzes_polls import Question, question, question_id
from classroom_admin.web.classroom.roster import FIRST_PEOPLE, PART, Part, Removal, part

CANCEL: Final = "participant.call_off_removal"


def add_details(people: list[Any], *, room: Room, at: datetime, entries: Collection[Entry]) -> None:
    """Set the attributes of each person that the templates need, as they were at the cloud time `at`.

    `entries` are the audit log entries up to `at`, the oldest first.
    """
    banned = bans.bans_of(people, entries, now=at)
    removals = removals_at(room, at)
    week_ago = at - class_selectors.A_WEEK
    waiting = [person.user_uuid for person in people if person.online and person.hand_raised]
    on_stage_elsewhere = class_selectors.on_stage_elsewhere(room, waiting, since=week_ago)
    for person in people:
        person.banned_until = banned.get(person.user_uuid)
        person.is_being_removed = False
        person.waiting = ()
        person.removal = removals.get(person.user_uuid) if person.online else None
        here = person.last_on_stage_at is not None and person.last_on_stage_at >= week_ago
        person.seen_on_stage = here or person.user_uuid in on_stage_elsewhere


def removals_at(room: Room, at: datetime) -> dict[str, Removal]:
    """Return the removals that were scheduled at the cloud time `at`, by user id."""
    ours = clock.as_our_time(at)
    planned = scheduled_removals(room).filter(created_at__lte=ours, due_at__gt=ours)
    rows = list(planned.select_related("by").order_by("pk"))
    if not rows:
        return {}
    cancellations = Entry.objects.filter(room_uuid=room.room_uuid, action=CANCEL, at__lte=ours)
    cancelled = {entry.params.get("planned") for entry in cancellations}
    return {row.key: _removal(row) for row in rows if row.pk not in cancelled}


def _removal(row: ScheduledCommand) -> Removal:
    due_at = clock.as_cloud_time(row.due_at)
    name = name_or_unnamed(row.payload["name"])
    return Removal(pk=row.pk, name=name, by=str(row.by), reason=row.payload["reason"], due_at=due_at)


PROJECTED: Final = {column.name for column in fields(RoomRow)}
HIDDEN_ROLES: Final = ("server", "invisible")


class PastClassPresenter(ClassPresenter):
    """A presenter of a class at a past time. Its pages offer no commands.

    The argument `room` is the current room. `self.room` is an unsaved room with the past values.
    """

    read_only = True
    is_over = False
    buttons: list[Any] = []
    recording_buttons: list[Any] = []
    under_way: set[str] = set()

    def __init__(self, room: Room, film: Film, ms: int, *, upto: int, everyone: bool = False) -> None:
        self.at = self.past_time = datetime.fromtimestamp(ms / 1000, UTC)
        self.rows = film.rows_at(ms)
        self._film = film
        self.ms = ms
        self._upto = upto
        self._room = room
        gaps = sum(gap.start_ms <= ms for gap in film.gaps)
        super().__init__(past_room(room, self.rows, gaps=gaps), frozenset(), everyone=everyone)

    @cached_property
    def _entries(self) -> list[Entry]:
        """The newest commands at the shown time, with their steps."""
        ours = clock.as_our_time(self.at)
        steps = Prefetch("steps", Step.objects.filter(at__lte=ours))
        found = Entry.objects.filter(room_uuid=self._room.room_uuid, at__lte=ours).order_by("-id")
        return list(found.prefetch_related(steps)[: class_selectors.COMMANDS])

    def _earlier_entries(self, *, before: int) -> list[Entry]:
        ours = clock.as_our_time(self.at)
        return class_selectors.earlier_commands(self._room, before=before, until=ours)

    @cached_property
    def people(self) -> list[Any]:
        pks = _ids(Participant, self._room, "user_uuid")
        found = [
            _unsaved(Participant, row, self._room, pks.get(row.user_uuid))
            for row in self.rows.participants.values()
            if row.role not in HIDDEN_ROLES
        ]
        add_details(found, room=self._room, at=self.at, entries=self._effective_entries)
        return found

    @property
    def roster(self) -> list[Any]:
        return self.people

    def part(self, who: str, *, after: str = "") -> Part:
        most = None if self.everyone else PART if after else FIRST_PEOPLE
        return part(self.people, who, after=after, most=most)

    @property
    def _address(self) -> str:
        return f"?at={self.ms}&upto={self._upto}&"

    @property
    def more_people(self) -> str:
        return reverse("live:replay", args=[self._room.key]) + self._address

    @property
    def all_people(self) -> str:
        return f"{self._address}people=all#people"

    @cached_property
    def groups(self) -> list[ShownGroup]:
        return with_people(breakout_rooms.read(self.rows.room.groups), self.people)

    @cached_property
    def chat(self) -> dict[str, list[Message]]:  # type: ignore[override]
        """The newest messages of each kind, also in breakout rooms, at the shown time."""
        rows = [_unsaved(ChatMessage, row, self._room) for row in self.rows.messages.values()]
        for kind in (CHAT, CUSTOM):
            rows += chat_selectors.in_breakout_rooms(self._room, kind=kind, until=self.at)
        rows.sort(key=lambda row: (row.sent_at, row.sequence))
        messages = room_messages(self._room, rows)
        names = {row.user_uuid: row.name for row in self.rows.participants.values()}
        pks = _ids(PeerMessage, self._room, "digest") if self.rows.peers else {}
        peers = sorted(self.rows.peers.values(), key=lambda row: (row.sent_at, row.arrived))
        direct = (_unsaved(PeerMessage, row, self._room, pks.get(row.digest)) for row in peers[-PAGE:])
        return {
            "messages": [message for message in messages if message.kind == CHAT][-PAGE:],
            "custom": [message for message in messages if message.kind == CUSTOM][-PAGE:],
            "direct": [direct_message(row, names) for row in direct],
        }

    @cached_property
    def recordings(self) -> list[Recording]:
        """The recordings at the shown time, without their files."""
        known = {}
        if self.rows.recordings:
            today = Recording.objects.filter(room=self._room)
            known = {record: (pk, mode) for record, pk, mode in today.values_list("record_id", "pk", "mode")}
        found = []
        for row in self.rows.recordings.values():
            pk, mode = known.get(row.record_id, (None, ""))
            found.append(_unsaved(Recording, row, self._room, pk))
            found[-1].mode = mode
        return sorted(found, key=lambda recording: recording.started_at or self.at, reverse=True)

    @cached_property
    def files(self) -> list[Any]:
        known = {}
        if self.rows.resources:
            today = class_selectors.with_sharer(Resource.objects.filter(room=self._room))
            known = {file.resource_uuid: (file.pk, vars(file)["sharer"]) for file in today}
        found = [
            _unsaved(Resource, row, self._room, known.get(row.resource_uuid, (None, ""))[0])
            for row in self.rows.resources.values()
            if row.removed_at is None
        ]
        for file in found:
            file.sharer = known[file.resource_uuid][1] if file.resource_uuid in known else file.put_by
            progress = file.task.get("taskProgress")
            progress = progress if isinstance(progress, dict) else {}
            file.step, file.pages_done = progress.get("currentStep"), progress.get("convertedPageSize")
            file.pages_total = progress.get("totalPageSize")
        found.sort(key=lambda file: file.put_at or self.at, reverse=True)
        return add_progress(found, self.pending_deletions)

    @cached_property
    def questions(self) -> list[Question]:
        students = [one for one in self.people if one.role == "student" and one.online]
        answers: dict[tuple[str, str], list[Answer]] = {}
        for row in self.rows.answers.values():
            found = _unsaved(Answer, row, self._room)
            answers.setdefault((row.of, row.question_id), []).append(found)
        rows: list[Quiz | Poll] = []
        for model, of in ((Quiz, "quiz"), (Poll, "poll")):
            past = (self.rows.quizzes if of == "quiz" else self.rows.polls).values()
            pks = _ids(model, self._room, f"{of}_id") if past else {}
            rows += [_unsaved(model, row, self._room, pks.get(getattr(row, f"{of}_id"))) for row in past]
        found_questions = [
            question(row, answers.get(question_id(row), []), students if row.running else None)
            for row in rows
        ]
        return sorted(found_questions, key=lambda found: found.order, reverse=True)

    @cached_property
    def events(self) -> dict[str, Any]:  # type: ignore[override]
        wanted = self._film.newest(self.ms, EVENTS_PAGE)
        rows = StoredEvent.objects.filter(room=self._room).in_bulk(wanted)
        return {"rows": event_rows(self._room, [rows[pk] for pk in wanted if pk in rows])}


def past_room(room: Room, rows: Rows, *, gaps: int) -> ShownRoom:
    """Return an unsaved room with the projected columns of `rows`. The other columns are those of `room`."""
    columns = {
        field.attname: getattr(room, field.attname)
        for field in Room._meta.concrete_fields
        if field.attname not in PROJECTED and field.attname in room.__dict__
    }
    past: ShownRoom = Room(**columns | {name: getattr(rows.room, name) for name in PROJECTED})
    past.gone_at = past.profile_state = None
    past.muted_in_agora_chat = False
    past.last_step = past.step_count = 0
    past.class_list_name = getattr(room, "class_list_name", None)
    past.class_list_version = past.kept_list_version = None
    past.gap_count = gaps
    past.group_event = past.group_events = 0
    past.join_code, past.join_revision = None, 0
    for name in class_selectors.TOOLS:
        setattr(past, name, False)  # a past page offers no commands
    return past


def _unsaved(model: type[models.Model], row: Any, room: Room, pk: int | None = None) -> Any:
    """Return a projected row as an unsaved object for the templates."""
    return model(pk=pk, room_id=room.pk, **asdict(row))


def _ids(model: type[models.Model], room: Room, column: str) -> dict[str, int]:
    """Return a dict from `column` to primary key for a room's rows.

    With these keys, a row has the same DOM id at all times.
    """
    return dict(model._default_manager.filter(room=room).values_list(column, "pk"))
