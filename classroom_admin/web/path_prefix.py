"""Serve the dashboard under the path of PUBLIC_URL, such as /classes, if it has a path.

This path is the prefix. In Django, every address begins with the prefix (`urls.py`). A proxy may remove or
keep the prefix. `WithoutPrefix` therefore removes the prefix if present, and `WithPrefix` adds it again for
Django. Between the two, paths have no prefix.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from classroom_admin.common.size_limit import Receive, Scope, Send


class WithoutPrefix:
    """An ASGI middleware that removes the prefix from paths.

    The prefix may equal one of our addresses, such as /classes. A path that begins like this then counts as
    our address. In this case the proxy must remove the prefix, or uvicorn must get it as `--root-path`.
    """

    def __init__(self, inner: Any, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            scope = {**scope, "path": self._path(scope), "root_path": ""}
        await self._inner(scope, receive, send)

    def _path(self, scope: Scope) -> str:
        path = str(scope["path"])
        if not f"{path}/".startswith(f"{self._prefix}/"):
            return path
        has_prefix = scope.get("root_path") == self._prefix or not self._is_ambiguous
        return (path.removeprefix(self._prefix) or "/") if has_prefix else path

    @cached_property
    def _is_ambiguous(self) -> bool:
        (under_prefix,) = get_resolver().url_patterns
        assert isinstance(under_prefix, URLResolver)
        return self._prefix.split("/")[1] in {"static", *first_folders(under_prefix.url_patterns)}


class WithPrefix:
    """An ASGI middleware that adds the prefix to paths."""

    def __init__(self, inner: Any, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            scope = {**scope, "path": f"{self._prefix}{scope['path']}"}
        await self._inner(scope, receive, send)


def first_folders(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    """Yield the first folder of each address in these URL patterns."""
    for pattern in patterns:
        folder = str(pattern.pattern).lstrip("^").partition("/")[0]
        if folder:
            yield folder
        elif isinstance(pattern, URLResolver):
            yield from first_folders(pattern.url_patterns)
