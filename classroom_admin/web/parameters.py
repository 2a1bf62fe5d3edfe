"""Parse the parameters of addresses and forms: primary keys, numbers and search words."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from classroom_admin.common.numbers import MOST_DIGITS, is_number, parsed

LATEST_YEAR: Final = 2200
MOST_DIGITS_OF_TIMES: Final = 14
"""The maximum number of digits of a time in milliseconds. The largest one is in the year 5138."""


class RowKeyConverter:
    """A path converter for primary keys, such as `<number:pk>`."""

    regex = f"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A field that selects rows by primary key. It refuses numbers that are too large for a database."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if not is_number(str(one)):
                shown = {"value": str(one)[:MOST_DIGITS]}
                raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", shown)
        return super().clean(value)


def require_plausible_year(day: date) -> None:
    """Raise ValidationError if the year is very early or late, because a time could overflow."""
    if not 1970 < day.year < LATEST_YEAR:
        raise forms.ValidationError(gettext("This year is out of range. Check the date."))


class LocalMomentField(forms.DateTimeField):
    """A field for a date and time in the person's time zone, in a plausible year."""

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        if found is not None:
            require_plausible_year(found)
        return found


def number(request: HttpRequest, name: str) -> int | None:
    """Return the query parameter `name` as a number, or None. Raise Http404 if it is not a number."""
    value = request.GET.get(name, "")
    if not value:
        return None
    found = parsed(value)
    if found is None:
        raise Http404(f"“{name}” must be a number.")
    return found


def without_nul(text: str) -> str:
    """Return the text without NUL characters, because some databases can't store or compare them."""
    return text.replace("\x00", "")


def search_words(query: Mapping[str, str], *, most: int = 100) -> str:
    """Return the parameter `q` without NUL characters and at most `most` characters long."""
    return without_nul(query.get("q", "")).strip()[:most]
