"""Send mail to people about their accounts, if the school has set up mail."""

import logging
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.accounts.models import User

log = logging.getLogger(__name__)
NOT_SENT: Final = tuple(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))


def is_set_up() -> bool:
    """Return whether EMAIL_URL names a mail server or a folder. By default, mail is only printed."""
    return settings.EMAIL_BACKEND not in NOT_SENT


def send(person: User, template: str, context: dict[str, Any]) -> bool:
    """Send a mail in the person's language. Return False if it can't be sent."""
    return is_set_up() and _deliver(_message(person, template, context))


def _message(person: User, template: str, context: dict[str, Any]) -> EmailMessage:
    context = {**context, "person": person}
    with translation.override(person.language or translation.get_language()):
        subject = render_to_string(f"account/email/{template}_subject.txt", context)
        text = render_to_string(f"account/email/{template}_message.txt", context)
    return EmailMessage(" ".join(subject.split()), text.strip() + "\n", to=[person.email])


def _deliver(message: EmailMessage) -> bool:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("a mail to a person was not sent: %s", type(error).__name__)
        return False
    return True
