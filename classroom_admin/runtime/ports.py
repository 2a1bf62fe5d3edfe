"""Check whether a server can listen on an address. If not, explain why."""

import errno
import socket
import time


class PortProblem(Exception):
    """Raised if a server can't listen on the address. The message says why and what to do."""


def check_free(host: str, port: int) -> None:
    """Raise ``PortProblem`` if a server can't currently listen on ``host:port``."""
    if not 1 <= port <= 65535:
        raise PortProblem(f"PORT is {port}: it must be a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortProblem(f"HOST is {host!r}, which is not an address ({error.strerror}).") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise PortProblem(_words(error, host, port)) from error


def wait_free(host: str, port: int, *, within_s: float = 1.0) -> None:
    """Wait until ``host:port`` is free. The process of the last run may still be ending.

    Raise ``PortProblem`` if the address is not free after ``within_s`` seconds.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return check_free(host, port)
        except PortProblem:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def free_port(preferred: int | None = None) -> int:
    """Return ``preferred`` if this port is free on the loopback address. Otherwise return a free port."""
    for wanted in [preferred, 0] if preferred else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
                probe.listen(1)
            except OSError as error:
                if wanted and error.errno == errno.EADDRINUSE:
                    continue
                raise
            return int(probe.getsockname()[1])
    raise AssertionError("port 0 is never taken")


def reachable(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def accepts(host: str, port: int) -> bool:
    """Return whether a server accepts connections on ``host:port``. For a wildcard host, try loopback."""
    try:
        with socket.create_connection((reachable(host), port), timeout=0.3):
            return True
    except OSError:
        return False


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Choose another with PORT={port + 1 if port < 65535 else 8000}."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system. Choose one from 1024 with PORT=8000."
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"HOST is {host!r}, which is not an address of this machine. Choose another with HOST=127.0.0.1."
        )
    return f"Port {port} on {host} can't be listened on: {error.strerror}."
