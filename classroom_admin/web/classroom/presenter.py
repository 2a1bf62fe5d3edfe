"""The values that the class page shows. Each value is read only if a template needs it, and only once."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import cached_property

from classroom_admin.audit.models import Entry
from classroom_admin.rooms import class_selectors, quiz_poll_selectors, recording_state
from classroom_admin.rooms.models import Recording, RoomState
from classroom_admin.web.classroom.breakout_rooms import ShownGroup, shown_groups
from classroom_admin.web.classroom.buttons import (
    Button,
    quick_recording,
    recording_buttons,
    recording_in_menu,
)
from classroom_admin.web.classroom.chat import ChatPanel
from classroom_admin.web.classroom.events import EVENT_KINDS, EventPage
from classroom_admin.web.classroom.files import PendingDeletion, add_progress, pending_deletions
from classroom_admin.web.classroom.presenter_people import PeoplePresenter
from classroom_admin.web.classroom.quizzes_polls import Question, questions_of
from classroom_admin.web.classroom.recording_coverage import CoverageBar, coverage_bar

QUESTIONS_SHOWN: Final = 30


class ClassPresenter(PeoplePresenter):
    """The values that a class page shows. With `since`, only what changed after that version of the room.

    `also` has user ids of people to include even if they did not change. `shown` is the chosen panel. If it
    is "", the usual panel is shown. `all_questions` includes older quizzes and polls. Of the viewer, values
    may depend only on `rights`, because people with the same rights get the same fragments.
    """

    event_kinds = EVENT_KINDS

    @cached_property
    def whole(self) -> ClassPresenter:
        """A presenter of the same room without `since`."""
        return ClassPresenter(self.room, self.rights)

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
