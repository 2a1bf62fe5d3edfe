"""Parse the parameters of addresses and forms: primary keys, numbers and search words."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest

MOST_DIGITS: Final = 18
"""The maximum number of digits in a primary key. Some databases can't compare longer numbers."""


class RowKeyConverter:
    """The path converter for primary keys, such as `<number:pk>`."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A field of rows selected by primary key. It refuses numbers that some databases can't compare."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if not is_number(str(one)):
                shown = {"value": str(one)[:MOST_DIGITS]}
                raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", shown)
        return super().clean(value)


def number(request: HttpRequest, name: str) -> int | None:
    """Return the query parameter `name` as a number; None if missing. Raise Http404 if it is no number."""
    value = request.GET.get(name, "")
    if not value:
        return None
    if not is_number(value):
        raise Http404(f"“{name}” must be a number.")
    return int(value)


def is_number(text: str) -> bool:
    """Return whether a text consists of ASCII digits, at most MOST_DIGITS."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def search_words(query: Mapping[str, str], *, most: int = 100) -> str:
    """Return the parameter `q`, cut to `most` characters. Remove NUL, which some databases can't store."""
    return query.get("q", "").replace("\x00", "").strip()[:most]
