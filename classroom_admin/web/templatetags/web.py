"""Template tags and filters for all pages: icons, times that the browser formats, and words for codes."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

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
from classroom_admin.web import icons
from classroom_admin.web.class_list.live_classes import tile
from classroom_admin.web.classroom.roster import hand_order, roster_order
from classroom_admin.web.json_input import pretty
from classroom_admin.web.script_texts import words_for_scripts
from classroom_admin.web.wording import ROLES, ROOM_TYPES

register = template.Library()
for shared in (hand_order, roster_order, words_for_scripts):
    register.simple_tag(shared)

# Time formats without JavaScript. With JavaScript, the browser uses the person's time zone and language.
_PLAIN = {
    "time": "%-d %b, %H:%M UTC",
    "second": "%-d %b, %H:%M:%S UTC",
    "date": "%-d %b %Y, %H:%M UTC",
    "age": "%-d %b, %H:%M UTC",
    "for": "%-d %b, %H:%M UTC",
}
_WITHOUT_DAY = {"time": "%H:%M UTC", "second": "%H:%M:%S UTC"}


@register.filter
def beyond(rows: list[Any], shown: int | str) -> int:
    """Return the number of `rows` that the filter `slice:shown` omits."""
    return max(0, len(rows) - shown) if isinstance(shown, int) else 0


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Return an icon as SVG, hidden from screen readers. Put its meaning beside the icon or in `.sr-only`."""
    classes = " ".join(filter(None, ("icon", "points" if name in icons.POINTING else "", extra)))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"/></svg>',
        classes,
        icons.address(name),
    )


@register.simple_tag
def moment(when: datetime | None, style: str = "time", since: datetime | None = None) -> SafeString | str:
    """Return `when` as a `<time>` element in UTC; "" if `when` is None.

    `style` is `time` (10:42), `second` (10:42:07), `date` (3 May, 10:42), `age` (3 min ago) or `for` (3 min).
    `time` and `second` also show the day, unless `since` is on the same day. Without `since`, the browser
    compares with the start of the class, or with today if the page shows no started class.
    """
    if when is None:
        return ""
    known = since is not None and since.astimezone(UTC).date() == when.astimezone(UTC).date()
    return format_html(
        '<time datetime="{}" data-as="{}"{}>{}</time>',
        utc(when),
        style,
        format_html(' data-since="{}"', utc(since)) if since is not None else "",
        when.astimezone(UTC).strftime(_WITHOUT_DAY.get(style, _PLAIN[style]) if known else _PLAIN[style]),
    )


@register.filter
def said(problem: Problem | str | None) -> str:
    """Return a problem, which may be in its stored form, as text in the active language."""
    if isinstance(problem, Problem):
        return problem_texts.in_words(problem)
    return problem_texts.stored_in_words(problem)


@register.simple_tag(takes_context=True)
def person_zone(context: dict[str, Any]) -> str:
    """Return the account's IANA time zone; "" means the browser's zone. Use this tag only in whole pages."""
    return str(getattr(context.get("user"), "time_zone", ""))


@register.simple_tag
def clock(room: Any, left: bool = False) -> SafeString:
    """Return an element in which the browser shows how long a class has run; `left` adds the time left."""
    started = room.started_at.astimezone(UTC).strftime(_PLAIN["time"])
    return format_html(
        '<span class="clock" data-from="{}"{}>{}</span>',
        utc(room.started_at),
        _until(room) if left else "",
        _("since %(time)s") % {"time": started},
    )


def _until(room: Any) -> SafeString | str:
    if not room.planned_end_at:
        return ""
    return format_html(
        ' data-until="{}" data-rest="{}"', utc(room.planned_end_at), pgettext("remaining time", "%s left")
    )


@register.simple_tag
def over_time(room: Any) -> SafeString | str:
    """Return an element in which the browser shows the overtime of a running class; "" for other classes."""
    if not room.planned_end_at or room.current_state != RoomState.STARTED:
        return ""
    return format_html(
        '<span class="badge warn" data-over="{}" data-words="{}" hidden>{}<span>{}</span></span>',
        utc(room.planned_end_at),
        _("%s overtime"),
        icon("timer"),
        _("Overtime"),
    )


@register.simple_tag
def lasted(start: datetime, end: datetime) -> str:
    """Return the time between `start` and `end` in words, such as "47 min" or "1 h 05 min"."""
    return _span(max(0, round((end - start).total_seconds() / 60)))


@register.simple_tag
def minutes(seconds: int) -> str:
    """Return a duration in words, such as "1 min" or "1 h 05 min". The shortest duration is one minute."""
    return _span(max(1, round(seconds / 60)))


def _span(whole: int) -> str:
    if whole < 60:
        return _("%(minutes)s min") % {"minutes": whole}
    return _("%(hours)s h %(minutes)s min") % {"hours": whole // 60, "minutes": f"{whole % 60:02}"}


@register.simple_tag
def took(seconds: float) -> str:
    """Return a short duration in words, such as "12 s" or "2 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


@register.simple_tag
def turn_page(shown: Any, number: int) -> str:
    """Return the address of the page with this `number`. `shown` is the paginated list."""
    return str(shown.page_address(number))


@register.filter
def utc(when: datetime) -> str:
    """Return `when` in UTC, for an attribute that the browser reads."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.simple_tag
def cloud_time() -> str:
    """Return the current cloud time (ms since 1970), with which the page's clocks start.

    Use this tag in pages only, not in fragments, because the result differs with every call.
    """
    return str(round(core_clock.cloud_now().timestamp() * 1000))


@register.simple_tag
def age_of(when: datetime | None) -> str:
    """Return the seconds since `when` as the start of a count in the browser; "" if `when` is None.

    Use this tag in pages only, not in fragments, because the result differs with every call.
    """
    return "" if when is None else f"{(core_clock.now() - when).total_seconds():.1f}"


@register.simple_tag
def tiles_of(rooms: Any) -> SafeString:
    """Return the tiles of live classes as HTML. Each tile is rendered once and shared by all pages."""
    return mark_safe("".join(tile(room) for room in rooms))


@register.simple_tag
def role_words(role: str) -> str:
    """Return a role in words."""
    return str(ROLES.get(role, role))


@register.simple_tag
def instant(when: datetime) -> str:
    """Return `when` in UTC with milliseconds, for scripts."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.simple_tag
def countdown(when: datetime) -> SafeString:
    """Return an element in which the browser counts down the seconds until `when`."""
    plain = when.astimezone(UTC).strftime(_PLAIN["second"])
    return format_html('<time class="number" datetime="{0}" data-due="{0}">{1}</time>', instant(when), plain)


@register.simple_tag
def web_address(url: Any) -> str:
    """Return `url` if it is safe for a link because it begins with http:// or https://; else ""."""
    return str(url) if str(url).lower().startswith(("https://", "http://")) else ""


@register.simple_tag
def file_name(url: Any) -> str:
    """Return a file name for an address: the last part of the path or, if that part is empty, the host."""
    parts = urlsplit(str(url))
    return parts.path.rsplit("/", 1)[-1] or parts.netloc or "file"


@register.simple_tag
def room_type(room: Any) -> str:
    """Return the type of a room in words."""
    return str(ROOM_TYPES.get(room.room_type) or _("Unknown"))


@register.simple_tag
def json_of(value: Any) -> str:
    """Return a value as indented JSON without secrets."""
    return pretty(without_secrets(value))
