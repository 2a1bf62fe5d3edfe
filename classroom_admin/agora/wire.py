"""Send one HTTP request to one host and read the whole response.

Failures are returned, not raised: a traceback through `requests` would show the headers, including the token,
in the local variables of its frames.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
)

from classroom_admin.common.addresses import is_loopback
from classroom_admin.common.problems import Problem

CONNECTIONS_PER_HOST: Final = 16
MOST_BODY_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-agora-request-id", "x-trace-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The result of sending one request.

    `status` is None if there is no response. `sent` is False if the request can't have arrived.
    """

    status: int | None = None
    body: bytes = b""
    problem: Problem | None = None
    sent: bool = True
    request_id: str | None = None
    retry_after: str | None = None
    date: str | None = None

    @property
    def whole(self) -> bool:
        return self.status is not None and self.problem is None


class Wire:
    """A thread-safe pool of connections to the cloud's hosts."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sessions: dict[str, requests.Session] = {}
        self._lock = threading.Lock()

    def exchange(
        self,
        host: str,
        *,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None,
        auth: AuthBase,
        connect_s: float,
        read_s: float,
        until: float,
    ) -> Reply:
        """Send one request and read the whole response.

        `read_s` limits the wait for the next bytes. `until` (monotonic time) limits the total time.
        """
        response = None
        reply = Reply()
        try:
            response = self._session(host).request(
                method,
                host + path,
                params=query,
                data=body,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                auth=auth,
                timeout=(connect_s, read_s),
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, HTTPError) as error:
            reply = Reply(problem=_why(error), sent=not _nothing_was_sent(error))
        if response is None:
            return reply
        received, problem = self._read_body(response, until=until)
        return Reply(
            status=response.status_code,
            body=received,
            problem=problem,
            request_id=next((v for n in _REQUEST_ID_HEADERS if (v := response.headers.get(n))), None),
            retry_after=response.headers.get("Retry-After"),
            date=response.headers.get("Date"),
        )

    def close(self) -> None:
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _read_body(self, response: requests.Response, *, until: float) -> tuple[bytes, Problem | None]:
        body = bytearray()
        problem: Problem | None = None
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    problem = Problem("answer_too_long")
                elif self._monotonic() > until:
                    problem = Problem("answer_too_slow")
                if problem:
                    break
        except ReadTimeoutError:
            problem = Problem("answer_stopped")
        except (HTTPError, OSError) as error:
            problem = Problem("answer_broke_off", {"kind": type(error).__name__})
        if problem:
            response.close()
        return bytes(body), problem

    def _session(self, host: str) -> requests.Session:
        with self._lock:
            session = self._sessions.get(host)
            if session is None:
                session = self._sessions[host] = _new_session(host)
            return session


def _new_session(host: str) -> requests.Session:
    session = requests.Session()
    # Do not retry here. `Transport` decides this for each call, and the polling call is never repeated.
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=CONNECTIONS_PER_HOST, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Use the proxy from the environment, but not for a simulator on this machine.
    session.trust_env = not is_loopback(urlsplit(host).hostname or "")
    session.headers["User-Agent"] = "classroom-admin"
    return session


def _nothing_was_sent(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason: Any = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(error, requests.exceptions.SSLError):
        # The certificate is checked before the request is sent. Other TLS errors may occur afterwards.
        return "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _why(error: Exception) -> Problem:
    """Return a problem for an exception of the HTTP library. Its own text may contain addresses."""
    if isinstance(error, requests.exceptions.ProxyError):
        return Problem("proxy_failed")
    if isinstance(error, requests.exceptions.SSLError):
        return Problem("tls_failed")
    if isinstance(error, requests.ConnectTimeout):
        return Problem("connect_timed_out")
    if isinstance(error, requests.Timeout):
        return Problem("no_answer_in_time")
    if _nothing_was_sent(error):
        return Problem("unreachable")
    return Problem("connection_broke")
