"""The values that the class page shows. Each value is read only if a template needs it, and only once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.reports.attendance import Attendance
from classroom_admin.reports.class_attendance import attendance_of
from classroom_admin.rooms import bans, class_lists, class_selectors, recording_state
from classroom_admin.rooms.models import Participant, Recording, RoomState
from classroom_admin.web.classroom.breakout_rooms import ShownGroup, shown_groups
from classroom_admin.web.classroom.chat import ChatPanel
from classroom_admin.web.classroom.events import EVENT_KINDS, EventPage
from classroom_admin.web.classroom.files import PendingDeletion, add_progress, pending_deletions
from classroom_admin.web.classroom.quizzes_polls import Question, questions_of
from classroom_admin.web.classroom.recording_coverage import CoverageBar, coverage_bar
from classroom_admin.web.classroom.roster import (
    FIRST_PEOPLE,
    GONE,
    HERE,
    PART,
    Part,
    Removal,
    hand_order,
    part,
    removal_of,
    with_removals,
)
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses, under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of the action bar. With `asks`, it opens a dialog. With `waiting`, its command is running."""

    name: str
    words: str
    icon: str
    look: str = ""
    asks: bool = False
    waiting: bool = False


def _button(
    kind: str,
    under_way: Collection[str],
    name: str,
    words: str,
    waiting_words: str,
    icon: str,
    look: str = "",
    *,
    asks: bool = True,
) -> Button:
    waiting = f"{kind}.{name}" in under_way
    words = waiting_words if waiting else words
    return Button(name=name, words=words, icon=icon, look=look, asks=asks, waiting=waiting)


def class_buttons(*, state: int | None, gone: bool, under_way: Collection[str]) -> list[Button]:
    """Return the start, end and close buttons for this state; none if the class is closed or deleted."""
    if gone or state == RoomState.CLOSED:
        return []
    make = partial(_button, "class", under_way)
    close = make("close", _("Close class"), _("Closing…"), "door-closed", "danger")
    if state == RoomState.STARTED:
        return [make("end", _("End class"), _("Ending…"), "square", "danger"), close]
    if state == RoomState.ENDED:
        return [close]
    return [make("start", _("Start class"), _("Starting…"), "play", "primary", asks=False), close]


def recording_buttons(
    *, recording: bool, web: bool, paused: bool, running_class: bool, under_way: Collection[str]
) -> list[Button]:
    """Return the recording buttons. Only a web recording can pause. Only a running class can be recorded."""
    make = partial(_button, "recording", under_way)
    if not recording:
        start = make("start", _("Start recording"), _("Starting…"), "circle-dot")
        return [start] if running_class else []
    stop = make("stop", _("Stop recording"), _("Stopping…"), "square", "danger")
    if not web:
        return [stop]
    if paused:
        pause = make("resume", _("Resume"), _("Resuming…"), "play", asks=False)
    else:
        pause = make("pause", _("Pause"), _("Pausing…"), "pause", asks=False)
    return [pause, stop, make("change", _("Change settings"), _("Changing…"), "sliders-horizontal")]


COMMANDS_SHOWN: Final = 12


class ClassPresenter:
    """The values of a class for a whole page or, with `since`, the changes after that room version.

    `also` has user ids of people to include even if no event changed them. No value may depend on the viewer,
    because everyone who may see the class gets the same values.
    """

    event_kinds = EVENT_KINDS
    names_shown = 12
    """The maximum number of names of each kind in the attendance panel. Each arrival resends the panel."""
    read_only = False
    """Whether the page shows a past time and therefore offers no commands."""
    past_time: datetime | None = None
    """The past time that the page shows (cloud time); None means now."""

    def __init__(
        self, room: ShownRoom, *, since: int | None = None, also: Collection[str] = (), everyone: bool = False
    ) -> None:
        self.room = room
        self.since = since
        self.also = also
        self.everyone = everyone
        self.version = PageVersion.of(room)

    @cached_property
    def whole(self) -> ClassPresenter:
        """The presenter with the values of the same class for a whole page."""
        return ClassPresenter(self.room)

    # --- header and commands ---
    @property
    def state(self) -> int | None:
        state: int | None = self.room.current_state
        return state

    @cached_property
    def commands(self) -> list[CommandStatus]:
        return command_statuses(self._entries)

    @cached_property
    def _entries(self) -> list[Entry]:
        return class_selectors.commands(self.room)

    @cached_property
    def _effective_entries(self) -> list[Entry]:
        """The commands that may still have an effect, oldest first.

        If `_entries` does not contain all commands, also read the relevant earlier commands.
        """
        read = self._entries
        if len(read) < class_selectors.COMMANDS:
            return read[::-1]
        return [*self._earlier_entries(before=read[-1].pk), *reversed(read)]

    def _earlier_entries(self, *, before: int) -> list[Entry]:
        return class_selectors.earlier_commands(self.room, before=before)

    @property
    def commands_shown(self) -> list[CommandStatus]:
        return self.commands[:COMMANDS_SHOWN]

    @cached_property
    def under_way(self) -> set[str]:
        return under_way(self.commands, now=clock.now())

    @property
    def buttons(self) -> list[Button]:
        return class_buttons(state=self.state, gone=bool(self.room.gone_at), under_way=self.under_way)

    # --- people ---
    @cached_property
    def people(self) -> list[Any]:
        """All people or, with `since`, the changed people, with the attributes that the templates need."""
        found = list(with_removals(class_selectors.people(self.room, since=self.since, also=self.also)))
        banned = bans.bans_of(found, self._effective_entries, now=clock.cloud_now())
        being_removed = {
            command.target
            for command in self.commands
            if command.action == bans.REMOVE and command.waits and clock.now() - command.at < PATIENCE
        }
        for person in found:
            person.banned_until = banned.get(person.user_uuid)
            person.is_being_removed = person.online and person.user_uuid in being_removed
            person.removal = removal_of(person)
        return found

    def part(self, who: str, *, after: str = "", all_the_rest: bool = False) -> Part:
        """Return roster rows after the sort key `after`, of people present (HERE) or who left (GONE)."""
        whole = self.everyone or self.since is not None or all_the_rest
        most = None if whole else PART if after else FIRST_PEOPLE
        return part(self.people, who, after=after, most=most)

    @property
    def more_people(self) -> str:
        """The URL that returns the next roster rows. The template appends the parameters."""
        return reverse("live:more_people", args=[self.room.key]) + "?"

    @property
    def all_people(self) -> str:
        """The URL of the page with the whole roster, for browsers without JavaScript."""
        return "?people=all#people"

    @cached_property
    def here(self) -> Part:
        return self.part(HERE)

    @cached_property
    def gone(self) -> Part:
        """The people who left. The last person to leave is first."""
        return self.part(GONE)

    @cached_property
    def teacher(self) -> Participant | None:
        """A teacher who is present, or None. For a whole page, this uses `people` and runs no extra query."""
        if self.since is None:
            return next((one for one in self.people if one.online and one.role == "teacher"), None)
        return class_selectors.people(self.room).filter(online=True, role="teacher").first()

    @cached_property
    def hands(self) -> list[Any]:
        """The people in `people` with a raised hand, the longest-waiting person first."""
        waiting = [person for person in self.people if person.online and person.hand_raised]
        return sorted(waiting, key=lambda person: (hand_order(person), person.pk))

    @property
    def hands_down(self) -> list[Any]:
        """The people in `people` without a raised hand. Their rows are removed from the panel."""
        return [person for person in self.people if not (person.online and person.hand_raised)]

    @cached_property
    def attendance(self) -> Attendance | None:
        """The attendance of the people on the class list; None if the class has no class list."""
        if not class_lists.has_list(self.room):
            return None
        return attendance_of(self.room, self.people if self.since is None else None, at=self.past_time)

    @cached_property
    def removals(self) -> list[Removal]:
        """The scheduled removals in chronological order. For a whole page, this runs no extra query."""
        if self.since is None:
            found = [person.removal for person in self.people]
        else:
            people = with_removals(class_selectors.people(self.room))
            found = [removal_of(person) for person in people.filter(planned__isnull=False)]
        return sorted((removal for removal in found if removal), key=lambda removal: removal.due_at)

    # --- recording ---
    @cached_property
    def recordings(self) -> list[Recording]:
        return class_selectors.recordings(self.room)

    @property
    def running_recording(self) -> Recording | None:
        return next((one for one in self.recordings if one.state == Recording.State.RECORDING), None)

    @cached_property
    def _recording_entries(self) -> list[Entry]:
        """The commands about the running recording, oldest first."""
        entries = [entry for entry in self._effective_entries if entry.action in recording_state.KINDS]
        running = self.running_recording
        return recording_state.accepted_for(running, entries) if running else []

    @property
    def paused(self) -> bool:
        """Whether our commands paused the running recording. No event reports a pause."""
        return self.running_recording is not None and recording_state.is_paused(self._recording_entries)

    @property
    def _can_pause(self) -> bool:
        """Whether the running recording can be paused because its mode is web or unknown."""
        running = self.running_recording
        return running is not None and (
            (running.mode or recording_state.mode_of(self._recording_entries)) in ("", "web")
        )

    @property
    def recording_buttons(self) -> list[Button]:
        return recording_buttons(
            recording=self.running_recording is not None,
            web=self._can_pause,
            paused=self.paused,
            running_class=self.state == RoomState.STARTED and not self.room.gone_at,
            under_way=self.under_way,
        )

    @cached_property
    def coverage(self) -> CoverageBar | None:
        """The bar that shows how much of the class was recorded; None if unknown or without a recording."""
        return coverage_bar(self.room, self.recordings, self._effective_entries) if self.recordings else None

    # --- chat, files, quizzes and polls, breakout rooms, events ---
    @cached_property
    def chat(self) -> ChatPanel:
        return ChatPanel(self.room, since=self.since)

    @cached_property
    def pending_deletions(self) -> list[PendingDeletion]:
        return pending_deletions(self._entries)

    @cached_property
    def files(self) -> list[Any]:
        return add_progress(list(class_selectors.resources(self.room)), self.pending_deletions)

    @cached_property
    def questions(self) -> list[Question]:
        if self.since is not None:
            return questions_of(self.room, since=self.since)
        # A whole page needs `people` anyway, so this saves a query.
        students = [one for one in self.people if one.online and one.role == "student"]
        return questions_of(self.room, students=students)

    @cached_property
    def groups(self) -> list[ShownGroup]:
        """The open breakout rooms with their members."""
        return shown_groups(self.room)

    @cached_property
    def events(self) -> EventPage:
        names = {one.user_uuid: one.name for one in self.people} if self.since is None else None
        return EventPage(self.room, names=names)
