"""Load and render a class for the event stream. The result is the same for people with the same rights."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.template.loader import get_template
from django.utils import translation

from classroom_admin.realtime import messages, versions
from classroom_admin.realtime.class_channel import Rendered
from classroom_admin.realtime.subscriber import Viewers
from classroom_admin.realtime.versions import PageVersion, ShownRoom, changed_parts
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.events import EventPage
from classroom_admin.web.classroom.presenter import ClassPresenter
from classroom_admin.web.classroom.presenter_head import Rights
from classroom_admin.web.classroom.roster import FIRST_PEOPLE, presence_changed

_INDENTATION: Final = re.compile(r"(?<=>)\s*\n\s*(?=<)|\n[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A template and its context, which is `presenter` and `more`."""

    template: str
    presenter: ClassPresenter
    more: dict[str, Any] = field(default_factory=dict)


def fragments(room: ShownRoom, *, seen: PageVersion, now: PageVersion, rights: Rights) -> list[Fragment]:
    """Return the fragments that update a page from version `seen` to `now`."""
    seen = seen.limited_to(now)
    parts = changed_parts(seen, now)
    panels = class_selectors.changed_panels(room, seen.version) if versions.PANELS in parts else set()
    also = class_selectors.targets_since(room, seen.step) if versions.COMMANDS in parts else []
    details = now.details != seen.details
    tools = now.tools != seen.tools
    since = ClassPresenter(room, rights, since=seen.version, also=also)
    is_changed = {
        "classroom/_header.html": versions.HEADER in parts,
        "classroom/_actions.html": versions.ACTIONS in parts or "recording" in panels,
        "classroom/people/_removals.html": bool(also),
        "classroom/joining/_waiting.html": versions.WAITING in parts and not since.is_over,
        "classroom/people/_attendance_changes.html": details
        or ((room.class_list_id or since.is_over) and presence_changed(room, seen)),
        "classroom/_recording.html": "recording" in panels or versions.ACTIONS in parts,
        "classroom/quizzes_polls/_countdown.html": tools and not since.is_over,
        "classroom/chat/_mute.html": versions.ACTIONS in parts,
        "classroom/people/_hands_commands.html": versions.ACTIONS in parts and not since.is_over,
        "classroom/_files.html": "files" in panels
        or tools
        or (versions.COMMANDS in parts and class_selectors.files_touched_since(room, seen.step)),
        "classroom/breakout_rooms/_panel.html": details and room.groups_sequence,
        "classroom/_quizzes_polls_changes.html": panels & {"quiz", "poll", "answer"},
        "classroom/_commands.html": versions.COMMANDS in parts,
    }
    found = [Fragment(template=name, presenter=since) for name, changed in is_changed.items() if changed]
    if "people" in panels or also:
        found += _people(since)
    of_breakout_rooms = parts & {versions.EVENTS, versions.ALL_EVENTS} if room.groups_sequence else set()
    if panels & {"chat", "peer"} or of_breakout_rooms:
        since.chat.whole = versions.ALL_EVENTS in parts
        since.chat.new_events = (0, 0) if since.chat.whole else (seen.event, now.event)
        found += _chat(since, read_direct="peer" in panels)
    if parts & {versions.EVENTS, versions.ALL_EVENTS}:
        found.append(_events(since, seen=seen, now=now, whole=versions.ALL_EVENTS in parts))
    return found


def _people(since: ClassPresenter) -> list[Fragment]:
    if not since.people:
        return []
    if len(since.people) > FIRST_PEOPLE:
        names, presenter = ("classroom/_roster.html", "classroom/people/_hands.html"), since.whole
    else:
        names, presenter = ("classroom/_roster_changes.html", "classroom/people/_hands_changes.html"), since
    return [Fragment(template=name, presenter=presenter) for name in names]


def _chat(since: ClassPresenter, *, read_direct: bool) -> list[Fragment]:
    chat = since.chat
    chat.read_direct = read_direct
    found = []
    if chat.too_many:
        found.append(Fragment(template="classroom/chat/_newest.html", presenter=since.whole))
    if chat.too_many or chat.messages or chat.custom or chat.direct:
        found.append(Fragment(template="classroom/_chat_changes.html", presenter=since))
    return found


def _events(since: ClassPresenter, *, seen: PageVersion, now: PageVersion, whole: bool) -> Fragment:
    if not whole:
        newer = EventPage(since.room, after=seen.event, upto=now.event)
        if len(newer.rows) == now.events - seen.events:
            template = "classroom/_events_changes.html"
            return Fragment(template=template, presenter=since, more={"events": newer})
        # Otherwise, an event was committed after an event with a higher id. Send the whole panel.
    return Fragment(template="classroom/_events.html", presenter=since.whole)


# The templates of the parts that are always sent whole. A part is not sent if its HTML is unchanged.
WHOLE: Final = (
    "classroom/_header.html",
    "classroom/_actions.html",
    "classroom/quizzes_polls/_countdown.html",
    "classroom/chat/_mute.html",
    "classroom/people/_hands_commands.html",
    "classroom/_recording.html",
    "classroom/_files.html",
    "classroom/_commands.html",
    "classroom/breakout_rooms/_panel.html",
    "classroom/people/_attendance_changes.html",
    "classroom/joining/_waiting.html",
)


def load(ids: Collection[int]) -> dict[int, Room]:
    """Return the rooms with these ids. They have the annotations of `class_selectors.as_shown`."""
    return class_selectors.shown(ids)


def render(
    room: Room, *, seen: PageVersion, viewers: Viewers, known: Mapping[str, str] | None = None
) -> Rendered:
    """Render the changes from version `seen` to the current state of `room`.

    `known` has the HTML that all pages have at version `seen`, by template. Omit parts that did not change.
    """
    parts = dict(known or {})
    now = PageVersion.of(room)
    rendered: list[str] = []
    with translation.override(viewers.language):
        for fragment in fragments(room, seen=seen, now=now, rights=viewers.rights):
            html = _html(fragment, room)
            if parts.get(fragment.template) == html:
                continue
            if fragment.template in WHOLE:
                parts[fragment.template] = html
            rendered.append(html)
    return Rendered(messages.message(messages.CHANGES, "".join(rendered), version=str(now)), parts)


def whole_parts(room: Room, *, viewers: Viewers) -> dict[str, str]:
    """Return the HTML of the parts that are always sent as a whole, by template."""
    presenter = ClassPresenter(room, viewers.rights, since=room.version)
    with translation.override(viewers.language):
        return {name: _html(Fragment(template=name, presenter=presenter), room) for name in WHOLE}


def _html(fragment: Fragment, room: Room) -> str:
    context: dict[str, Any] = {"room": room, "presenter": fragment.presenter, "oob": True}
    return compact(get_template(fragment.template).render(context | {"events": fragment.more.get("events")}))


def compact(html: str) -> str:
    """Return HTML without its indentation. This makes a fragment a fifth smaller."""
    return _INDENTATION.sub("\n", html)
