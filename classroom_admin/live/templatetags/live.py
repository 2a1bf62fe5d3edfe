"""Tags that every page may use: icons, times that the browser formats, the person's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from classroom_admin.live import icons

register = template.Library()

# Words for those without JavaScript; the browser writes them again in the person's zone and language.
_PLAIN = {"time": "%H:%M UTC", "second": "%H:%M:%S UTC", "date": "%-d %b %Y, %H:%M UTC", "age": "%H:%M UTC", "for": "%H:%M UTC"}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon as a picture without words; say what it means beside it (or in `.sr-only`)."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}"/></svg>', f" {extra}" if extra else "", icons.address(name)
    )


@register.simple_tag
def moment(when: datetime | None, style: str = "time") -> SafeString | str:
    """`when` as `<time>` in UTC. `style`: time 10:42, second 10:42:07, date 3 May, 10:42, age "3 min ago", for "3 min"."""
    if when is None:
        return ""
    utc = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-as="{}">{}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        style,
        utc.strftime(_PLAIN[style]),
    )


@register.simple_tag(takes_context=True)
def person_zone(context: dict[str, Any]) -> str:
    """The IANA zone in which the person reads times: their own, else the school's. For the page, never a fragment."""
    user = context.get("user")
    return getattr(user, "time_zone", "") or settings.TIME_ZONE
