"""Find out the address of a client, its scheme and its host behind the proxies that TRUSTED_PROXIES names.

Headers like X-Forwarded-For count only if a trusted proxy sent the request. In X-Forwarded-For, each proxy
appends the address that it saw. So the last address that is no trusted proxy is the client's; everything
before it may be invented.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

UNIX: Final = "unix"
"""The name of peers that connect through a unix socket, and so have no address."""
FORWARDED: Final = (
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-ssl",
    b"x-forwarded-scheme",
    b"x-real-ip",
    b"forwarded",
)
"""Headers in which a proxy describes the client. Only `Sender` may use them."""
Headers = Iterable[tuple[bytes, bytes]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The addresses of the proxies, and whether proxies may connect through a unix socket."""

    networks: tuple[Network, ...] = ()
    unix_sockets: bool = False

    @classmethod
    def of(cls, parts: Iterable[str]) -> TrustedProxies:
        """Read addresses, networks and the word `unix`. Raise ValueError for anything else."""
        given = list(parts)
        networks = tuple(ipaddress.ip_network(part) for part in given if part != UNIX)
        return cls(networks, UNIX in given)

    def __contains__(self, address: str) -> bool:
        if address == UNIX:
            return self.unix_sockets
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request: the address of the client, and the scheme and host that it used.

    `scheme` and `host` are empty if no trusted proxy named them.
    """

    address: str
    scheme: str = ""
    host: str = ""


def sender(peer: str, headers: Headers, trusted: TrustedProxies) -> Sender:
    """Return who sent a request that arrived from `peer`, an address or `unix`."""
    if peer not in trusted:
        return Sender(normal(peer))
    found = {name: _values(headers, name) for name in FORWARDED[:3]}
    scheme = _last(found[b"x-forwarded-proto"]).lower()
    return Sender(
        address=_client(normal(peer), found[b"x-forwarded-for"], trusted),
        scheme=scheme if scheme in ("http", "https") else "",
        host=_last(found[b"x-forwarded-host"]),
    )


def client_address(request: HttpRequest) -> str:
    """Return the address of the client: IPv4 or IPv6 in its shortest form, without a port.

    The ASGI front has already replaced a trusted proxy by its client. Return "" for a unix socket whose proxy
    named no client.
    """
    address = normal(request.META.get("REMOTE_ADDR", ""))
    return "" if address == UNIX else address


def client_network(address: str) -> str:
    """Return what one client controls: an IPv4 address, or the /64 network of an IPv6 address."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed) if parsed else address


def normal(address: str) -> str:
    """Return an address in its shortest form, without a port. Return other texts as they are."""
    parsed = _parsed(address)
    return str(parsed) if parsed is not None else address


def _client(peer: str, hops: list[str], trusted: TrustedProxies) -> str:
    """Return the right-most address that is no trusted proxy. An unreadable hop ends the search."""
    found = peer
    for hop in reversed(hops):
        parsed = _parsed(hop)
        if parsed is None:
            break
        found = str(parsed)
        if found not in trusted:
            break
    return found


def _values(headers: Headers, name: bytes) -> list[str]:
    """Return the parts of all headers with this name, in their order."""
    texts = [value.decode("latin-1") for key, value in headers if key == name]
    return [part.strip() for text in texts for part in text.split(",")]


def _last(values: list[str]) -> str:
    return values[-1] if values else ""


def _parsed(text: str) -> Address | None:
    """Parse `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]` or `[::1]:80`. An IPv4 address in IPv6 becomes IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
