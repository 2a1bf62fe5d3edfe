"""The forms of the join pages: a student's name, and the settings of a class."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.common.names import has_visible_character
from classroom_admin.integrations.joining.models import JoinPage
from classroom_admin.rooms.class_list_files.cells import cleaned

LONGEST_NAME: Final = 64
"""The most characters of a name that a student enters."""


class NameForm(forms.Form):
    """The name with which a student joins. It is cleaned like the names of class lists."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput({"dir": "auto", "autocomplete": "name", "autocapitalize": "words"}),
    )

    def clean_name(self) -> str:
        name = cleaned(self.cleaned_data["name"])
        if not has_visible_character(name):
            raise forms.ValidationError(
                gettext("This name has no visible characters. Enter at least one letter, digit or symbol.")
            )
        return name


class SettingsForm(forms.Form):
    """Who may join a class, and who must wait until a teacher lets them in."""

    who = forms.ChoiceField(
        label=_("Who can join with the link"), choices=JoinPage.Who.choices, widget=forms.RadioSelect
    )
    link_waits = forms.BooleanField(
        label=_("People with the link wait until they are let in"), required=False
    )
    personal_waits = forms.BooleanField(label=_("People with a personal link wait, too"), required=False)

    @classmethod
    def of(cls, page: JoinPage, data: Any = None) -> SettingsForm:
        """Return the form with the settings of a join page."""
        names = ("who", "link_waits", "personal_waits")
        return cls(data, initial={name: getattr(page, name) for name in names})
