"""Forms of the first-run page."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import User
from classroom_admin.accounts.new_password import NewPasswordForm
from classroom_admin.web.people.forms import PersonForm


class AdministratorForm(NewPasswordForm):
    """A form for the code from the log and the details of the first administrator."""

    code = forms.CharField(
        label=_("Code from the log"),
        max_length=40,
        help_text=_("The dashboard prints it when it starts: twelve letters and digits in three groups."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
                "dir": "ltr",
                "class": "mono",
            }
        ),
    )
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("You sign in with this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("Password")
        self.fields["password1"].widget.attrs.pop("autofocus", None)
        self.fields["password2"].label = _("Repeat the password")

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if password := found.get("password1"):
            person = User(email=found.get("email", ""), name=found.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return found


class TeacherForm(PersonForm):
    """The form for a person, without the role."""

    role = None  # type: ignore[assignment]  # removes the field
