"""Write and send mails to people: HTML and text, in their language and time zone.

A mail has three templates: `mail/NAME.subject.txt`, `mail/NAME.txt` and `mail/NAME.html`. The last two extend
`mail/layout.txt` and `mail/layout.html`, the only places that know what a mail looks like.
"""

import logging
from smtplib import SMTPException
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone, translation

from classroom_admin.accounts.middleware import zone_named
from classroom_admin.accounts.models import User
from classroom_admin.common.public_address import absolute

log = logging.getLogger(__name__)
NOT_SENT: Final = tuple(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))
_ISOLATES: Final = dict.fromkeys(map(ord, "\u2068\u2069"))
"""Characters that isolate names. Some lists of mails show them as boxes, so subjects have none."""
TIMEOUT_S: Final = 20
"""How long the mail server may take for one answer, unless EMAIL_URL has a `timeout`."""


def is_set_up() -> bool:
    """Return whether EMAIL_URL names a mail server or a folder. By default, mail is only printed."""
    return settings.EMAIL_BACKEND not in NOT_SENT


def connection() -> BaseEmailBackend:
    """Return a new connection to the mail server, which is not open yet."""
    return get_connection(timeout=settings.EMAIL_TIMEOUT or TIMEOUT_S)


def zone_of(person: User) -> ZoneInfo:
    """Return the time zone of a person's mails: their own, otherwise the one of the school (TIME_ZONE)."""
    return zone_named(person.time_zone) or ZoneInfo(settings.TIME_ZONE)


def language_of(person: User) -> str:
    """Return the language of a person's mails: their own, else that of the request, else English."""
    return person.language or translation.get_language() or settings.LANGUAGE_CODE


def send(person: User, template: str, context: dict[str, Any]) -> bool:
    """Send a mail in the person's language. Return False if it can't be sent."""
    return is_set_up() and _is_delivered(message(person, template, context))


def message(
    person: User, template: str, context: dict[str, Any], *, unsubscribe: str = ""
) -> EmailMultiAlternatives:
    """Return a mail to `person` with a text and an HTML part.

    `unsubscribe` is the path of the page that ends mails of this kind. Only mails that people get by choice
    have one. Mail programs then offer to unsubscribe with one click (RFC 8058), if the page uses HTTPS.
    """
    end = absolute(unsubscribe) if unsubscribe else ""
    # Isolate the name, so that its direction does not change the sentence around it.
    known = {"person": f"\u2068{person}\u2069", "unsubscribe": end} | context
    with translation.override(language_of(person)), timezone.override(zone_of(person)):
        subject = render_to_string(f"mail/{template}.subject.txt", known).translate(_ISOLATES)
        subject = " ".join(subject.split())
        known["subject"] = subject
        text = render_to_string(f"mail/{template}.txt", known)
        html = render_to_string(f"mail/{template}.html", known)
    mail = EmailMultiAlternatives(subject, text.strip() + "\n", to=[person.email], headers=_headers(end))
    mail.attach_alternative(html.strip() + "\n", "text/html")
    return mail


def _headers(unsubscribe: str) -> dict[str, str]:
    """Return headers that stop automatic replies, and those with which people unsubscribe."""
    headers = {"Auto-Submitted": "auto-generated"}
    if unsubscribe:
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "Precedence": "bulk"}
    if unsubscribe.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def deliver(mail: EmailMultiAlternatives) -> None:
    """Send a mail through a connection of its own. Raise SMTPException or OSError if it can't be sent."""
    mail.connection = connection()
    try:
        mail.send()
    finally:
        mail.connection.close()  # Django leaves it open if the sign-in fails


def _is_delivered(mail: EmailMultiAlternatives) -> bool:
    try:
        deliver(mail)
    except (SMTPException, OSError) as error:
        log.warning("a mail to a person was not sent: %s", type(error).__name__)
        return False
    return True
