"""Tags that every page may use: icons, times that the browser formats, the person's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from classroom_admin.core import clock as core_clock
from classroom_admin.live import icons
from classroom_admin.live.reading import file_name as name_of_file
from classroom_admin.live.roster import order
from classroom_admin.live.tiles import tile
from classroom_admin.live.wording import ROOM_TYPES
from classroom_admin.rooms.models import RoomState

register = template.Library()

# Words for those without JavaScript; the browser writes them again in the person's zone and language.
_PLAIN = {
    "time": "%H:%M UTC",
    "second": "%H:%M:%S UTC",
    "date": "%-d %b %Y, %H:%M UTC",
    "age": "%H:%M UTC",
    "for": "%H:%M UTC",
}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon as a picture without words; say what it means beside it (or in `.sr-only`)."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}"/></svg>',
        f" {extra}" if extra else "",
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


@register.simple_tag(takes_context=True)
def person_zone(context: dict[str, Any]) -> str:
    """The IANA zone in which the person reads times: their own, else the school's. For the page, never a
    fragment.
    """
    user = context.get("user")
    return getattr(user, "time_zone", "") or settings.TIME_ZONE


@register.simple_tag
def clock(room: Any) -> SafeString:
    """How long the class has run, counted by the browser."""
    return format_html(
        '<span class="clock" data-from="{}">since {}</span>',
        _utc(room.started_at),
        room.started_at.astimezone(UTC).strftime("%H:%M UTC"),
    )


@register.simple_tag
def over_time(room: Any) -> SafeString | str:
    """By how much the class is past its planned end; the browser shows it once it is."""
    if not room.planned_end_at or room.current_state != RoomState.STARTED:
        return ""
    return format_html(
        '<span class="badge warn" data-over="{}" hidden>{}<span>Over time</span></span>',
        _utc(room.planned_end_at),
        icon("timer"),
    )


@register.simple_tag
def lasted(start: datetime, end: datetime) -> str:
    """How long something took, in words: "47 min", "1 h 05 min"."""
    minutes = max(0, round((end - start).total_seconds() / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


@register.simple_tag
def took(seconds: float) -> str:
    """How long an answer took, in words: "12 s", "2 min 05 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


@register.simple_tag
def turn_page(shown: Any, number: int) -> str:
    """The address of another page of the same list."""
    return shown.page_address(number)


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
def classes_order(room: Any) -> str:
    """The place of a live class among the tiles as text that sorts: the one that started last first."""
    started = int(room.started_at.timestamp()) if room.started_at else 0
    return f"{10**11 - started:012d}{room.name.casefold()[:24]}{room.pk:012d}"


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
    return ROOM_TYPES.get(room.room_type, "Not known")


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
