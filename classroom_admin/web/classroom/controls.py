"""The buttons of the class page: in its header, its panels, its rows, and the dialog of a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from classroom_admin.actions import capabilities, countdown, media
from classroom_admin.actions.countdown import Countdown
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import in_words
from classroom_admin.realtime.versions import ShownRoom
from classroom_admin.rooms.models import Participant, RoomState
from classroom_admin.web.classroom.buttons import Button
from classroom_admin.web.classroom.press_commands import (
    CELLS,
    CLASS_COMMANDS,
    PERSON_COMMANDS,
    commands_of,
)

if TYPE_CHECKING:
    from classroom_admin.common.problems import Problem


class Controls:
    """The buttons that a class offers now. `under_way` has the names of actions that wait for the cloud.

    If `offered` is False, there are no buttons, because the page shows a past time or the class is over.
    """

    def __init__(self, room: ShownRoom, *, under_way: Collection[str], offered: bool) -> None:
        self.room = room
        self.under_way = under_way
        self.offered = offered

    @cached_property
    def _refused(self) -> dict[str, Problem]:
        """The actions that the cloud project does not offer, and the reason for each."""
        return capabilities.not_offered() if self.offered else {}

    def why_not(self, action: str) -> str:
        """Return why the cloud project does not offer an action.

        Return "" if it does or if this is unknown.
        """
        found = self._refused.get(action)
        return in_words(found) if found is not None else ""

    @cached_property
    def row(self) -> frozenset[str]:
        """The names of the commands that the rows of the roster offer."""
        if not self.offered:
            return frozenset()
        return frozenset(
            name for name, command in PERSON_COMMANDS.items() if command.action not in self._refused
        )

    @cached_property
    def people_do(self) -> str:
        """The address to which the buttons in roster rows send their commands."""
        return reverse("live:people_do", args=[self.room.key])

    def _buttons(self, *names: str) -> list[Button]:
        return [self._button(name) for name in names] if self.offered else []

    def _button(self, name: str) -> Button:
        command = CLASS_COMMANDS[name]
        return Button(
            name=name,
            words=str(command.words),
            icon=command.icon,
            waiting=command.action in self.under_way and not command.action.startswith("tool.o"),
            unoffered=self.why_not(command.action),
        )

    def _form(self, name: str, action: str, words: str, icon: str) -> list[Button]:
        """Return the button that opens a form, in a list. If no command is offered, the list is empty."""
        if not self.offered:
            return []
        return [Button(name=name, words=words, icon=icon, asks=True, unoffered=self.why_not(action))]

    @cached_property
    def _class_wide(self) -> list[Button]:
        mute = self._buttons("mute-all")
        announce = self._form("announce", "chat.announce", _("Announce…"), "megaphone")
        return [*mute, *announce]

    @property
    def head(self) -> list[Button]:
        """The commands that a teacher needs most, if the cloud project offers them."""
        return [button for button in self._class_wide if not button.unoffered]

    @property
    def menu(self) -> list[Button]:
        """The commands in the menu. It also has the header commands that the cloud project does not offer."""
        chat = "allow-chat" if self.room.is_chat_muted else "mute-chat"
        return [
            *(button for button in self._class_wide if button.unoffered),
            *self._buttons("mute-off-stage", "cameras-off", chat),
            *self._form("several", "", _("Several people…"), "users"),
        ]

    @property
    def hands(self) -> list[Button]:
        """The commands for raised hands and the stage."""
        if not self.offered:
            return []
        toggle = "open-hands" if self.room.hands_closed else "close-hands"
        lower = ["lower-hands"] if self.room.hands_raised else []
        clear = ["clear-stage"] if self.room.on_stage else []
        return self._buttons(*lower, *clear, toggle)

    @property
    def chat(self) -> Button | None:
        """The button that mutes the chat or allows it again."""
        if not self.offered:
            return None
        return self._button("allow-chat" if self.room.is_chat_muted else "mute-chat")

    @property
    def can_announce(self) -> bool:
        return self.offered and not self.why_not("chat.announce")

    @property
    def questions(self) -> list[Button]:
        """The forms that start a quiz, a poll or a countdown."""
        return [
            *self._form("quiz", "quiz.start", _("Quiz…"), "list-checks"),
            *self._form("poll", "poll.start", _("Poll…"), "chart-bar"),
            *self._form("countdown", "countdown.start", _("Countdown…"), "timer"),
        ]

    @cached_property
    def countdown(self) -> Countdown | None:
        """The countdown of the class, or None. A page that shows a past time has none."""
        return countdown.countdown_now(self.room) if self.offered and self.room.timer_on else None

    @property
    def countdown_ends_at(self) -> datetime | None:
        """The cloud time when a running countdown ends. It is None if the countdown is paused or unknown."""
        now = self.countdown
        if now is None or now.state != "running" or not now.started_at_ms or not now.duration_s:
            return None
        return clock.from_ms(now.started_at_ms + 1000 * now.duration_s)

    @property
    def countdown_buttons(self) -> list[Button]:
        now = self.countdown
        if now is None:
            return []
        return self._buttons(
            "pause-countdown" if now.state == "running" else "continue-countdown", "stop-countdown"
        )

    @property
    def tools(self) -> list[Button]:
        """The buttons that turn classroom tools on or off, or stop a carousel or video wall."""
        if not self.offered:
            return []
        # Every class has a whiteboard and a chat from the start, unless they were turned off.
        states = {
            "whiteboard": not self.room.whiteboard_off,
            "chat": not self.room.chat_off,
            "timer": self.room.timer_on,
        }
        toggles = [f"{name}-{'off' if is_on else 'on'}" for name, is_on in states.items()]
        running = {"stop-carousel": self.room.carousel_on, "stop-video-wall": self.room.video_wall_on}
        return self._buttons(*toggles, *(name for name, is_on in running.items() if is_on))

    @property
    def group(self) -> list[Button]:
        """The commands for each breakout room."""
        return [
            *self._form("rename", "groups.rename", _("Rename…"), "pencil"),
            *self._form("close", "groups.close_one", _("Close…"), "door-closed"),
        ]

    @property
    def move(self) -> list[Button]:
        """The form that moves someone to another breakout room."""
        return self._form("move", "groups.move", _("Move a person…"), "network")

    def of_person(self, person: Participant) -> list[Button]:
        """Return the commands of the person's dialog that need no form."""
        if not self.offered:
            return []
        return [
            Button(
                name=name,
                words=str(PERSON_COMMANDS[name].words),
                icon=PERSON_COMMANDS[name].icon,
                unoffered=self.why_not(PERSON_COMMANDS[name].action),
            )
            for name in commands_of(person)
        ]

    def forms_of_person(self, person: Participant) -> list[Button]:
        """Return the commands of the person's dialog that open a form."""
        if not person.online:
            return []
        forms = [
            *self._form("message", "participant.message", _("Message…"), "send"),
            *self._form("reward", "participant.reward", _("Reward…"), "award"),
        ]
        if self.room.groups_sequence:
            forms += self._form("move", "groups.move", _("Move…"), "network")
        if media.can_block_publishing():
            forms += self._form(
                "block", "participant.block_publishing", _("Block microphone and camera…"), "ban"
            )
        return forms


def waiting_cells(commands: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Return, for each user id, the roster columns whose command is waiting for the cloud."""
    found: dict[str, frozenset[str]] = {}
    for command in commands:
        if command.action in CELLS:
            found[command.target] = found.get(command.target, frozenset()) | {CELLS[command.action]}
    return found


def offers_commands(*, state: int | None, gone: bool, read_only: bool) -> bool:
    """Return whether a class can get commands. It can't if it is closed, deleted or shown `read_only`."""
    return not (read_only or gone or state == RoomState.CLOSED)
