"""Template tags and filters for all pages: icons, times that the browser formats, and words for codes."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from classroom_admin.common import clock as core_clock
from classroom_admin.common import clock_jumps, disk_space, problem_texts
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import without_secrets
from classroom_admin.rooms.models import RoomState
from classroom_admin.sync import freshness
from classroom_admin.web import icons
from classroom_admin.web.class_list.live_classes import alert_line, tile
from classroom_admin.web.classroom.roster import hand_order, roster_order, row
from classroom_admin.web.json_input import pretty
from classroom_admin.web.script_texts import words_for_scripts
from classroom_admin.web.wording import ROLES, ROOM_TYPES

register = template.Library()
for shared in (hand_order, roster_order, words_for_scripts):
    register.simple_tag(shared)
register.simple_tag(disk_space.is_low, name="disk_is_low")


@register.simple_tag
def clock_jump() -> clock_jumps.Jump | None:
    """Return the jump of this server's clock within the last day, or None."""
    return clock_jumps.last(settings.DATA_DIR)


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
    """Return how many `rows` the filter `slice:shown` leaves out."""
    return max(0, len(rows) - shown) if isinstance(shown, int) else 0


@register.simple_tag(takes_context=True)
def rail_count(context: dict[str, Any], name: str, number: int, look: str = "") -> SafeString:
    """Return the number beside the link to the panel `name`. From 1,000 on, it looks like "1.2k".

    In a fragment, it replaces the number on the page. A zero is hidden.
    """
    full = mark_safe("")
    words = str(number)
    if number >= 1000:
        words = f"{number // 100 / 10:g}k"
        full = format_html('<span class="sr-only">{}</span>', number)
    return format_html(
        '<span id="count-{}" class="count {}"{}{}><span{}>{}</span>{}</span>',
        name,
        look,
        mark_safe(' hx-swap-oob="morph"') if context.get("oob") else "",
        "" if number else mark_safe(" hidden"),
        mark_safe(' aria-hidden="true"') if full else "",
        words,
        full,
    )


@register.simple_tag
def count_up(since: datetime) -> SafeString:
    """Return an element that shows the time since `since` and counts up in the browser."""
    plain = since.astimezone(UTC).strftime(_PLAIN["second"])
    return format_html('<time class="number" datetime="{0}" data-up="{0}">{1}</time>', utc(since), plain)


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    """Return an icon as SVG. Screen readers ignore it, so the page must also have its meaning as text."""
    classes = " ".join(filter(None, ("icon", "points" if name in icons.POINTING else "", extra)))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"/></svg>',
        classes,
        icons.address(name),
    )


@register.simple_tag
def moment(when: datetime | None, style: str = "time", since: datetime | None = None) -> SafeString | str:
    """Return `when` as a `<time>` element in UTC. Return "" if `when` is None.

    `style` is `time` (10:42), `second` (10:42:07), `date` (3 May, 10:42), `age` (3 min ago) or `for` (3 min).
    `time` and `second` also show the day, unless `since` is on the same day.
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
    """Return a problem as text in the active language. The problem may be in its stored form."""
    if isinstance(problem, Problem):
        return problem_texts.in_words(problem)
    return problem_texts.stored_in_words(problem)


@register.simple_tag(takes_context=True)
def trouble(context: dict[str, Any], error: str | None) -> str:
    """Return the problem with the cloud in words. They depend on the role of the user."""
    user = context.get("user")
    return freshness.trouble_in_words(error, administrator=bool(getattr(user, "may", {}).get("settings")))


@register.simple_tag
def outage_after() -> str:
    """Return the age in seconds at which the page says that the cloud does not answer."""
    return f"{freshness.outage_after_s():g}"


@register.simple_tag(takes_context=True)
def person_zone(context: dict[str, Any]) -> str:
    """Return the account's IANA time zone, or "" for the browser's zone. Use this only in whole pages."""
    return str(getattr(context.get("user"), "time_zone", ""))


@register.simple_tag
def clock(room: Any) -> SafeString:
    """Return an element that shows how long a class has run."""
    started = room.started_at.astimezone(UTC).strftime(_PLAIN["time"])
    return format_html(
        '<span class="clock" data-from="{}">{}</span>',
        utc(room.started_at),
        _("since %(time)s") % {"time": started},
    )


@register.simple_tag
def time_to_end(room: Any) -> SafeString:
    """Return an element that shows the time to a class's planned end."""
    return format_html(
        '<span class="quiet" data-to-end="{}" data-words="{}"></span>',
        utc(room.planned_end_at),
        pgettext("remaining time", "%s left"),
    )


@register.simple_tag
def time_left(room: Any) -> SafeString | str:
    """Return an element that shows the time left. If there is no planned end, it shows the time so far."""
    until = room.planned_end_at
    if until is None and room.started_at is None:
        return ""
    name = "data-ends" if until is not None else "data-runs"
    when = until or room.started_at
    return format_html(
        '<p class="left" {}="{}">{}</p>',
        mark_safe(name),
        utc(when),
        when.astimezone(UTC).strftime("%H:%M UTC"),
    )


@register.simple_tag
def time_bar(room: Any) -> SafeString | str:
    """Return a bar that shows how much of a class's planned time has passed."""
    if room.started_at is None or room.planned_end_at is None or room.now_state != RoomState.STARTED:
        return ""
    span = max(1, round((room.planned_end_at - room.started_at).total_seconds()))
    return format_html(
        '<progress aria-hidden="true" max="{}" value="0" data-begun="{}"></progress>',
        span,
        utc(room.started_at),
    )


@register.filter
def at_most_99(number: int) -> str:
    """Return the number as text, or "99+" for higher numbers."""
    return str(number) if number < 100 else "99+"


@register.simple_tag
def over_time(room: Any) -> SafeString | str:
    """Return an element that shows the overtime of a running class. Return "" for other classes."""
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
    """Return the URL of the page with this `number`. `shown` is the paginated list."""
    return str(shown.page_address(number))


@register.filter
def from_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 UTC as a time."""
    return core_clock.from_ms(ms)


@register.filter
def utc(when: datetime) -> str:
    """Return `when` in UTC as the browser reads it from an attribute."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.simple_tag
def cloud_time() -> str:
    """Return the current cloud time in milliseconds since 1970. The page's clocks start with it.

    Use this only in whole pages, because the result differs with every call.
    """
    return str(round(core_clock.cloud_now().timestamp() * 1000))


@register.simple_tag
def age_of(when: datetime | None) -> str:
    """Return the seconds since `when`, or "" if `when` is None. The browser counts up from there.

    Use this only in whole pages, because the result differs with every call.
    """
    return "" if when is None else f"{(core_clock.now() - when).total_seconds():.1f}"


@register.simple_tag
def tiles_of(rooms: Any) -> SafeString:
    """Return the tiles of live classes as HTML. All pages share a tile that was rendered once."""
    return mark_safe("".join(tile(room) for room in rooms))


@register.simple_tag
def alerts_of(rooms: Any, may: Any) -> SafeString:
    """Return the alerts as HTML. All users with the same role share an alert that was rendered once."""
    lines = (alert_line(room, may=may) for room in rooms)
    return mark_safe("".join(lines))


@register.simple_tag(takes_context=True)
def roster_rows(context: dict[str, Any], people: Any, presenter: Any) -> SafeString:
    """Return rows of the roster as HTML. Each row is rendered once and shared by all pages of the class."""
    offers = {
        "may": presenter.controls.row,
        "may_remove": presenter.may["run"],
        "read_only": presenter.read_only,
    }
    return mark_safe("".join(row(person, room=context["room"], **offers) for person in people))


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
    """Return an element that shows the seconds until `when`."""
    plain = when.astimezone(UTC).strftime(_PLAIN["second"])
    return format_html('<time class="number" datetime="{0}" data-due="{0}">{1}</time>', instant(when), plain)


@register.simple_tag
def web_address(url: Any) -> str:
    """Return `url` if it is safe in a link because it begins with http:// or https://.

    Otherwise return "".
    """
    return str(url) if str(url).lower().startswith(("https://", "http://")) else ""


@register.simple_tag
def file_name(url: Any) -> str:
    """Return a file name for a URL. It is the last part of the path, or the host if that is empty."""
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
