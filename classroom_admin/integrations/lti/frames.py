"""Which sites may show a page of a launch in a frame (pure)."""

from __future__ import annotations

from urllib.parse import urlsplit

from classroom_admin.common.addresses import is_loopback
from classroom_admin.integrations.lti.claims import Message
from classroom_admin.integrations.lti.models import Platform


def origin_of(url: str) -> str:
    """Return the origin of an address, or "" if a policy can't name it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not is_safe or not all(one.isascii() and (one.isalnum() or one in ".-:") for one in host):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port else "")


def origins(platform: Platform, message: Message | None = None) -> list[str]:
    """Return the origins of the platform.

    With a verified `message`, the origins of the platform's addresses in it are included, because the pages
    of some platforms are on other hosts than their login.
    """
    found = [platform.issuer, platform.login_url, *platform.frame_origins.split()]
    if message is not None:
        found += [message.return_url, message.page_url, message.members_url, message.line_items_url]
    return list(dict.fromkeys(origin for one in found if (origin := origin_of(one))))
