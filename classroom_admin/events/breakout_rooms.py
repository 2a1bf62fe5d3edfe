"""Project breakout rooms, which are the property `groups` of a room. Each event contains all of them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.property_changes import Change, PropertyTopic, below
from classroom_admin.events.rows import RoomRow
from classroom_admin.events.values import Json, flag

ROOT = "groups"


def changed(changes: Iterable[Change]) -> bool:
    """Return whether any change concerns the breakout rooms."""
    return any(change.path[0] == ROOT for change in changes)


def _note_sequence(room: RoomRow, sequence: int) -> None:
    room.groups_sequence = sequence


def _sentence(name: str, value: Json) -> str:
    closed = flag(below(value, "state")) is False
    return _("The breakout rooms were closed") if closed else _("The breakout rooms changed")


PROPERTIES = (
    PropertyTopic(
        root=ROOT,
        column="groups",
        open_levels=1,
        label=gettext_lazy("breakout rooms"),
        sentence=_sentence,
        follow=_note_sequence,
    ),
)
