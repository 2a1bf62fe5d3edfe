"""Project breakout rooms: the property `groups` of a room. Each event contains all breakout rooms.

`known_groups` maps the id of each breakout room that the class ever had to its name. Events with one of these
ids as their room happened in this class.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.property_changes import Applied, Change, PropertyTopic, below
from classroom_admin.events.sentences import Names
from classroom_admin.events.values import Json, flag, name_text

ROOT = "groups"
ROOM_ID_LENGTH = 64


def changed(changes: Iterable[Change]) -> bool:
    """Return whether any change concerns the breakout rooms."""
    return any(change.path[0] == ROOT for change in changes)


def _note(applied: Applied) -> None:
    room = applied.room
    room.groups_sequence = applied.sequence
    details = below(room.groups, "details")
    found = {
        group_uuid: name_text(below(group, "groupName")) or ""
        for group_uuid, group in (details.items() if isinstance(details, dict) else ())
        if 0 < len(group_uuid) <= ROOM_ID_LENGTH
    }
    room.known_groups = {**room.known_groups, **found}


def _sentence(name: str, value: Json, names: Names) -> str:
    closed = flag(below(value, "state")) is False
    return _("The breakout rooms were closed") if closed else _("The breakout rooms changed")


PROPERTIES = (
    PropertyTopic(
        root=ROOT,
        column="groups",
        open_levels=1,
        label=gettext_lazy("breakout rooms"),
        sentence=_sentence,
        follow=_note,
    ),
)
