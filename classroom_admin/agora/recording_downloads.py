"""Open the files of recordings at the addresses that the cloud named, and read them piece by piece.

The addresses belong to storage services, so the requests contain no token. An address is only text from the
cloud. Therefore a request never reaches a private network: after connecting, and before anything is sent, the
address of the other side is checked. The only exception is the host of the cloud itself, because a simulator
or a gateway may be on a private network. Redirects lead only to public addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from classroom_admin.agora.config import CloudConfig
from classroom_admin.common.addresses import is_loopback, is_web_address

CONNECT_S: Final = 5.0
READ_S: Final = 20.0
MOST_REDIRECTS: Final = 3
MOST_PLAYLIST_BYTES: Final = 2 * 1024 * 1024
_SENT_ON: Final = ("Range", "If-Range")


class FileUnavailable(Exception):
    """Raised if a file can't be read. `gone` is True if the cloud says that it no longer exists."""

    def __init__(self, why: str, *, gone: bool = False, status: int | None = None) -> None:
        super().__init__(why)
        self.gone, self.status = gone, status


@dataclass(slots=True)
class OpenFile:
    """A file or a part of it. `status` is 200, 206 or 416. Close it after use.

    The names in `headers` ignore case.
    """

    status: int
    headers: Mapping[str, str]
    _response: requests.Response

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, or b"" at the end. Raise `FileUnavailable` if the connection breaks."""
        try:
            data: bytes = self._response.raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            raise FileUnavailable(type(error).__name__) from None
        return data

    def close(self) -> None:
        self._response.close()


def open_file(
    config: CloudConfig, url: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> OpenFile:
    """Send one request for a file, and follow at most `MOST_REDIRECTS` redirects.

    Of `headers`, only `Range` and `If-Range` are sent. Raise `FileUnavailable` if the address may not be
    read, the host does not answer, or the answer is an error. No error contains the address.
    """
    sent = {name: value for name, value in (headers or {}).items() if name in _SENT_ON and value}
    is_first = True
    for _hop in range(MOST_REDIRECTS + 1):
        response = _request(config, url, method, sent, trusted=is_first and _is_cloud(config, url))
        if response.status_code not in (301, 302, 303, 307, 308):
            return _checked(response)
        target = urljoin(url, response.headers.get("Location", ""))
        response.close()
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise FileUnavailable("a redirect to an insecure address")
        url, is_first = target, False
    raise FileUnavailable("too many redirects")


def exists(config: CloudConfig, url: str) -> bool:
    """Return whether the cloud still has a file. Raise `FileUnavailable` if this is unknown.

    Some storage services allow only GET for signed addresses. For them, ask for the first byte.
    """
    try:
        try:
            open_file(config, url, method="HEAD").close()
        except FileUnavailable as error:
            if error.status not in (400, 403, 405, 501):
                raise
            open_file(config, url, headers={"Range": "bytes=0-0"}).close()
    except FileUnavailable as error:
        if error.gone:
            return False
        raise
    return True


def read_playlist(config: CloudConfig, url: str) -> str:
    """Return the text of a playlist. Raise `FileUnavailable` if it can't be read or is too long."""
    opened = open_file(config, url)
    try:
        found = bytearray()
        while chunk := opened.read(64 * 1024):
            found += chunk
            if len(found) > MOST_PLAYLIST_BYTES:
                raise FileUnavailable("the playlist is too long")
    finally:
        opened.close()
    text = found.decode("utf-8", "replace")
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        raise FileUnavailable("not a playlist")
    return text


def _request(
    config: CloudConfig, url: str, method: str, headers: dict[str, str], *, trusted: bool
) -> requests.Response:
    if not is_web_address(url) or "@" in urlsplit(url).netloc:
        raise FileUnavailable("not a web address")
    host = urlsplit(url).hostname or ""
    if not trusted and (is_loopback(host) or not _may_be_public(host)):
        raise FileUnavailable("a private address")
    session = _trusted if trusted else _public
    try:
        return session.request(
            method,
            url,
            headers=headers,
            auth=_no_token,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
            proxies={"http": "", "https": ""} if trusted and is_loopback(host) else None,
        )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise FileUnavailable(type(error).__name__) from None


def _no_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return the request unchanged. Without this, `requests` would look for a password in `~/.netrc`."""
    return request


def _checked(response: requests.Response) -> OpenFile:
    status = response.status_code
    if status not in (200, 206, 416):
        response.close()
        raise FileUnavailable(f"status {status}", gone=status in (404, 410), status=status)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        response.close()
        raise FileUnavailable("a compressed answer")
    return OpenFile(status, response.headers, response)


def _is_cloud(config: CloudConfig, url: str) -> bool:
    """Return whether the address is at the host and port of the cloud's API."""
    known = {urlsplit(base).netloc for base in (config.base_url, config.fallback_url) if base}
    return urlsplit(url).netloc in known


def _may_be_public(host: str) -> bool:
    """Return False for an IP address that is not public. A name is checked when the connection is open."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


def _public_only(connected: Any, connection: Any) -> Any:
    """Return the socket. Close it and raise an error if its other side is not a public address."""
    if not _may_be_public(str(connected.getpeername()[0]).split("%")[0]):
        connected.close()
        raise NewConnectionError(connection, "a private address")
    return connected


class _PublicHTTP(HTTPConnection):
    def _new_conn(self) -> Any:
        return _public_only(super()._new_conn(), self)


class _PublicHTTPS(HTTPSConnection):
    def _new_conn(self) -> Any:
        return _public_only(super()._new_conn(), self)


class _PublicHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _PublicHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _PublicAdapter(HTTPAdapter):
    """An adapter that connects only to public addresses.

    A proxy from the environment connects for itself, so its own rules apply then.
    """

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        classes = {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}
        self.poolmanager.pool_classes_by_scheme = classes


def _session(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": "classroom-admin", "Accept": "*/*", "Accept-Encoding": "identity"})
    return session


_trusted: Final = _session(HTTPAdapter(max_retries=0, pool_maxsize=128))
_public: Final = _session(_PublicAdapter(max_retries=0, pool_maxsize=128))


def close_connections() -> None:
    """Close the connections that wait for another request. Tests do so before their server stops."""
    for session in (_trusted, _public):
        session.close()
