"""Forms of the school's face."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.face_models import SchoolFace
from classroom_admin.common.palette import COLOUR
from classroom_admin.web.parameters import require_plausible_year

_SHORT: Final = 3
"""The number of digits of a colour such as #06c, which means #0066cc."""


def _address(label: Any) -> forms.URLField:
    return forms.URLField(
        validators=[URLValidator(schemes=("http", "https"))],
        label=label,
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr", "placeholder": "https://", "autocomplete": "off"}),
    )


def _time(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=label, required=False, widget=widget, validators=[require_plausible_year]
    )


class FaceForm(forms.Form):
    """The form for everything except the logo. Times are in the person's time zone."""

    name = forms.CharField(
        label=_("Name of the school"),
        required=False,
        max_length=60,
        help_text=_(
            "It stands at the top of every page, on the sign-in page, in mails and on printed reports."
        ),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    colour = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=7,
        help_text=_("Six digits after #, such as #3a4bc8. All other colours are derived from it."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    help_url = _address(_("Link to help"))
    privacy_url = _address(_("Link to the privacy statement"))
    accessibility_url = _address(_("Link to the accessibility statement"))
    banner_text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    banner_level = forms.ChoiceField(label=_("Importance"), choices=SchoolFace.Level.choices)
    banner_from = _time(_("Show from"))
    banner_until = _time(_("Show until"))
    banner_can_be_dismissed = forms.BooleanField(label=_("People can dismiss it"), required=False)
    banner_for_visitors = forms.BooleanField(
        label=_("Show it on the sign-in page and to students who join, too"), required=False
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_colour(self) -> str:
        """Return the colour as `#rrggbb`. It may be written without #, in capitals, or with three digits."""
        digits = self.cleaned_data["colour"].strip().lower().removeprefix("#")
        if len(digits) == _SHORT:
            digits = "".join(digit * 2 for digit in digits)
        if digits and not COLOUR.fullmatch(f"#{digits}"):
            raise forms.ValidationError(gettext("Enter a colour as # and six digits, such as #3a4bc8."))
        return f"#{digits}" if digits else ""

    def clean_banner_text(self) -> str:
        return " ".join(self.cleaned_data["banner_text"].split())


class LogoForm(forms.Form):
    """The form that uploads a logo."""

    logo = forms.FileField(
        label=_("Logo (PNG, JPEG or WebP)"),
        help_text=_("At most 200 KB. It is shown 32 pixels high, on white."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
