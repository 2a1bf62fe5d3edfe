"""Show the path of a request without its secret part: the tokens of files, calendars and links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve

SHOWN: Final = frozenset(
    {
        "colour", "digest", "file_key", "fingerprint", "group", "hold", "id", "key", "name", "number", "of",
        "organization_slug", "pk", "run", "segment", "version",
    }
)  # fmt: skip
"""The parameters of addresses that are no secrets. All others are hidden, so a new one is hidden, too."""
ELLIPSIS: Final = "…"
_LONGEST: Final = 300


def shown_path(path: str, match: ResolverMatch | None) -> str:
    """Return a path that ends with "…" where its first secret parameter begins.

    If no address has this path, `match` is None. It may be a secret address with a mistake, so only the first
    folder is shown, except for static files.
    """
    if match is None:
        return _first_folder(path)
    parameters = match.captured_kwargs or {}  # type: ignore[attr-defined]
    return _shortened(_without_secrets(path, parameters))


def resolved(path: str) -> ResolverMatch | None:
    """Return the match of a path, with or without the prefix of PUBLIC_URL. Return None if there is none."""
    if _is_static(path):
        return None
    for full in dict.fromkeys((path, f"{settings.PATH_PREFIX}{path}")):
        try:
            return resolve(full)
        except Resolver404:
            continue
    return None


def _without_secrets(path: str, parameters: Mapping[str, Any]) -> str:
    places = [
        place
        for name, value in parameters.items()
        if name not in SHOWN and (place := path.find(f"/{value}")) >= 0
    ]
    return path[: min(places) + 1] + ELLIPSIS if places else path


def _is_static(path: str) -> bool:
    """Return whether this is the path of a static file, which Django's URL patterns do not contain."""
    below_prefix = settings.STATIC_URL.removeprefix(settings.PATH_PREFIX)
    return path.startswith((settings.STATIC_URL, below_prefix))


def _first_folder(path: str) -> str:
    if _is_static(path):
        return _shortened(path)
    first, slash, rest = path.removeprefix(settings.PATH_PREFIX).removeprefix("/").partition("/")
    return _shortened(f"/{first}{slash}") + (ELLIPSIS if rest else "")


def _shortened(path: str) -> str:
    return path if len(path) <= _LONGEST else path[:_LONGEST] + ELLIPSIS
