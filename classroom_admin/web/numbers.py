"""Numbers of addresses and forms: keys of rows, places in a list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest

MOST_DIGITS = 18
"""What is longer is no key of ours, and some databases break on it."""


class KeyConverter:
    """`<number:pk>` in a path."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows by their keys. Django asks the database for any number, which some databases break on."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if not is_number(str(one)):
                shown = {"value": str(one)[:MOST_DIGITS]}
                raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", shown)
        return super().clean(value)


def number(request: HttpRequest, name: str) -> int | None:
    """A number of the address; None where there is none, Http404 for what is no number."""
    value = request.GET.get(name, "")
    if not value:
        return None
    if not is_number(value):
        raise Http404(f"“{name}” must be a number.")
    return int(value)


def is_number(text: str) -> bool:
    """Whether a text is a number as our keys are: plain digits, and no more than a database can hold."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
