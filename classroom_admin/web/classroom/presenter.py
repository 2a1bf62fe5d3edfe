"""The values that the class page shows. Each value is read only if a template needs it, and only once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from classroom_admin.accounts.permissions import OF_CLASS_PAGE, Permission
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.joining.selectors import NONE_WAIT, WaitingPeople, waiting
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.reports.attendance import Attendance
from classroom_admin.reports.class_attendance import ClassReport, attendance_of, report_of
from classroom_admin.reports.presence_sources import PresenceSources, sources_of
from classroom_admin.rooms import bans, class_lists, class_selectors, quiz_poll_selectors, recording_state
from classroom_admin.rooms.models import Participant, Recording, RoomState
from classroom_admin.web.classroom.breakout_rooms import ShownGroup, shown_groups
from classroom_admin.web.classroom.buttons import (
    Button,
    class_buttons,
    quick_recording,
    recording_buttons,
    recording_in_menu,
)
from classroom_admin.web.classroom.chat import ChatPanel
from classroom_admin.web.classroom.controls import Controls, offers_commands, waiting_cells
from classroom_admin.web.classroom.events import EVENT_KINDS, EventPage
from classroom_admin.web.classroom.files import PendingDeletion, add_progress, pending_deletions
from classroom_admin.web.classroom.quizzes_polls import Question, questions_of
from classroom_admin.web.classroom.recording_coverage import CoverageBar, coverage_bar
from classroom_admin.web.classroom.roster import (
    GONE,
    HERE,
    PART,
    Part,
    Removal,
    hand_order,
    part,
    removal_of,
    shown_first,
    to_be_removed,
    with_removals,
)
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses, under_way

Rights = Collection[Permission]
COMMANDS_SHOWN: Final = 12
QUESTIONS_SHOWN: Final = 30
HANDS_IN_VIEW: Final = 5
"""The number of raised hands that the panel shows without scrolling."""


class ClassPresenter:
    """The values that a class page shows. With `since`, only what changed after that version of the room.

    `also` has user ids of people to include even if they did not change. `shown` is the chosen panel. If it
    is "", the usual panel is shown. `all_questions` includes older quizzes and polls. Of the viewer, values
    may depend only on `rights`, because people with the same rights get the same fragments.
    """

    event_kinds = EVENT_KINDS
    names_shown = 12
    """The maximum number of names of each kind in the attendance panel. Each arrival resends the panel."""
    read_only = False
    """Whether the page shows a past time and therefore offers no commands."""
    past_time: datetime | None = None
    """The past time that the page shows (cloud time); None means now."""

    def __init__(
        self,
        room: ShownRoom,
        rights: Rights,
        *,
        since: int | None = None,
        also: Collection[str] = (),
        everyone: bool = False,
        shown: str = "",
        all_questions: bool = False,
    ) -> None:
        self.room = room
        self.rights = rights
        self.since = since
        self.also = also
        self.everyone = everyone
        self.shown = shown
        self.all_questions = all_questions
        self.version = PageVersion.of(room)

    @cached_property
    def whole(self) -> ClassPresenter:
        """A presenter of the same room without `since`."""
        return ClassPresenter(self.room, self.rights)

    # --- header and commands ---
    @property
    def state(self) -> int | None:
        state: int | None = self.room.current_state
        return state

    @property
    def is_over(self) -> bool:
        """Whether the class is over, so that the page shows its attendance instead of the roster."""
        room = self.room
        return class_selectors.is_over(
            state=self.state, gone=bool(room.gone_at), people_online=room.people_online
        )

    @cached_property
    def presence_sources(self) -> PresenceSources | None:
        """A comparison of presence in events and in notifications, or None if there are no notifications."""
        return sources_of(self.room)

    @property
    def ended_at(self) -> datetime | None:
        """The time when the class ended. It is None if the class runs or the time is unknown."""
        room = self.room
        last_event = room.last_event_at if room.gone_at else None
        found: datetime | None = room.ended_at or room.closed_at or last_event
        return found

    @cached_property
    def commands(self) -> list[CommandStatus]:
        return command_statuses(self._entries)

    @cached_property
    def _entries(self) -> list[Entry]:
        return class_selectors.commands(self.room)

    @cached_property
    def _effective_entries(self) -> list[Entry]:
        """The commands that may still have an effect, the oldest first."""
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

    @cached_property
    def may(self) -> dict[str, bool]:
        """Whether the page offers what a permission allows. A page that shows a past time offers nothing."""
        return {one.value: one in self.rights and not self.read_only for one in OF_CLASS_PAGE}

    @property
    def buttons(self) -> list[Button]:
        if not self.may["start_end"]:
            return []
        return class_buttons(state=self.state, gone=bool(self.room.gone_at), under_way=self.under_way)

    @property
    def head_buttons(self) -> list[Button]:
        """The button for the next command, such as the start. The menu has the other commands."""
        return self.buttons[:1]

    @property
    def menu_buttons(self) -> list[Button]:
        return self.buttons[1:]

    @cached_property
    def controls(self) -> Controls:
        """The commands that the page offers, except those that start, end, close or record a class."""
        past = self.read_only or self.is_over or Permission.RUN not in self.rights
        offered = offers_commands(state=self.state, gone=bool(self.room.gone_at), read_only=past)
        return Controls(self.room, under_way=self.under_way, offered=offered)

    @property
    def _waiting(self) -> list[CommandStatus]:
        """The commands that wait for the cloud, except very old ones."""
        return [one for one in self.commands if one.waits and clock.now() - one.at < PATIENCE]

    # --- people ---
    @cached_property
    def roster(self) -> Sequence[Any]:
        """Everyone who is or was in the class, in brief."""
        return self.people if self.everyone else class_selectors.presence(self.room)

    @cached_property
    def people(self) -> list[Any]:
        """The people whose rows the page shows or, with `since`, the changed people.

        A whole page shows the first rows of the roster, all raised hands, and all scheduled removals.
        """
        found = class_selectors.people(self.room, since=self.since, also=self.also)
        if self.since is None and not self.everyone:
            found = found.filter(shown_first(self.room, self._first.values()))
        return self._with_details(found)

    def _with_details(self, people: QuerySet[Participant]) -> list[Any]:
        """Load people with the attributes that the templates need."""
        found = list(with_removals(people))
        banned = bans.bans_of(found, self._effective_entries, now=clock.cloud_now())
        waiting = self._waiting
        being_removed = {command.target for command in waiting if command.action == bans.REMOVE}
        cells = waiting_cells(waiting)
        for person in found:
            person.waiting = cells.get(person.user_uuid, ())
            person.banned_until = banned.get(person.user_uuid)
            person.is_being_removed = person.online and person.user_uuid in being_removed
            person.removal = removal_of(person)
        return found

    @cached_property
    def _first(self) -> dict[str, Part]:
        """The first rows of the roster, in brief."""
        return {who: part(self.roster, who) for who in (HERE, GONE)}

    def part(self, who: str, *, after: str = "") -> Part:
        """Return the roster rows after the sort key `after`. `who` is HERE or GONE."""
        if self.since is not None or self.everyone:
            return part(self.people, who, after=after, most=None)
        if after:
            chosen = part(self.roster, who, after=after, most=PART)
            pks = [one.pk for one in chosen.rows]
            loaded = self._with_details(class_selectors.people(self.room).filter(pk__in=pks))
        else:
            chosen, loaded = self._first[who], self.people
        found = {one.pk: one for one in loaded}
        return replace(chosen, rows=[found[one.pk] for one in chosen.rows if one.pk in found])

    @property
    def more_people(self) -> str:
        """The URL of the next roster rows. The template adds the parameters."""
        return reverse("live:more_people", args=[self.room.key]) + "?"

    @property
    def all_people(self) -> str:
        """The URL of the page with the whole roster. Browsers without JavaScript need it."""
        return "?people=all#people"

    @cached_property
    def here(self) -> Part:
        return self.part(HERE)

    @cached_property
    def gone(self) -> Part:
        """The people who left. The person who left last is first."""
        return self.part(GONE)

    @cached_property
    def hands(self) -> list[Any]:
        """The people with a raised hand. The person who has waited longest is first."""
        waiting = [person for person in self.people if person.online and person.hand_raised]
        return sorted(waiting, key=lambda person: (hand_order(person), person.pk))

    @property
    def hands_beyond(self) -> int:
        """The number of raised hands that are hidden until the panel is scrolled."""
        raised: int = self.room.hands_raised
        return max(0, raised - HANDS_IN_VIEW)

    @property
    def hands_down(self) -> list[Any]:
        """The people without a raised hand. The panel removes their rows."""
        return [person for person in self.people if not (person.online and person.hand_raised)]

    @cached_property
    def attendance(self) -> Attendance | None:
        """The attendance of the people on the class list, or None if the class has no class list."""
        if not class_lists.has_list(self.room):
            return None
        if self.is_over:
            return self.report.attendance
        return attendance_of(self.room, self.roster, at=self.past_time)

    @cached_property
    def report(self) -> ClassReport:
        """The attendance of everyone. It is for a class that is over."""
        return report_of(self.room, self.roster)

    @cached_property
    def removals(self) -> list[Removal]:
        """The scheduled removals in chronological order. A page with a roster needs no more queries."""
        if self.since is None and not self.is_over:
            found = [person.removal for person in self.people]
        else:
            people = class_selectors.people(self.room).filter(user_uuid__in=to_be_removed(self.room))
            found = [removal_of(person) for person in with_removals(people)]
        return sorted((removal for removal in found if removal), key=lambda removal: removal.due_at)

    @cached_property
    def waiting_people(self) -> WaitingPeople:
        """The people who wait to be let in. No query is run if nobody ever asked to join the class."""
        asked = self.room.join_revision and not self.read_only and not self.is_over
        return waiting(self.room) if asked else NONE_WAIT

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
        """Whether the running recording is paused, according to events or our commands."""
        running = self.running_recording
        return running is not None and recording_state.paused_now(running, self._recording_entries)

    @property
    def _can_pause(self) -> bool:
        """Whether the running recording can be paused, because its mode is web or unknown."""
        running = self.running_recording
        return running is not None and (
            (running.mode or recording_state.mode_of(self._recording_entries)) in ("", "web")
        )

    @property
    def recording_buttons(self) -> list[Button]:
        if not self.may["record"]:
            return []
        return recording_buttons(
            recording=self.running_recording is not None,
            web=self._can_pause,
            paused=self.paused,
            running_class=self.state == RoomState.STARTED and not self.room.gone_at,
            under_way=self.under_way,
            waits_for_page=recording_state.waits_for_page(self._recording_entries),
        )

    @property
    def head_recording_buttons(self) -> list[Button]:
        """The button that starts or stops a recording. The menu has the other commands."""
        return quick_recording(self.recording_buttons)

    @property
    def menu_recording_buttons(self) -> list[Button]:
        """The recording buttons that are not in the head."""
        return recording_in_menu([one for one in self.recording_buttons if one.name not in ("start", "stop")])

    @cached_property
    def coverage(self) -> CoverageBar | None:
        """A bar that shows which parts of the class were recorded, or None if there is nothing to show."""
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
        # A whole page needs `roster` anyway, so this saves a query.
        students = [one for one in self.roster if one.online and one.role == "student"]
        return questions_of(self.room, students=students)

    @cached_property
    def _running_or_not(self) -> list[bool]:
        if self.since is None:
            return [question.running for question in self.questions]
        return quiz_poll_selectors.running_or_not(self.room)

    @property
    def question_count(self) -> int:
        return len(self._running_or_not)

    @property
    def questions_running(self) -> int:
        return sum(self._running_or_not)

    @property
    def questions_shown(self) -> list[Question]:
        return self.questions if self.all_questions else self.questions[:QUESTIONS_SHOWN]

    @property
    def questions_beyond(self) -> int:
        """The number of quizzes and polls that the page leaves out."""
        return len(self.questions) - len(self.questions_shown)

    @cached_property
    def groups(self) -> list[ShownGroup]:
        """The open breakout rooms with their members."""
        return shown_groups(self.room)

    @cached_property
    def events(self) -> EventPage:
        # A whole page has read its people anyway; a single panel has not.
        names = {one.user_uuid: one.name for one in self.roster} if "roster" in self.__dict__ else None
        return EventPage(self.room, names=names)
