"""The rows of a past moment, as the panels of a class read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from django.db import models
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.functional import cached_property

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.events import RoomRow, Rows
from classroom_admin.rooms import breakout_rooms as groups
from classroom_admin.rooms import chat_selectors, class_selectors
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
)
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.replay import Film
from classroom_admin.web.class_history.people_at import tell_more
from classroom_admin.web.classroom.breakout_rooms.table import ShownGroup, filled
from classroom_admin.web.classroom.chat import CHAT, CUSTOM, Said, said_to_one, said_to_room
from classroom_admin.web.classroom.events import EVENTS_PAGE, tell
from classroom_admin.web.classroom.files import dressed
from classroom_admin.web.classroom.presenter import ClassReading
from classroom_admin.web.classroom.quizzes_polls import Question, question

PROJECTED: Final = {column.name for column in fields(RoomRow)}
UNSEEN: Final = ("server", "invisible")


@dataclass(slots=True)
class PastTalk:
    """The newest messages of a moment."""

    chat: list[Said]
    custom: list[Said]
    peer: list[Said]
    goes_on: bool = False
    too_many: bool = False


@dataclass(slots=True)
class PastEvents:
    rows: list[dict[str, Any]]
    older: int | None = None


class PastReading(ClassReading):
    """A class at a moment, for the templates of its page: `read_only`, so that they offer nothing to do.

    `room` is as it is now; what the panels get is `self.room`, an unsaved one as it was.
    """

    read_only = True
    buttons: list[Any] = []
    recording_buttons: list[Any] = []
    under_way: set[str] = set()

    def __init__(self, room: Room, film: Film, ms: int, *, upto: int, everybody: bool = False) -> None:
        self.at = datetime.fromtimestamp(ms / 1000, UTC)
        self.rows = film.rows_at(ms)
        self._film = film
        self.ms = ms
        self._upto = upto
        self._real = room
        gaps = sum(gap.start_ms <= ms for gap in film.gaps)
        super().__init__(past_room(room, self.rows, gaps=gaps), everybody=everybody)

    @cached_property
    def _entries(self) -> list[Entry]:
        """What had been asked of the class by then, and how far it was."""
        ours = clock.as_our_time(self.at)
        steps = Prefetch("steps", Step.objects.filter(at__lte=ours))
        found = Entry.objects.filter(room_uuid=self._real.room_uuid, at__lte=ours).order_by("-id")
        return list(found.prefetch_related(steps)[: class_selectors.COMMANDS])

    def _earlier(self, *, before: int) -> list[Entry]:
        ours = clock.as_our_time(self.at)
        return class_selectors.earlier_commands(self._real, before=before, until=ours)

    @cached_property
    def people(self) -> list[Participant]:
        pks = _ids(Participant, self._real, "user_uuid")
        found = [
            _unsaved(Participant, row, self._real, pks.get(row.user_uuid))
            for row in self.rows.participants.values()
            if row.role not in UNSEEN
        ]
        tell_more(found, room=self._real, at=self.at, entries=self._on_record)
        return found

    @property
    def _address(self) -> str:
        return f"?at={self.ms}&upto={self._upto}&"

    @property
    def more_people(self) -> str:
        return reverse("live:replay", args=[self._real.key]) + self._address

    @property
    def all_people(self) -> str:
        return f"{self._address}people=all#people"

    @cached_property
    def groups(self) -> list[ShownGroup]:
        return filled(groups.read(self.rows.room.groups), self.people)

    @cached_property
    def talk(self) -> PastTalk:  # type: ignore[override]
        rows = sorted(self.rows.messages.values(), key=lambda row: row.sequence)
        said = [said_to_room(_unsaved(ChatMessage, row, self._real)) for row in rows]
        names = {row.user_uuid: row.name for row in self.rows.participants.values()}
        pks = _ids(PeerMessage, self._real, "digest") if self.rows.peers else {}
        between = sorted(self.rows.peers.values(), key=lambda row: (row.sent_at, row.arrived))[
            -chat_selectors.PAGE :
        ]
        return PastTalk(
            chat=[one for one in said if one.kind == CHAT][-chat_selectors.PAGE :],
            custom=[one for one in said if one.kind == CUSTOM][-chat_selectors.PAGE :],
            peer=[
                said_to_one(_unsaved(PeerMessage, row, self._real, pks.get(row.digest)), names)
                for row in between
            ],
        )

    @cached_property
    def recordings(self) -> list[Recording]:
        """Without files: these came after the end. What is recorded never changes: it is known from now."""
        known = {}
        if self.rows.recordings:
            today = Recording.objects.filter(room=self._real)
            known = {one: (pk, mode) for one, pk, mode in today.values_list("record_id", "pk", "mode")}
        found = []
        for row in self.rows.recordings.values():
            pk, mode = known.get(row.record_id, (None, ""))
            found.append(_unsaved(Recording, row, self._real, pk))
            found[-1].mode = mode
        return sorted(found, key=lambda one: one.started_at or self.at, reverse=True)

    @cached_property
    def files(self) -> list[Any]:
        pks = _ids(Resource, self._real, "resource_uuid") if self.rows.resources else {}
        found = [
            _unsaved(Resource, row, self._real, pks.get(row.resource_uuid))
            for row in self.rows.resources.values()
            if row.removed_at is None
        ]
        for one in found:
            told = one.task.get("taskProgress")
            told = told if isinstance(told, dict) else {}
            one.step, one.pages_done = told.get("currentStep"), told.get("convertedPageSize")
            one.pages_total = told.get("totalPageSize")
        return dressed(sorted(found, key=lambda one: one.put_at or self.at, reverse=True), self.held)

    @cached_property
    def questions(self) -> list[Question]:
        pupils = [one for one in self.people if one.role == "student" and one.online]
        answers: dict[tuple[str, str], list[Answer]] = {}
        for row in self.rows.answers.values():
            found = _unsaved(Answer, row, self._real)
            answers.setdefault((row.of, row.question_id), []).append(found)
        quizzes = _ids(Quiz, self._real, "quiz_id") if self.rows.quizzes else {}
        polls = _ids(Poll, self._real, "poll_id") if self.rows.polls else {}
        asked: list[tuple[Quiz | Poll, list[Answer]]] = [
            (
                _unsaved(Quiz, row, self._real, quizzes.get(row.quiz_id)),
                answers.get(("quiz", row.quiz_id), []),
            )
            for row in self.rows.quizzes.values()
        ]
        asked += [
            (_unsaved(Poll, row, self._real, polls.get(row.poll_id)), answers.get(("poll", row.poll_id), []))
            for row in self.rows.polls.values()
        ]
        told = [question(row, given, pupils if row.running else None) for row, given in asked]
        return sorted(told, key=lambda one: one.order, reverse=True)

    @cached_property
    def events(self) -> PastEvents:  # type: ignore[override]
        wanted = self._film.newest(self.ms, EVENTS_PAGE)
        rows = StoredEvent.objects.filter(room=self._real).in_bulk(wanted)
        return PastEvents(tell(self._real, [rows[pk] for pk in wanted if pk in rows]))


def past_room(room: Room, rows: Rows, *, gaps: int) -> Room:
    """An unsaved room: who it is from now, what the events say from then."""
    columns = {
        field.attname: getattr(room, field.attname)
        for field in Room._meta.concrete_fields
        if field.attname not in PROJECTED and field.attname in room.__dict__
    }
    past = Room(**columns | {name: getattr(rows.room, name) for name in PROJECTED})
    past.gone_at = past.profile_state = None
    past.last_step = past.step_count = 0
    past.class_list_name = getattr(room, "class_list_name", None)
    past.class_list_version = None
    past.gap_count = gaps
    return past


def _unsaved(model: type[models.Model], row: Any, room: Room, pk: int | None = None) -> Any:
    """A row of the projection as an object that the templates know; never to be saved."""
    return model(pk=pk, room_id=room.pk, **asdict(row))


def _ids(model: type[models.Model], room: Room, column: str) -> dict[str, int]:
    """Our own ids of a room's rows, so that what is shown keeps its place from moment to moment."""
    return dict(model._default_manager.filter(room=room).values_list(column, "pk"))
