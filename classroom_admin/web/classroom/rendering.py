"""What the stream reads and renders, in threads of its own: a class from one version to the next, tiles of
the list. The same for all who may see them: nothing here knows who watches.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.template.loader import get_template
from django.utils import translation

from classroom_admin.realtime import messages
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.fragments import Fragment, fragments
from classroom_admin.web.classroom.presenter import ClassReading

AT_ONCE: Final = 500
# parts that are sent whole: one that came out as before needs no sending
WHOLE: Final = (
    "classroom/_header.html",
    "classroom/_actions.html",
    "classroom/_recording.html",
    "classroom/_files.html",
    "classroom/_commands.html",
    "classroom/breakout_rooms/_panel.html",
    "classroom/people/_attendance_changes.html",
)
Memo = Mapping[str, str]


def load(ids: Collection[int]) -> dict[int, Room]:
    """The rooms with these ids as pages of them need them (`last_step`, `gap_count`): a query for 500."""
    wanted = list(ids)
    found: dict[int, Room] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rooms = class_selectors.as_shown().filter(pk__in=wanted[start : start + AT_ONCE])
        found |= {room.pk: room for room in rooms}
    return found


@dataclass(slots=True)
class Rendered:
    """A message, and what the parts that are always sent whole looked like in it."""

    message: bytes
    memo: dict[str, str] = field(default_factory=dict)


def class_message(room: Room, *, seen: Seen, language: str, memo: Memo | None = None) -> Rendered:
    """What brings a page from `seen` to `room`. `memo`: what its whole parts look like at `seen`, for those
    who are known to show exactly that.
    """
    known = dict(memo or {})
    now = Seen.of(room)
    with translation.override(language):
        written: list[str] = []
        for fragment in fragments(room, seen=seen, now=now):
            html = _html(fragment, room)
            if known.get(fragment.template) == html:
                continue
            if fragment.template.removeprefix("live/") in WHOLE:
                known[fragment.template] = html
            written.append(html)
    return Rendered(messages.message(messages.CHANGES, "".join(written), version=str(now)), known)


def looks(room: Room, *, language: str) -> dict[str, str]:
    """What the whole parts look like now."""
    one = ClassReading(room, since=room.version)
    with translation.override(language):
        return {
            fragment.template: _html(fragment, room)
            for fragment in (Fragment(template=f"live/{name}", one=one) for name in WHOLE)
        }


def _html(fragment: Fragment, room: Room) -> str:
    context = {"room": room, "one": fragment.one, "events": fragment.more.get("events"), "oob": True}
    return get_template(fragment.template).render(context)
