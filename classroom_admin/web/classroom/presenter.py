"""A class as its page shows it: what is read, once each, and only when a template or a fragment asks for
it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.functional import cached_property

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms import bans, class_selectors, recording_state
from classroom_admin.rooms.models import Participant, Recording, Room, RoomState
from classroom_admin.web.classroom.breakout_rooms.table import ShownGroup, shown_groups
from classroom_admin.web.classroom.buttons import Button, class_buttons, recording_buttons
from classroom_admin.web.classroom.chat import Talk
from classroom_admin.web.classroom.event_kinds import CHOICES
from classroom_admin.web.classroom.events import EventPage
from classroom_admin.web.classroom.files import Held, files_of, held_of
from classroom_admin.web.classroom.people_panels import PeoplePanels, removal_of, with_removals
from classroom_admin.web.classroom.quizzes_polls import Question, questions_of
from classroom_admin.web.classroom.recording_coverage import Cover, cover_of
from classroom_admin.web.classroom.roster import FIRST_PEOPLE, GONE, HERE, PART, Part, part
from classroom_admin.web.wording import PATIENCE, ROOM_TYPES, CommandStatus, command_statuses, under_way

COMMANDS_SHOWN: Final = 12


class ClassReading(PeoplePanels):
    """One class, read for its page. `since` is the version that the page has seen; None for a whole page.

    `also` are cloud user ids of people to show again although no event changed them.
    The same for everybody who may see the class: nothing in here may depend on the person.
    """

    def __init__(
        self, room: Room, *, since: int | None = None, also: Collection[str] = (), everybody: bool = False
    ) -> None:
        self.room = room
        self.since = since
        self.also = also
        self.everybody = everybody
        self.seen = Seen.of(room)

    # --- header and commands ---
    @property
    def state(self) -> int | None:
        return self.room.current_state

    @property
    def kind(self) -> str:
        """What kind of room it is, in words; "" where it isn't known."""
        return ROOM_TYPES.get(self.room.room_type, "")

    @cached_property
    def commands(self) -> list[CommandStatus]:
        return command_statuses(self._entries)

    @cached_property
    def _entries(self) -> list[Entry]:
        return class_selectors.commands(self.room)

    @cached_property
    def _on_record(self) -> list[Entry]:
        """Commands that may still hold, oldest first: where more were asked than were read, the earlier ones
        are read, too.
        """
        read = self._entries
        if len(read) < class_selectors.COMMANDS:
            return read[::-1]
        return [*self._earlier(before=read[-1].pk), *reversed(read)]

    def _earlier(self, *, before: int) -> list[Entry]:
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
    def people(self) -> list[Participant]:
        """All of them, or those who changed since `since`."""
        found = list(with_removals(class_selectors.people(self.room, since=self.since, also=self.also)))
        kept_out = self._kept_out(found)
        waiting = {told.target for told in self.commands if told.action == bans.REMOVE and self._waits(told)}
        for person in found:
            person.kept_out = kept_out.get(person.user_uuid)
            person.is_being_removed = person.online and person.user_uuid in waiting
            person.removal = removal_of(person)
        return found

    def _waits(self, told: CommandStatus) -> bool:
        return told.waits and clock.now() - told.at < PATIENCE

    def _kept_out(self, people: list[Participant]) -> dict[str, bans.Until]:
        """Who may not come back, and until when, from the commands on record."""
        kicked_at = {
            (person.user_uuid, person.kicked_sequence): person.kicked_at
            for person in people
            if person.kicked_at and person.kicked_sequence is not None
        }
        about = [
            entry
            for entry in self._on_record
            if entry.action == bans.UNBAN or entry.params.get("ban_s") is not None
        ]
        found = [ban for entry in about if (ban := bans.ban_of(entry, entry.steps.all(), kicked_at))]
        return bans.in_force(found, now=clock.cloud_now()) if found else {}

    def part(self, who: str, *, after: str = "", all_the_rest: bool = False) -> Part:
        """Rows of those who are there or left, behind the place `after`."""
        whole = self.everybody or self.since is not None or all_the_rest
        most = None if whole else PART if after else FIRST_PEOPLE
        return part(self.people, who, after=after, most=most)

    @property
    def more_people(self) -> str:
        """Where the next rows of the roster are had from, as an address to add to."""
        return reverse("live:more_people", args=[self.room.key]) + "?"

    @property
    def all_people(self) -> str:
        """The page with the whole roster, for browsers without scripts."""
        return "?people=all#people"

    @cached_property
    def here(self) -> Part:
        return self.part(HERE)

    @cached_property
    def gone(self) -> Part:
        """Who left, the latest first."""
        return self.part(GONE)

    @cached_property
    def teacher(self) -> Participant | None:
        """A teacher who is there; read from the roster where that is whole, else asked for."""
        if self.since is None:
            found = [person for person in self.people if person.online and person.role == "teacher"]
            return found[0] if found else None
        return class_selectors.people(self.room).filter(online=True, role="teacher").first()

    # --- chat ---
    @cached_property
    def talk(self) -> Talk:
        return Talk(self.room, since=self.since)

    # --- recording, files, questions ---
    @cached_property
    def recordings(self) -> list[Recording]:
        return class_selectors.recordings(self.room)

    @property
    def running_recording(self) -> Recording | None:
        return next((one for one in self.recordings if one.state == Recording.State.RECORDING), None)

    @cached_property
    def _recording_commands(self) -> list[Entry]:
        """The commands that concern the running recording, oldest first."""
        entries = [entry for entry in self._on_record if entry.action in recording_state.KINDS]
        running = self.running_recording
        return recording_state.accepted_for(running, entries) if running else []

    @property
    def paused(self) -> bool:
        """Whether the running recording was told to wait: no event says so, the record of commands does."""
        return self.running_recording is not None and recording_state.is_paused(self._recording_commands)

    @property
    def _is_web(self) -> bool:
        """Whether the running recording can be paused; one whose mode nobody told is given the benefit."""
        running = self.running_recording
        return running is not None and (
            (running.mode or recording_state.mode_of(self._recording_commands)) in ("", "web")
        )

    @property
    def recording_buttons(self) -> list[Button]:
        return recording_buttons(
            recording=self.running_recording is not None,
            web=self._is_web,
            paused=self.paused,
            running_class=self.state == RoomState.STARTED and not self.room.gone_at,
            under_way=self.under_way,
        )

    @cached_property
    def cover(self) -> Cover | None:
        """How much of the class was recorded; None where that can't be said, or there is no recording."""
        return cover_of(self.room, self.recordings, self._on_record) if self.recordings else None

    @cached_property
    def held(self) -> list[Held]:
        """Deletions of files that can still be taken back."""
        return held_of(self._entries)

    @cached_property
    def files(self) -> list[Any]:
        return files_of(self.room, self.held)

    @cached_property
    def questions(self) -> list[Question]:
        """A whole page has read its people anyway: those who have not answered are found among them."""
        if self.since is not None:
            return questions_of(self.room, since=self.since)
        pupils = [one for one in self.people if one.online and one.role == "student"]
        return questions_of(self.room, there=pupils)

    @cached_property
    def groups(self) -> list[ShownGroup]:
        """The open breakout rooms with the people in them."""
        return shown_groups(self.room)

    # --- events ---
    event_kinds = CHOICES
    read_only = False
    """Whether what is shown is past: nothing can be done to it."""

    @cached_property
    def events(self) -> EventPage:
        names = {one.user_uuid: one.name for one in self.people} if self.since is None else None
        return EventPage(self.room, names=names)


def file_name(url: str) -> str:
    """The last part of an address, to name a file by; the host where there is none."""
    parts = urlsplit(url)
    return parts.path.rsplit("/", 1)[-1] or parts.netloc or "file"
