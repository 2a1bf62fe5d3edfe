"""Template tags with the school's name, logo, colours, links and announcement.

    {% load school_face %}{% school as school %} … {{ school.title }}

They work in every template: pages, mails, and reports. They cost no query (`accounts.face`).
"""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.urls import reverse

from classroom_admin.accounts import face
from classroom_admin.accounts.face import Banner, Face
from classroom_admin.web.face.files import palette_address

register = template.Library()
_LOOKS: Final = {
    "information": ("", "megaphone"),
    "warning": ("warn", "triangle-alert"),
    "urgent": ("bad", "circle-alert"),
}


@register.simple_tag
def school() -> Face:
    """Return the school's face. `title` is its name or, without one, that of the product."""
    return face.current()


@register.simple_tag
def school_of_error_page() -> Face:
    """Return the face that this process knows, without the database."""
    return face.last_known()


@register.filter
def logo_address(of: Face) -> str:
    """Return the address of the logo, or "" without one."""
    return reverse("face:logo_file", args=[of.logo]) if of.logo else ""


@register.filter
def palette_sheet(of: Face) -> str:
    """Return the address of the style sheet with the school's colours, or "" without an own colour."""
    return palette_address(of.colour) if of.colour else ""


@register.simple_tag(takes_context=True)
def announcement(context: dict[str, Any]) -> Banner | None:
    """Return the announcement that the person sees now, or None."""
    banner = face.current().banner
    return banner if banner is not None and banner.is_for(context.get("user")) else None


@register.filter
def look(banner: Banner) -> str:
    """Return the class of the notice for the importance of an announcement."""
    return _LOOKS.get(banner.level, _LOOKS["information"])[0]


@register.filter
def look_icon(banner: Banner) -> str:
    """Return the icon for the importance of an announcement."""
    return _LOOKS.get(banner.level, _LOOKS["information"])[1]
