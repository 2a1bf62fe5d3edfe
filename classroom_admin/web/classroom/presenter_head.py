"""The values of the head of the class page: its state, commands and buttons."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.utils.functional import cached_property

from classroom_admin.accounts.permissions import OF_CLASS_PAGE, Permission
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.reports.presence_sources import PresenceSources, sources_of
from classroom_admin.rooms import class_selectors
from classroom_admin.web.classroom.buttons import Button, class_buttons
from classroom_admin.web.classroom.controls import Controls, offers_commands
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses, under_way

Rights = Collection[Permission]
COMMANDS_SHOWN: Final = 12


class HeadPresenter:
    """The state of the class, and the commands that people sent and may send.

    `ClassPresenter` describes the arguments.
    """

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
