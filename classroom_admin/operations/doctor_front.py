"""Checks of `manage.py doctor` that send requests to PUBLIC_URL, as people do: what does the proxy change?"""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings

from classroom_admin.common.client_address import normal
from classroom_admin.operations.doctor_result import Result, failed, ok, skipped, warning
from classroom_admin.operations.probes import STREAM_S, probe_token
from classroom_admin.runtime import ports

TIMEOUT_S: Final = (5.0, 8.0)
"""The limits for the connection, and for the pause between two parts of a response."""
INVENTED: Final = "192.0.2.77"
"""An address of the network for documentation, which no client has."""
INVENTED_HOST: Final = "invented.invalid"
TOO_LARGE: Final = 4_000_000
"""The size of a body (bytes) that no page accepts without an upload (web.size_by_address)."""
SMALL: Final = 2_000_000
LARGEST_ANSWER: Final = 100_000
_PROXY_FIX: Final = "Configure the proxy as docs/running.md shows, and restart it."


class NoAnswer(Exception):
    """Raised if PUBLIC_URL does not respond as the dashboard does. The message says why."""


def web_process() -> Result:
    """Ask the web process of this machine, without the proxy."""
    host = ports.reachable(settings.HOST)
    local = f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}{settings.PATH_PREFIX}/healthz"
    try:
        seen = _seen(local, {"Host": urlsplit(settings.PUBLIC_URL).netloc})
    except NoAnswer as error:
        fix = "Run `manage.py serve`, with the same variables as doctor. If it runs, restart it."
        return failed(f"The web process at {local} does not answer: {error}.", fix)
    if not seen.get("bounded"):
        return failed(
            "uvicorn runs without the dashboard's limits for slow clients.",
            "Start it with the options in docs/running.md.",
        )
    return ok("The web process answers.")


def public_address() -> Result:
    try:
        _seen(_public())
    except NoAnswer as error:
        return failed(
            f"{settings.PUBLIC_URL} does not answer from this machine: {error}.",
            "Check the proxy, its certificate and the DNS. Check PUBLIC_URL and ALLOWED_HOSTS.",
        )
    return ok(f"{settings.PUBLIC_URL} answers.")


def client_address() -> Result:
    """Invent a client address. The dashboard must not believe it, and must learn the true one."""
    try:
        seen = _seen(_public(), {"X-Forwarded-For": INVENTED})
    except NoAnswer as error:
        return skipped(f"PUBLIC_URL does not answer: {error}.")
    hops = [normal(part) for part in str(seen.get("forwarded_for", "")).split(",") if part.strip()]
    named_by_proxy = [hop for hop in hops if hop != INVENTED]
    peer = seen.get("peer", "")
    if seen.get("address") == INVENTED and hops[-1:] != [INVENTED]:
        return skipped(f"The proxy sees this machine as {hops[-1]}, which is trusted. Run doctor elsewhere.")
    if seen.get("address") == INVENTED:
        return failed(
            "The dashboard believes an invented X-Forwarded-For. Anyone can pretend to have any address.",
            "Let the proxy set `X-Forwarded-For` to the address that it sees, and start uvicorn with "
            "`--no-proxy-headers`. " + _PROXY_FIX,
        )
    if seen.get("peer_is_trusted") and not named_by_proxy:
        return failed(
            f"The proxy at {peer} does not say who the client is. All people seem to have one address.",
            "Let the proxy set `X-Forwarded-For`. " + _PROXY_FIX,
        )
    if named_by_proxy and not seen.get("peer_is_trusted"):
        return failed(
            f"A proxy at {peer} says who the client is, but it is not trusted. All people seem to have its "
            "address.",
            f"Set TRUSTED_PROXIES={peer} and restart.",
        )
    if _is_https() and not seen.get("peer_is_trusted"):
        return failed(
            f"The proxy at {peer} is not trusted, so all people seem to have its address.",
            f"Set TRUSTED_PROXIES={peer} and restart.",
        )
    return ok(f"The dashboard sees the true address of a client ({seen.get('address')}).")


def scheme_and_host() -> Result:
    try:
        seen = _seen(_public())
        foreign = get(_public(), {"X-Forwarded-Host": INVENTED_HOST})
    except NoAnswer as error:
        return skipped(f"PUBLIC_URL does not answer: {error}.")
    public = urlsplit(settings.PUBLIC_URL)
    if seen.get("scheme") != public.scheme:
        return failed(
            f"The dashboard sees {seen.get('scheme')} instead of {public.scheme}.",
            "Let the proxy set `X-Forwarded-Proto`, and set TRUSTED_PROXIES. " + _PROXY_FIX,
        )
    if seen.get("host") != public.netloc:
        return failed(
            f"The dashboard sees the host {seen.get('host')} instead of {public.netloc}.",
            "Let the proxy pass on `Host`. " + _PROXY_FIX,
        )
    if foreign.status_code == 400:
        return warning(
            "The proxy passes on an invented X-Forwarded-Host.",
            "Let the proxy set `X-Forwarded-Host` to the host of the request. " + _PROXY_FIX,
        )
    return ok(f"The dashboard sees {public.scheme}://{public.netloc}.")


def body_limit() -> Result:
    """Send a body that is too large, and one that is not."""
    address = f"{settings.PUBLIC_URL}/healthz"
    try:
        _seen(_public())
        small, large = _post(address, SMALL), _post(address, TOO_LARGE)
    except NoAnswer as error:
        return skipped(f"PUBLIC_URL does not answer: {error}.")
    if small == 413:
        return warning(
            f"The proxy refuses bodies of {SMALL // 1_000_000} MB, so people can't upload files.",
            f"Allow {settings.FILES_MAX_BYTES // 1_000_000 + 1} MB in the proxy (`client_max_body_size`).",
        )
    if large != 413:
        return failed(f"A body of {TOO_LARGE // 1_000_000} MB was not refused (status {large}).", _PROXY_FIX)
    return ok("Bodies that are too large are refused.")


def stream() -> Result:
    """Find out whether the proxy delivers events at once or collects them first."""
    address = f"{_public()}&stream=1"
    try:
        with _session() as session, session.get(address, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code != 200 or "event-stream" not in answer.headers.get("Content-Type", ""):
                return skipped("PUBLIC_URL does not answer as the dashboard does.")
            times = [time.monotonic() for _part in _parts(answer)]
    except requests.RequestException as error:
        return skipped(f"PUBLIC_URL does not answer: {_reason(error)}.")
    if len(times) > 1 and times[-1] - times[0] > STREAM_S / 2:
        return ok("Events arrive at once.")
    return failed(
        "The proxy collects events before it delivers them, so pages do not update live.",
        "Switch off buffering and compression of event streams in the proxy. " + _PROXY_FIX,
    )


CHECKS: Final = (web_process, public_address, client_address, scheme_and_host, body_limit, stream)


def _public() -> str:
    return f"{settings.PUBLIC_URL}/healthz?probe={probe_token()}"


def _is_https() -> bool:
    return settings.PUBLIC_URL.startswith("https://")


def _session() -> requests.Session:
    found = requests.Session()
    found.trust_env = False  # ask directly, not through this machine's proxy for the internet
    found.headers["Accept-Encoding"] = "identity"
    return found


def get(address: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Return the beginning of the response, or raise NoAnswer. Do not follow redirects."""
    try:
        with _session() as session:
            answer = session.get(
                address, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
            )
            answer._content = next(answer.iter_content(LARGEST_ANSWER), b"")
            answer.close()
            return answer
    except requests.RequestException as error:
        raise NoAnswer(_reason(error)) from error


def _seen(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return how the dashboard saw the request. Raise NoAnswer if another program answers."""
    if "probe=" not in address:
        address += f"?probe={probe_token()}"
    answer = get(address, headers)
    try:
        found = answer.json() if answer.status_code == 200 else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "peer" not in found:
        raise NoAnswer(f"status {answer.status_code}, not from this dashboard with this SECRET_KEY")
    return found


def _post(address: str, size: int) -> int:
    """Return the status for a body of `size` bytes. A server may close the connection before its end."""
    try:
        with _session() as session:
            answer = session.post(address, data=b"x" * size, timeout=TIMEOUT_S, allow_redirects=False)
            return int(answer.status_code)
    except requests.ConnectionError as error:
        if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
            raise NoAnswer(_reason(error)) from error
        return 413  # closed while the body was sent
    except requests.RequestException as error:
        raise NoAnswer(_reason(error)) from error


def _parts(answer: requests.Response) -> Any:
    return (part for part in answer.iter_content(1) if part.strip())  # larger parts would wait for the end


def _reason(error: requests.RequestException) -> str:
    """Return the kind of an error in words. Its text may contain the signed probe."""
    for kind, words in (
        (requests.exceptions.SSLError, "its certificate is not valid"),
        (requests.Timeout, "no answer in time"),
        (requests.ConnectionError, "no connection"),
    ):
        if isinstance(error, kind):
            return words
    return type(error).__name__
