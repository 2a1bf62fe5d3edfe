"""The form for a provider of school sign-on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import sign_on_mapping
from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.environment.sign_on import secure_address

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RULE_TEXTS: Final[dict[str, StrOrPromise]] = {
    "no_arrow": _(
        "Line %(line)s: write “->” between the condition and the role, as in “group Teachers -> teacher”."
    ),
    "condition": _("Line %(line)s: “%(shown)s” must begin with group, email, claim or everyone."),
    "email": _("Line %(line)s: “%(shown)s” must be an email address, or a domain such as @school.example."),
    "claim": _("Line %(line)s: “%(shown)s” must be a claim and a value, such as department=Office."),
    "everyone": _("Line %(line)s: a rule for everyone can only refuse: everyone -> refused."),
    "role": _("Line %(line)s: “%(shown)s” is not a role. The roles are %(roles)s."),
    "too_many": _("There can be at most %(shown)s rules."),
}
_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}


def _text(**more: Any) -> Any:
    return forms.TextInput(attrs={**_PLAIN, **more})


class ProviderForm(forms.Form):
    """The details of an OpenID Connect provider. The secret is never shown again."""

    label = forms.CharField(
        label=_("Name on the sign-in page"),
        max_length=60,
        help_text=_("For example “School account”. The button says “Continue with School account”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    issuer = forms.CharField(
        label=_("Issuer address"),
        max_length=180,
        help_text=_("The address as the provider states it. The dashboard reads everything else from there."),
        widget=_text(inputmode="url"),
    )
    client_id = forms.CharField(label=_("Client id"), max_length=191, widget=_text())
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    rules = forms.CharField(
        label=_("Rules for roles"),
        required=False,
        max_length=20_000,
        help_text=_(
            "One rule on each line, for example “group Teachers -> teacher” or “email @school.example -> "
            "teacher”. The first rule that applies decides, at every sign-in. The role “refused” keeps "
            "people out."
        ),
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 6}),
    )
    create_accounts = forms.BooleanField(
        label=_("Create accounts"),
        required=False,
        help_text=_("People to whom a rule gives a role get an account when they first sign in."),
    )
    verified_domains = forms.CharField(
        label=_("Verified email domains"),
        required=False,
        max_length=500,
        help_text=_(
            "Domains of which this provider verifies every address, although it does not say so, separated "
            "by commas. People who control an address there get the account with this address."
        ),
        widget=_text(),
    )
    scopes = forms.CharField(
        label=_("Scopes"), max_length=200, initial="openid profile email", widget=_text()
    )
    groups_claim = forms.CharField(
        label=_("Claim with the groups"), max_length=100, initial="groups", widget=_text()
    )
    cloud_id_claim = forms.CharField(
        label=_("Claim with the cloud user id"), required=False, max_length=100, widget=_text()
    )
    language_claim = forms.CharField(
        label=_("Claim with the language"), required=False, max_length=100, initial="locale", widget=_text()
    )

    def __init__(self, *args: Any, row: SignOnProvider | None = None, **kwargs: Any) -> None:
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in self.base_fields if name != "secret"}
        super().__init__(*args, **kwargs)
        if row is not None:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = gettext("Leave this empty to keep the stored secret.")

    def clean_issuer(self) -> str:
        try:
            return secure_address(self.cleaned_data["issuer"])
        except ValueError:
            raise forms.ValidationError(
                gettext("Enter an address that begins with https://, without a query.")
            ) from None

    def clean_scopes(self) -> str:
        scopes = self.cleaned_data["scopes"].split()
        return " ".join(dict.fromkeys(["openid", *scopes]))

    def clean_verified_domains(self) -> str:
        parts = (
            part.strip().lower().removeprefix("@")
            for part in self.cleaned_data["verified_domains"].split(",")
        )
        return ",".join(part for part in parts if part)

    def clean_rules(self) -> str:
        text = "\n".join(line.strip() for line in self.cleaned_data["rules"].splitlines() if line.strip())
        try:
            sign_on_mapping.parse(text, User.Role.values)
        except sign_on_mapping.RuleProblem as problem:
            roles = ", ".join([*User.Role.values, sign_on_mapping.REFUSED])
            facts = {"line": problem.line, "shown": problem.shown, "roles": roles}
            raise forms.ValidationError(RULE_TEXTS[problem.code] % facts) from problem
        return text
