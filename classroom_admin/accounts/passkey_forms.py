"""Forms for passkeys that refuse malformed answers of a browser, at which allauth's own forms fail."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms

MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def _checked(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method that raises a validation error if the answer of the browser can't be read."""

    def checked(form: Any) -> Any:
        try:
            return clean(form)
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error

    return checked


class Add(forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    clean = _checked(forms.AddWebAuthnForm.clean)


class Authenticate(forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.AuthenticateWebAuthnForm.clean_credential)


class SignIn(forms.LoginWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.LoginWebAuthnForm.clean_credential)


class Confirm(forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    clean_credential = _checked(forms.ReauthenticateWebAuthnForm.clean_credential)
