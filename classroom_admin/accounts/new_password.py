"""The form fields with which a person chooses a password."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class NewPasswordForm(forms.Form):
    """A form with a new password, entered twice. Subclasses check the password for their person."""

    password1 = forms.CharField(
        strip=False,
        label=gettext_lazy("New password"),
        help_text=gettext_lazy(
            "At least 8 characters. Not only digits, not a common password, and not similar to your name or "
            "email address."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True, "dir": "ltr"}),
    )
    password2 = forms.CharField(
        strip=False,
        label=gettext_lazy("Repeat the new password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, second = found.get("password1"), found.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ. Enter the new password again."))
        return found
