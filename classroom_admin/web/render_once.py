"""Render the small templates of long lists once, and share the HTML among all pages that show the same."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

KEPT: Final = 2048
"""The maximum number of cached results. A row of the roster needs about 4 KB, so all need at most 9 MB."""


class _Shown:
    """A cache key with all values that a template shows.

    `_rendered` deletes its `context` to save memory.
    """

    __slots__ = ("context", "key", "template")

    def __init__(self, template: str, shown: tuple[Hashable, ...], context: dict[str, Any]) -> None:
        self.template = template
        self.context: dict[str, Any] | None = context
        self.key = (template, shown, get_language())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shown) and self.key == other.key


def render_once(template: str, shown: tuple[Hashable, ...], context: dict[str, Any]) -> SafeString:
    """Return the template as HTML. `shown` must contain all values that it reads from `context`.

    `shown` must not have a version instead: a restored database can have other data with the same version.
    """
    return _rendered(_Shown(template, shown, context))


@lru_cache(maxsize=KEPT)
def _rendered(shown: _Shown) -> SafeString:
    context, shown.context = shown.context, None
    return mark_safe(get_template(shown.template).render(context))
