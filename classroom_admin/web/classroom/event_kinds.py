"""The choices of the event filter, and their conditions on stored events."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from classroom_admin.events import EventType, Stream, filters

UNREADABLE: Final = "unreadable"
OTHER: Final = "other"
CHOICES: Final = (
    *((declared.name, declared.label) for declared in filters()),
    (OTHER, _("Other types")),
    (UNREADABLE, _("Unreadable events")),
)


def _condition(declared: EventType[Any]) -> Q:
    stream = declared.kinds[0].stream
    cmds = [kind.cmd for kind in declared.kinds if kind.cmd is not None]
    return Q(stream=stream, cmd__in=cmds) if cmds else Q(stream=stream)


_CONDITIONS: Final = {declared.name: _condition(declared) for declared in filters()}
_KNOWN: Final = [kind.cmd for declared in filters() for kind in declared.kinds if kind.cmd is not None]


def condition(name: str) -> Q:
    """Return the condition of a choice; an empty condition for "" or an unknown choice."""
    if name == UNREADABLE:
        return ~Q(unreadable="")
    if name == OTHER:
        return Q(stream=Stream.ROOM) & (~Q(cmd__in=_KNOWN) | Q(cmd__isnull=True))
    return _CONDITIONS.get(name, Q())
