"""Kinds of events as a teacher would name them, for the filter. Each is a condition on stored events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROOM: Final = "room"


@dataclass(frozen=True, slots=True)
class Kind:
    """A choice of the filter."""

    name: str
    words: str | Promise
    cmds: tuple[int, ...] = ()
    stream: str = ROOM

    @property
    def condition(self) -> Q:
        return Q(stream=self.stream, cmd__in=self.cmds) if self.cmds else Q(stream=self.stream)


KINDS: Final = (
    Kind("class", _("Start, end and close"), (1,)),
    Kind("people", _("Joining and leaving"), (20,)),
    Kind("hands", _("Raised hands"), (1502,)),
    Kind("stage", _("Stage"), (1501,)),
    Kind("chat", _("Chat"), (3,)),
    Kind("mute", _("Chat permissions"), (21,)),
    Kind("custom", _("Messages to apps"), (99,)),
    Kind("quiz", _("Quizzes"), stream="popupQuiz"),
    Kind("poll", _("Polls"), stream="poll"),
    Kind("camera", _("Cameras, microphones, screens"), (40, 41)),
    Kind("recording", _("Recording"), (1001,)),
    Kind("files", _("Files"), (1003,)),
    Kind("rewards", _("Rewards"), (1101,)),
    Kind("settings", _("Class settings"), (4, 5)),
    Kind("person", _("Participant settings"), (22, 23)),
)
UNREADABLE: Final = "unreadable"
OTHER: Final = "other"
_KNOWN: Final = tuple(cmd for kind in KINDS for cmd in kind.cmds)
CHOICES: Final = (
    *((kind.name, kind.words) for kind in KINDS),
    (OTHER, _("Other types")),
    (UNREADABLE, _("Unreadable events")),
)


def condition(name: str) -> Q:
    """The events of a kind; all of them for "" and for what is none."""
    if name == UNREADABLE:
        return ~Q(unreadable="")
    if name == OTHER:
        return Q(stream=ROOM) & (~Q(cmd__in=_KNOWN) | Q(cmd__isnull=True))
    found = next((kind for kind in KINDS if kind.name == name), None)
    return found.condition if found else Q()
