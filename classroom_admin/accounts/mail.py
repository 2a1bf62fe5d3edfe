"""Write and send mails to people: HTML and text, in their language and time zone.

A mail has three templates: `mail/NAME.subject.txt`, `mail/NAME.txt` and `mail/NAME.html`. The last two extend
`mail/layout.txt` and `mail/layout.html`, the only places that know what a mail looks like. They show the
name, the logo, the colour and the links of the school. The logo is a part of the mail, because mail programs
block pictures from the web. The name is there anyway.
"""

import logging
from dataclasses import dataclass
from email.mime.image import MIMEImage
from smtplib import SMTPException
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone, translation

from classroom_admin.accounts import face
from classroom_admin.accounts.face_models import SchoolLogo
from classroom_admin.accounts.middleware import zone_named
from classroom_admin.accounts.models import User
from classroom_admin.common import palette
from classroom_admin.common.public_address import absolute

log = logging.getLogger(__name__)
NOT_SENT: Final = tuple(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))
_ISOLATES: Final = dict.fromkeys(map(ord, "\u2068\u2069"))
"""Characters that isolate names. Some lists of mails show them as boxes, so subjects have none."""
TIMEOUT_S: Final = 20
"""How long the mail server may take for one answer, unless EMAIL_URL has a `timeout`."""
LOGO_ID: Final = "school-logo"
_LOGO_KINDS: Final = ("image/png", "image/jpeg")
"""The pictures that all mail programs show. A logo in another format is left out."""
_LOGO_HEIGHT, _LOGO_WIDTH = 40, 240


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of links and buttons, as `#rrggbb`: on light and on dark backgrounds."""

    light: str
    dark: str


_USUAL: Final = Colours(light="#1d4f9c", dark="#9cc2ff")


@dataclass(frozen=True, slots=True)
class Logo:
    """The logo of a mail. Sizes are in pixels, as the mail shows it."""

    content: bytes
    kind: str
    width: int
    height: int


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
    logo = _logo()
    known = {"person": f"\u2068{person}\u2069", "unsubscribe": end} | _look(logo) | context
    with translation.override(language_of(person)), timezone.override(zone_of(person)):
        subject = render_to_string(f"mail/{template}.subject.txt", known).translate(_ISOLATES)
        subject = " ".join(subject.split())
        known["subject"] = subject
        text = render_to_string(f"mail/{template}.txt", known)
        html = render_to_string(f"mail/{template}.html", known)
    mail = EmailMultiAlternatives(subject, text.strip() + "\n", to=[person.email], headers=_headers(end))
    mail.attach_alternative(html.strip() + "\n", "text/html")
    if logo is not None:
        _embed(mail, logo)
    return mail


def colours_of(colour: str) -> Colours:
    """Return the colours of mails for a school's own colour ("": none). Their contrast is that of pages."""
    if not colour:
        return _USUAL
    found = palette.palette(colour)
    return Colours(light=found.light.accent, dark=found.dark.accent)


def _look(logo: Logo | None) -> dict[str, Any]:
    school = face.current()
    return {"school": school, "colours": colours_of(school.colour), "logo": logo, "logo_id": LOGO_ID}


def _logo() -> Logo | None:
    """Return the logo of the school, or None if there is none or mail programs might not show it."""
    row = SchoolLogo.objects.filter(kind__in=_LOGO_KINDS).first() if face.current().logo else None
    if row is None:
        return None
    scale = min(_LOGO_HEIGHT / row.height, _LOGO_WIDTH / row.width)
    width, height = (max(1, round(side * scale)) for side in (row.width, row.height))
    return Logo(content=bytes(row.content), kind=row.kind, width=width, height=height)


def _embed(mail: EmailMultiAlternatives, logo: Logo) -> None:
    """Add the logo as a part of the mail to which the HTML refers (RFC 2392)."""
    kind = logo.kind.removeprefix("image/")
    part = MIMEImage(logo.content, kind)
    part.add_header("Content-ID", f"<{LOGO_ID}>")
    part.add_header("Content-Disposition", "inline", filename=f"logo.{kind}")
    mail.mixed_subtype = "related"  # type: ignore[attr-defined]  # the types lack it
    mail.attach(part)


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
