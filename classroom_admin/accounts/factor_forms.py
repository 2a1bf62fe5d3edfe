"""Forms for second factors. They slow down guesses, and refuse malformed answers of a browser.

allauth's own forms fail for such answers.
"""

from collections.abc import Callable
from typing import Any, Final

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn import forms

from classroom_admin.accounts import throttling

MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def _checked(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method that raises a validation error if the answer of the browser can't be read."""

    def checked(form: Any) -> Any:
        try:
            return clean(form)
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error

    return checked


class Code(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    def clean_code(self) -> str:
        throttling.check("second_factor", self.user, context.request)
        code: str = super().clean_code()
        throttling.succeeded("second_factor", self.user, context.request)
        return code


class ConfirmationCode(ReauthenticateForm):  # type: ignore[misc]
    def clean_code(self) -> str:
        throttling.check("reauthentication", self.user, context.request)
        code: str = super().clean_code()
        throttling.succeeded("reauthentication", self.user, context.request)
        return code


class Add(forms.AddWebAuthnForm):  # type: ignore[misc]
    clean = _checked(forms.AddWebAuthnForm.clean)


class Authenticate(forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.AuthenticateWebAuthnForm.clean_credential)


class SignIn(forms.LoginWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.LoginWebAuthnForm.clean_credential)


class Confirm(forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.ReauthenticateWebAuthnForm.clean_credential)
