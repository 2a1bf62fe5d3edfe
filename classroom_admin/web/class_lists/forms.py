"""Forms of the class list pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.class_lists import LONGEST_NAME, Person

_SALT: Final = "class list"
PREVIEW_GOOD_FOR_S: Final = 3600


class NameForm(forms.Form):
    """The form for the name of a list."""

    name = forms.CharField(
        label=_("List name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


class FileForm(forms.Form):
    """The form that uploads a file with people."""

    file = forms.FileField(
        label=_("File (CSV)"),
        help_text=_(
            "In your spreadsheet, use “Save as” or “Download” and choose CSV. You see all "
            "changes before they are saved."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )


def sealed(people: list[Person], *, key: str, version: int) -> str:
    """Return the people of a file as signed text, which the preview form sends back unchanged."""
    rows = [list(asdict(one).values()) for one in people]
    return signing.dumps({"list": key, "version": version, "people": rows}, salt=_SALT, compress=True)


def unsealed(text: str, *, key: str) -> tuple[list[Person], int]:
    """Return the people and the list's version from a text that `sealed` made.

    Raise `signing.BadSignature` if the text is forged, belongs to another list, or is older than an hour.
    """
    content = signing.loads(text, salt=_SALT, max_age=PREVIEW_GOOD_FOR_S)
    if content["list"] != key:
        raise signing.BadSignature("This preview is of another list.")
    people = [Person(name=n, user_uuid=u, email=e, group=g) for n, u, e, g in content["people"]]
    return people, content["version"]
