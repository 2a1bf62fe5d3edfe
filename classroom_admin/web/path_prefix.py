"""Serve the dashboard under the path of PUBLIC_URL, such as /classes, if PUBLIC_URL has a path.

This path is the prefix. In Django, every address begins with the prefix (`urls.py`). A proxy may remove or
keep the prefix. `WithoutPrefix` therefore removes the prefix if present, and `WithPrefix` adds it again for
Django. Between these two middlewares, paths have no prefix. The host may have other programs, so our cookies
have the prefix as their path.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver

from classroom_admin.common.size_limit import Receive, Scope, Send


class WithoutPrefix:
    """ASGI middleware that removes the prefix from paths. It also removes other programs' cookies.

    If the prefix equals one of our paths, such as /classes, the path does not show whether it has a prefix.
    Paths are then not changed, and the proxy must remove the prefix.
    """

    def __init__(self, inner: Any, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            headers = first_cookies(scope["headers"])
            scope = {**scope, "path": self._path(scope), "root_path": "", "headers": headers}
        await self._inner(scope, receive, send)

    def _path(self, scope: Scope) -> str:
        # uvicorn adds its --root-path to the path
        path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
        has_prefix = f"{path}/".startswith(f"{self._prefix}/") and not self._is_ambiguous
        return (path.removeprefix(self._prefix) if has_prefix else path) or "/"

    @cached_property
    def _is_ambiguous(self) -> bool:
        (under_prefix,) = get_resolver().url_patterns
        assert isinstance(under_prefix, URLResolver)
        return self._prefix.split("/")[1] in {"static", *first_folders(under_prefix.url_patterns)}


class WithPrefix:
    """ASGI middleware that adds the prefix to paths."""

    def __init__(self, inner: Any, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            scope = {**scope, "path": f"{self._prefix}{scope['path']}"}
        await self._inner(scope, receive, send)


def first_folders(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    """Yield the first path segment of each of these URL patterns."""
    for pattern in patterns:
        folder = str(pattern.pattern).lstrip("^").partition("/")[0]
        if folder:
            yield folder
        elif isinstance(pattern, URLResolver):
            yield from first_folders(pattern.url_patterns)


def first_cookies(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with only the first cookie of each name.

    Browsers send the cookie with the longest path first. This is ours. Django would use the last one, which
    belongs to another program on the host.
    """
    others = [(name, value) for name, value in headers if name != b"cookie"]
    pairs = b";".join(value for name, value in headers if name == b"cookie").split(b";")
    first: dict[bytes, bytes] = {}
    for pair in pairs:
        first.setdefault(pair.partition(b"=")[0].strip(), pair.strip())
    kept = b"; ".join(pair for pair in first.values() if pair)
    return [*others, (b"cookie", kept)] if kept else others


class Messages(FallbackStorage):
    """Message storage whose cookie has our name, and the prefix as its path.

    Django would set it for the whole host.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for storage in self.storages:
            if isinstance(storage, CookieStorage):
                storage.cookie_name = settings.MESSAGES_COOKIE_NAME

    def update(self, response: HttpResponseBase) -> list[Message] | None:
        not_stored = super().update(response)
        if settings.MESSAGES_COOKIE_NAME in response.cookies:
            response.cookies[settings.MESSAGES_COOKIE_NAME]["path"] = settings.SESSION_COOKIE_PATH
        return not_stored
