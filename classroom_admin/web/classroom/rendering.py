"""Load and render a class for the event stream. The result is the same for everyone who may see the class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.template.loader import get_template
from django.utils import translation

from classroom_admin.common.chunks import chunks
from classroom_admin.realtime import messages
from classroom_admin.realtime.class_channel import Rendered
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.fragments import Fragment, fragments
from classroom_admin.web.classroom.presenter import ClassPresenter

# The parts that are always sent whole. A part whose HTML is unchanged is not sent.
WHOLE: Final = (
    "classroom/_header.html",
    "classroom/_actions.html",
    "classroom/_recording.html",
    "classroom/_files.html",
    "classroom/_commands.html",
    "classroom/breakout_rooms/_panel.html",
    "classroom/people/_attendance_changes.html",
)


def load(ids: Collection[int]) -> dict[int, Room]:
    """Return the rooms with these ids, annotated by `class_selectors.as_shown`."""
    found = (class_selectors.as_shown().filter(pk__in=chunk) for chunk in chunks(ids))
    return {room.pk: room for rooms in found for room in rooms}


def render(
    room: Room, *, seen: PageVersion, language: str, known: Mapping[str, str] | None = None
) -> Rendered:
    """Render the changes from `seen` to `room`.

    `known`: the whole parts at `seen`, if all pages show exactly these. Leave out parts that are the same.
    """
    parts = dict(known or {})
    now = PageVersion.of(room)
    rendered: list[str] = []
    with translation.override(language):
        for fragment in fragments(room, seen=seen, now=now):
            html = _html(fragment, room)
            if parts.get(fragment.template) == html:
                continue
            if fragment.template in WHOLE:
                parts[fragment.template] = html
            rendered.append(html)
    return Rendered(messages.message(messages.CHANGES, "".join(rendered), version=str(now)), parts)


def whole_parts(room: Room, *, language: str) -> dict[str, str]:
    """Return the HTML of the parts that are always sent whole, by template."""
    presenter = ClassPresenter(room, since=room.version)
    with translation.override(language):
        return {name: _html(Fragment(template=name, presenter=presenter), room) for name in WHOLE}


def _html(fragment: Fragment, room: Room) -> str:
    context: dict[str, Any] = {"room": room, "presenter": fragment.presenter, "oob": True}
    return get_template(fragment.template).render(context | {"events": fragment.more.get("events")})
