"""One HTTP exchange with one host: sent, read to its end or to the time-out, and told as plain facts.

Failures come back as values, not exceptions: a traceback through ``requests`` would show the headers, token
included, among the locals of its frames.
"""

from __future__ import annotations

import ipaddress
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

from classroom_admin.common.sentence import Sentence

CONNECTIONS_PER_HOST: Final = 16
MOST_BODY_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-agora-request-id", "x-trace-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of an exchange. ``status`` None: no answer. ``sent`` False: surely nothing was sent."""

    status: int | None = None
    body: bytes = b""
    problem: str = ""
    sent: bool = True
    request_id: str | None = None
    retry_after: str | None = None
    date: str | None = None

    @property
    def whole(self) -> bool:
        return self.status is not None and not self.problem


class Wire:
    """Pooled connections to the cloud's hosts, for any number of threads."""

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
        """Send once and read the whole answer. ``read_s`` bounds each silence, ``until`` (monotonic) the
        whole.
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
        """Close all idle connections."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _read_body(self, response: requests.Response, *, until: float) -> tuple[bytes, str]:
        body = bytearray()
        problem = ""
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    problem = Sentence("The answer is larger than 64 MiB.")
                elif self._monotonic() > until:
                    problem = Sentence("The answer arrived too slowly, so the request was stopped.")
                if problem:
                    break
        except ReadTimeoutError:
            problem = Sentence("The cloud stopped in the middle of its answer.")
        except (HTTPError, OSError) as error:
            problem = f"The answer broke off ({type(error).__name__})."
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
    # No retries down here: what may be repeated is decided per call, and the polling call never is.
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=CONNECTIONS_PER_HOST, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A school behind a proxy names it in the environment; a simulator on this machine must not be asked
    # through it.
    session.trust_env = not is_loopback(host)
    session.headers["User-Agent"] = "classroom-admin"
    return session


def is_loopback(url: str) -> bool:
    """Whether a web address names this machine."""
    name = urlsplit(url).hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _nothing_was_sent(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason: Any = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(error, requests.exceptions.SSLError):
        # The certificate is judged before the request goes out; other TLS errors may come in mid-answer.
        return "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _why(error: Exception) -> str:
    """Say what happened in words of ours: the library's text may name addresses and more."""
    if isinstance(error, requests.exceptions.ProxyError):
        return Sentence("The proxy could not be reached or blocked the request.")
    if isinstance(error, requests.exceptions.SSLError):
        return Sentence(
            "The connection could not be secured (TLS). Check the certificate, and whether "
            "something is in between."
        )
    if isinstance(error, requests.ConnectTimeout):
        return Sentence("The cloud did not accept the connection in time.")
    if isinstance(error, requests.Timeout):
        return Sentence("The cloud did not answer in time.")
    if _nothing_was_sent(error):
        return Sentence("The cloud could not be reached: connection refused or unknown host.")
    return Sentence("The connection was lost before an answer arrived.")
