"""Build addresses of the dashboard, and find out who can reach them."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from classroom_admin.common.addresses import is_loopback


def absolute(path: str) -> str:
    """Return the full address of a path on this dashboard. The path includes the prefix of ``PUBLIC_URL``."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}{path}"


def reach(public_url: str) -> str:
    """Return who can open ``public_url``: "world", "network" (a private network) or "machine" (this one)."""
    host = (urlsplit(public_url).hostname or "").lower().removesuffix(".")
    if not host or is_loopback(host):
        return "machine"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
        return "network" if local else "world"
    if address.is_unspecified:
        return "machine"
    return "world" if address.is_global else "network"
