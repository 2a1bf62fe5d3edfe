"""Check the addresses of servers without using the network."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether the host is `localhost` or a loopback address, which only this machine can reach."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_web_address(url: str) -> bool:
    """Return whether this is an absolute http or https URL with a host. A port must be valid."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_SITE_LOCAL: Final = ipaddress.ip_network("fec0::/10")
"""The private addresses of IPv6 until 2004. Some networks still use them."""
_METADATA: Final = frozenset({"168.63.129.16"})
"""Addresses of cloud services for their machines that are not in a private range. All others are."""


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the internet, and not of a private network or this machine.

    An IPv6 address that stands for an IPv4 address is judged by the latter. Raise ValueError if this is no IP
    address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inside = _ipv4_inside(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if inside is not None:
        return is_public(str(inside))
    special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip in _SITE_LOCAL
    return ip.is_global and not special and str(ip) not in _METADATA


def _ipv4_inside(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
