"""Adapt allauth's second factors: encrypt their secrets, and name them for people."""

from typing import Any, ClassVar

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.common import encryption


class SchoolMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """An adapter whose secrets can only be read with SECRET_KEY."""

    error_messages: ClassVar[dict[str, object]] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Your school requires a second factor. Add another one before you remove this one."
        ),
        "incorrect_code": _("This code is not correct, or it was used already. Enter the next one."),
        "unreadable": _(
            "The second factor of this account can't be read, because the dashboard's secret key changed. "
            "Ask an administrator to reset it."
        ),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return encryption.decrypt(encrypted_text)
        except encryption.Undecipherable:
            raise self.validation_error("unreadable") from None

    def get_totp_issuer(self) -> str:
        return f"Classroom Admin ({self._get_site_name()})"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Return False for the last second factor of a person who must have one."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        if others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            return True
        person = User.objects.get(pk=authenticator.user_id)
        person.has_second_factor = False
        return not person.needs_second_factor

    def generate_authenticator_name(self, user: User, type: str) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}


def connect() -> None:
    """Keep `User.has_second_factor` up to date. A second call has no effect."""
    for signal in (post_save, post_delete):
        signal.connect(_note, sender=Authenticator, dispatch_uid="note second factors")


def _note(*, instance: Authenticator, **_: Any) -> None:
    factors = Authenticator.objects.filter(user_id=instance.user_id)
    has_one = factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
    User.objects.filter(pk=instance.user_id).update(has_second_factor=has_one)
