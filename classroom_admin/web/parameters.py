"""Read the parameters of addresses and forms: keys of rows, numbers and search words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest

MOST_DIGITS: Final = 18
"""No key of ours has more digits, and some databases can't compare longer numbers."""


class RowKeyConverter:
    """Convert `<number:pk>` in a path."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Rows selected by their keys. Refuses numbers that some databases can't compare."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if not is_number(str(one)):
                shown = {"value": str(one)[:MOST_DIGITS]}
                raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", shown)
        return super().clean(value)


def number(request: HttpRequest, name: str) -> int | None:
    """Return the number of the query parameter `name`, None if missing. Raise Http404 for any other text."""
    value = request.GET.get(name, "")
    if not value:
        return None
    if not is_number(value):
        raise Http404(f"“{name}” must be a number.")
    return int(value)


def is_number(text: str) -> bool:
    """Return whether a text is a number of plain digits that every database can hold."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def search_words(query: Mapping[str, str], *, most: int = 100) -> str:
    """Return the parameter `q`, at most `most` characters, without NUL, which no database can hold."""
    return query.get("q", "").replace("\x00", "").strip()[:most]
