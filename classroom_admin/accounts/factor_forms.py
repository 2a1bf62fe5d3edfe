"""Forms for second factors. They slow down guesses, and accept each code of an app only once.

They also refuse malformed answers of a browser, for which allauth's own forms fail.
"""

from collections.abc import Callable
from typing import Any, Final

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms
from django.db import transaction

from classroom_admin.accounts import throttling

MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)
USED: Final = "used_counters"
"""The name in the data of an app under which the steps of 30 s are whose codes were used."""


def _checked(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method that raises a validation error if the answer of the browser can't be read."""

    def checked(form: Any) -> Any:
        try:
            return clean(form)
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error

    return checked


def _use_up(factor: Authenticator, code: str) -> None:
    """Raise a validation error if the code of an app was used before.

    allauth remembers a used code for 30 s, in the cache of the process. But a code is valid for 90 s, because
    a phone's clock may be wrong.
    """
    if factor.type != Authenticator.Type.TOTP:
        return
    with transaction.atomic():
        locked = Authenticator.objects.select_for_update().get(pk=factor.pk)
        secret, valid = decrypt(locked.data["secret"]), list(totp.yield_hotp_counters_from_time())
        now_used = {
            counter
            for counter in valid
            if compare_user_code(
                actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))
            )
        }
        used = set(locked.data.get(USED, ()))
        if not now_used or now_used & used:
            raise get_adapter().validation_error("incorrect_code")
        locked.data[USED] = sorted(counter for counter in used | now_used if counter >= min(valid))
        locked.save(update_fields=["data"])


class Code(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    def clean_code(self) -> str:
        throttling.check("second_factor", self.user, context.request)
        code: str = super().clean_code()
        _use_up(self.authenticator, code)
        throttling.succeeded("second_factor", self.user, context.request)
        return code


class ConfirmationCode(ReauthenticateForm):  # type: ignore[misc]
    def clean_code(self) -> str:
        throttling.check("reauthentication", self.user, context.request)
        code: str = super().clean_code()
        _use_up(self.authenticator, code)
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
