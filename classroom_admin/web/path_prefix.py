"""Serve the dashboard under a path, such as /classes, if PUBLIC_URL has one.

Every address in Django begins with the prefix (`urls.py`). A proxy may remove the prefix from its requests or
keep it: `WithoutPrefix` accepts both, and `WithPrefix` adds the prefix for Django again. Between them, paths
have no prefix.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from classroom_admin.common.size_limit import Receive, Scope, Send


class WithoutPrefix:
    """ASGI middleware that removes the prefix from paths.

    If the prefix is also an address of ours, such as /classes, a path that begins with it is ambiguous. Then
    it is an address of ours, so the proxy must remove the prefix, or uvicorn must get it as `--root-path`.
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
    """ASGI middleware that adds the prefix to paths."""

    def __init__(self, inner: Any, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" in scope:
            scope = {**scope, "path": f"{self._prefix}{scope['path']}"}
        await self._inner(scope, receive, send)


def first_folders(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    """Return the first folder of each address."""
    for pattern in patterns:
        folder = str(pattern.pattern).lstrip("^").partition("/")[0]
        if folder:
            yield folder
        elif isinstance(pattern, URLResolver):
            yield from first_folders(pattern.url_patterns)
