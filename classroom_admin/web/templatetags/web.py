"""Tags that every page may use: icons, times that the browser formats, the person's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from classroom_admin.common import clock as core_clock
from classroom_admin.common import problem_texts
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import without_secrets
from classroom_admin.rooms.models import RoomState
from classroom_admin.web import icons, script_texts
from classroom_admin.web.class_list.order import order as wall_order
from classroom_admin.web.class_list.tiles import tile
from classroom_admin.web.classroom.people_panels import hand_order as order_of_hand
from classroom_admin.web.classroom.presenter import file_name as name_of_file
from classroom_admin.web.classroom.roster import order
from classroom_admin.web.json_input import pretty
from classroom_admin.web.wording import ROLES, ROOM_TYPES

register = template.Library()

# Words for those without JavaScript; the browser writes them again in the person's zone and language.
_PLAIN = {
    "time": "%H:%M UTC",
    "second": "%H:%M:%S UTC",
    "date": "%-d %b %Y, %H:%M UTC",
    "age": "%H:%M UTC",
    "for": "%H:%M UTC",
}


@register.filter
def beyond(rows: list[Any], shown: int | str) -> int:
    """How many of `rows` `slice:shown` leaves out."""
    return max(0, len(rows) - shown) if isinstance(shown, int) else 0


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon as a picture without words; say what it means beside it (or in `.sr-only`)."""
    classes = " ".join(filter(None, ("icon", "points" if name in icons.POINTING else "", extra)))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"/></svg>',
        classes,
        icons.address(name),
    )


@register.simple_tag
def moment(when: datetime | None, style: str = "time") -> SafeString | str:
    """`when` as `<time>` in UTC. `style`: time 10:42, second 10:42:07, date 3 May, 10:42, age "3 min ago",
    for "3 min".
    """
    if when is None:
        return ""
    utc = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-as="{}">{}</time>',
        _utc(when),
        style,
        utc.strftime(_PLAIN[style]),
    )


@register.simple_tag
def words_for_scripts() -> SafeString:
    """What the scripts of the page say, as data."""
    return script_texts.words_for_scripts()


@register.filter
def said(problem: Problem | str | None) -> str:
    """Return the text of a problem, as it is or as it is stored, in the reader's language."""
    if isinstance(problem, Problem):
        return problem_texts.in_words(problem)
    return problem_texts.stored_in_words(problem)


@register.simple_tag(takes_context=True)
def person_zone(context: dict[str, Any]) -> str:
    """The IANA zone that the person has chosen; "" leaves it to the browser. For the page, never a
    fragment.
    """
    return getattr(context.get("user"), "time_zone", "")


@register.simple_tag
def clock(room: Any, left: bool = False) -> SafeString:
    """How long the class has run, and where `left` what it has left, counted by the browser."""
    started = room.started_at.astimezone(UTC).strftime("%H:%M UTC")
    return format_html(
        '<span class="clock" data-from="{}"{}>{}</span>',
        _utc(room.started_at),
        _until(room) if left else "",
        _("since %(time)s") % {"time": started},
    )


def _until(room: Any) -> SafeString | str:
    if not room.planned_end_at:
        return ""
    return format_html(
        ' data-until="{}" data-rest="{}"', _utc(room.planned_end_at), pgettext("remaining time", "%s left")
    )


@register.simple_tag
def over_time(room: Any) -> SafeString | str:
    """By how much the class is past its planned end; the browser shows it once it is."""
    if not room.planned_end_at or room.current_state != RoomState.STARTED:
        return ""
    return format_html(
        '<span class="badge warn" data-over="{}" data-words="{}" hidden>{}<span>{}</span></span>',
        _utc(room.planned_end_at),
        _("%s overtime"),
        icon("timer"),
        _("Overtime"),
    )


@register.simple_tag
def lasted(start: datetime, end: datetime) -> str:
    """How long something took, in words: "47 min", "1 h 05 min"."""
    return _span(max(0, round((end - start).total_seconds() / 60)))


@register.simple_tag
def minutes(seconds: int) -> str:
    """A span in words, minutes at least: "1 min", "1 h 05 min"."""
    return _span(max(1, round(seconds / 60)))


def _span(whole: int) -> str:
    if whole < 60:
        return _("%(minutes)s min") % {"minutes": whole}
    return _("%(hours)s h %(minutes)s min") % {"hours": whole // 60, "minutes": f"{whole % 60:02}"}


@register.simple_tag
def took(seconds: float) -> str:
    """How long an answer took, in words: "12 s", "2 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


@register.simple_tag
def turn_page(shown: Any, number: int) -> str:
    """The address of another page of the same list."""
    return shown.page_address(number)


@register.filter
def utc(when: datetime) -> str:
    """`when` in UTC, for an attribute that the browser reads."""
    return _utc(when)


def _utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.simple_tag
def cloud_time() -> str:
    """The present moment by the cloud's clock (ms since 1970), for the page's clocks to tick on from.

    For the page, never for a fragment: it differs by the moment.
    """
    return str(round(core_clock.cloud_now().timestamp() * 1000))


@register.simple_tag
def age_of(when: datetime | None) -> str:
    """Seconds since `when`, for the page to count on from; "" for never. Not for a fragment: it differs by
    the moment.
    """
    return "" if when is None else f"{(core_clock.now() - when).total_seconds():.1f}"


@register.simple_tag
def roster_order(person: Any) -> str:
    """The place of a person in the roster as text that sorts."""
    return order(person)


@register.simple_tag
def tiles_of(rooms: Any) -> SafeString:
    """The tiles of live classes, each rendered once for all lists that show it."""
    return mark_safe("".join(tile(room) for room in rooms))


@register.simple_tag
def hand_order(person: Any) -> str:
    """The place of somebody in the queue of raised hands as text that sorts."""
    return order_of_hand(person)


@register.simple_tag
def role_words(role: str) -> str:
    """A role of the classroom in words."""
    return str(ROLES.get(role, role))


@register.simple_tag
def instant(when: datetime) -> str:
    """A moment in UTC to the millisecond, for a script to read."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.simple_tag
def countdown(when: datetime) -> SafeString:
    """What is left until `when`, counted by the browser to the second."""
    plain = when.astimezone(UTC).strftime(_PLAIN["second"])
    return format_html('<time class="number" datetime="{0}" data-due="{0}">{1}</time>', instant(when), plain)


@register.simple_tag
def classes_order(room: Any) -> str:
    """The place of a live class among the tiles as text that sorts: what needs a person, the most pressing
    first; then the one that started last.
    """
    return wall_order(room)


@register.simple_tag
def web_address(url: Any) -> str:
    """`url` where it is safe to link to: http or https; "" for anything else (a name can be hostile)."""
    return str(url) if str(url).lower().startswith(("https://", "http://")) else ""


@register.simple_tag
def file_name(url: Any) -> str:
    """What to call a file by its address."""
    return name_of_file(str(url))


@register.simple_tag
def room_type(room: Any) -> str:
    """The kind of room in words."""
    return str(ROOM_TYPES.get(room.room_type) or _("Unknown"))


@register.simple_tag
def json_of(value: Any) -> str:
    """A value as JSON that people can read, without what is secret."""
    return pretty(without_secrets(value))


@register.filter
def poll_bars(poll: Any) -> list[dict[str, Any]]:
    """The choices of a poll: `words`, `count`, `percent` (0 to 100), whatever shape the cloud gave."""
    details = poll.details if isinstance(poll.details, dict) else {}
    bars = []
    for index, words in enumerate(poll.items if isinstance(poll.items, list) else []):
        row = details.get(str(index))
        row = row if isinstance(row, dict) else {}
        bars.append(
            {"words": words, "count": row.get("num") or 0, "percent": _percent(row.get("percentage"))}
        )
    return bars


def _percent(share: Any) -> float:
    try:
        return max(0.0, min(100.0, float(share) * 100))
    except (TypeError, ValueError):
        return 0.0
