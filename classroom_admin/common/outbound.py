"""Send requests to addresses that people or other systems named, without reaching private networks.

The name of the host is resolved once. All its addresses are checked, and the connection goes to a checked
address. So an answer of the name server that changes in between (DNS rebinding) has no effect. TLS still
verifies the certificate for the name. Redirects are not followed, proxies are not used, and the time and the
size of an answer are bounded. `OUTBOUND_PRIVATE_NETWORKS` allows addresses that are not public.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.conf import settings
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from classroom_admin.common import clock
from classroom_admin.common.addresses import is_public
from classroom_admin.common.problems import Problem
from classroom_admin.common.version import version

TIMEOUT_S: Final = 10.0
"""The time for a request in all. Looking up the name of the host may take a few seconds more."""
CONNECT_S: Final = 5.0
MOST_BYTES: Final = 64_000
_PORTS: Final = {"http": 80, "https": 443}


class OutboundRefused(Exception):
    """The error if the dashboard must not send a request to an address. Trying again does not help."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class OutboundFailed(Exception):
    """The error if a server did not answer, or not in HTTP. Trying again later may help."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a server.

    The names of headers are in lower case. `body` has at most `most_bytes` bytes; `is_cut` is True if it was
    longer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes. `host` is the name in the address, `addresses` are checked IP addresses."""

    scheme: str
    host: str
    port: int
    path: str
    host_header: str
    addresses: tuple[str, ...]


def check(url: str) -> None:
    """Raise OutboundRefused if `url` can't be used. This looks up the name of the host.

    A name that is unknown now is accepted, because it may become known.
    """
    with suppress(OutboundFailed):
        _target(url)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout_s: float = TIMEOUT_S,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Send a request and return the answer, whatever its status is.

    Raise OutboundRefused if the address must not be used, and OutboundFailed if there is no answer.
    """
    target = _target(url)
    ends_at = clock.monotonic() + timeout_s
    try:
        with closing(_connected(target, ends_at)) as plain, _deadline(plain, ends_at) as expired:
            try:
                answer = _exchange(_on_socket(target, plain), target, method, headers or {}, body, most_bytes)
            except (OSError, http.client.HTTPException):
                if not expired.is_set():
                    raise
            if expired.is_set():
                raise TimeoutError
            return answer
    except TimeoutError:
        params = {"host": target.host, "seconds": f"{timeout_s:g}"}
        raise OutboundFailed(Problem("outbound_timeout", params)) from None
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise OutboundFailed(Problem("outbound_tls", {"host": target.host, "error": reason})) from error
    except OSError as error:
        raise OutboundFailed(Problem("outbound_unreachable", {"host": target.host})) from error
    except http.client.HTTPException as error:
        raise OutboundFailed(Problem("outbound_bad_answer", {"host": target.host})) from error


def _target(url: str) -> _Target:
    parts = _parsed(url)
    scheme, host = str(parts.scheme), str(parts.host).strip("[]")
    port = parts.port or _PORTS[scheme]
    addresses = _resolved(host, port)
    for address in addresses:
        if is_public(address):
            if scheme != "https":
                raise OutboundRefused(Problem("outbound_not_https"))
        elif not _is_allowed(address):
            raise OutboundRefused(Problem("outbound_private", {"host": host, "address": address}))
    return _Target(scheme, host, port, parts.request_uri, parts.netloc or host, addresses)


def _parsed(url: str) -> Url:
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise OutboundRefused(Problem("outbound_not_address")) from None
    is_odd = url != url.strip() or "\\" in url  # parsers disagree about the host of an address with "\"
    if parts.scheme not in _PORTS or not parts.host or parts.auth or parts.fragment or is_odd:
        raise OutboundRefused(Problem("outbound_not_address"))
    return parts


def _resolved(host: str, port: int) -> tuple[str, ...]:
    """Return all addresses of a host, without repetitions. An IPv6 address may end in a zone."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailed(Problem("outbound_unknown_host", {"host": host})) from None
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


def _is_allowed(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    networks = (ipaddress.ip_network(one) for one in settings.OUTBOUND_PRIVATE_NETWORKS)
    return any((mapped or ip) in network for network in networks)


def _connected(target: _Target, ends_at: float) -> socket.socket:
    """Connect to the first address that accepts. Raise the error of the last address if none does."""
    failure: OSError | None = None
    for address in target.addresses:
        left_s = ends_at - clock.monotonic()
        if left_s <= 0:
            break
        try:
            return socket.create_connection((address, target.port), timeout=min(CONNECT_S, left_s))
        except OSError as error:
            failure = error
    raise failure or TimeoutError


@contextmanager
def _deadline(plain: socket.socket, ends_at: float) -> Iterator[threading.Event]:
    """Break the connection at a moment. The yielded event is set if this happened.

    The time-out of a socket begins anew with each byte. So a server that sends one byte every few seconds
    could hold a worker for ever.
    """
    expired = threading.Event()
    own = plain.dup()  # TLS takes over the first one

    def end() -> None:
        expired.set()
        with suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    left_s = max(0.0, ends_at - clock.monotonic())
    plain.settimeout(left_s or 0.001)
    timer = threading.Timer(left_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
        own.close()


def _on_socket(target: _Target, plain: socket.socket) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = plain
    if target.scheme == "https":
        connection.sock = _tls().wrap_socket(plain, server_hostname=target.host)
    return connection


@cache
def _tls() -> ssl.SSLContext:
    """Return the context of all connections. It trusts the system's authorities and those of `certifi`.

    The environment variable SSL_CERT_FILE may name a file with a school's own authority.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _exchange(
    connection: http.client.HTTPConnection,
    target: _Target,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    most_bytes: int,
) -> Answer:
    """Send the request, read the answer and close the connection."""
    fixed = {"Host": target.host_header, "Accept-Encoding": "identity", "Connection": "close"}
    sent = {**fixed, "User-Agent": f"classroom-admin/{version()}", **headers}
    with closing(connection):
        connection.request(method, target.path, body=body or None, headers=sent)
        response = connection.getresponse()
        with closing(response):
            content = response.read(most_bytes + 1)
            found = {name.lower(): response.getheader(name, "") for name in response.headers}
    return Answer(response.status, found, content[:most_bytes], len(content) > most_bytes)
