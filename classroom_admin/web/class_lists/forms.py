"""Forms of the class list pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.class_lists import LONGEST_NAME, MOST_MINUTES
from classroom_admin.rooms.class_list_files.cells import cleaned
from classroom_admin.rooms.class_list_files.header_words import EMAIL, GROUP, NAME
from classroom_admin.rooms.class_list_files.people import (
    LONGEST,
    Person,
    is_email,
    is_mangled,
    problems_of,
)


class NameForm(forms.Form):
    """A form for the name of a class list."""

    name = forms.CharField(
        label=_("List name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


class ThresholdsForm(forms.Form):
    """A form for the minutes after which people on a list count as late or as leaving early.

    An empty field means the default of the school, which is its placeholder.
    """

    late_after_minutes = forms.FloatField(
        label=_("Late after (minutes)"), required=False, min_value=0, max_value=MOST_MINUTES
    )
    left_early_minutes = forms.FloatField(
        label=_("Left early before the end (minutes)"), required=False, min_value=0, max_value=MOST_MINUTES
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        defaults = {
            "late_after_minutes": settings.LATE_AFTER_MINUTES,
            "left_early_minutes": settings.LEFT_EARLY_MINUTES,
        }
        for name, minutes in defaults.items():
            shown = gettext("school: %(minutes)s") % {"minutes": f"{minutes:g}"}
            self.fields[name].widget.attrs.update(placeholder=shown, step="any", inputmode="decimal")


class _CellField(forms.CharField):
    """A text field that cleans its text like the cells of a file."""

    def to_python(self, value: Any) -> str:
        return cleaned(str(super().to_python(value) or ""))


class ListedPersonForm(forms.Form):
    """A form for one person on a class list. It checks the values like those of an uploaded file."""

    name = _CellField(
        label=pgettext_lazy("person", "Name"),
        max_length=LONGEST[NAME],
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    user_id = _CellField(
        label=_("User id"),
        required=False,
        help_text=_(
            "The id that the person uses in the classroom. If there is no id, the person is matched by name."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    email = _CellField(
        label=_("Email"),
        required=False,
        max_length=LONGEST[EMAIL],
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "inputmode": "email"}),
    )
    group = _CellField(
        label=_("Group"),
        required=False,
        max_length=LONGEST[GROUP],
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def clean_user_id(self) -> str:
        user_id: str = self.cleaned_data["user_id"]
        if is_mangled(user_id):
            raise forms.ValidationError(
                gettext(
                    "A spreadsheet program shortened this id to a number and lost some digits. Enter the "
                    "whole id."
                )
            )
        return user_id

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and not is_email(email):
            raise forms.ValidationError(gettext("“%(email)s” is not an email address.") % {"email": email})
        return email

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "name" in found and "user_id" in found:
            for role, problem in problems_of(self.person()):
                self.add_error(role, problem)
        return found

    def person(self) -> Person:
        """Return the person that the form describes."""
        values = {name: self.cleaned_data.get(name, "") for name in ("name", "email", "group")}
        return Person(user_uuid=self.cleaned_data.get("user_id", ""), **values)


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """A field for several files."""

    widget = _SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(_FilesField, self).clean(each, initial) for each in data or [None]]


class OneRosterForm(forms.Form):
    """A form that uploads a OneRoster export as one ZIP file or as its CSV files."""

    export = _FilesField(
        label=_("OneRoster export"),
        help_text=_("Choose the ZIP file, or users.csv, classes.csv and enrollments.csv together."),
        widget=_SeveralFiles(attrs={"accept": ".zip,.csv", "multiple": True}),
    )
