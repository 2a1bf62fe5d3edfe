"""Template tags for mails by choice."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import mail
from classroom_admin.accounts.models import User
from classroom_admin.integrations.mail.choices import chosen
from classroom_admin.integrations.mail.models import MailKind

register = template.Library()
_WHEN = {
    MailKind.WEEKLY_SUMMARY: _(
        "On Monday morning: your classes of the past week, their attendance, and what needs attention."
    ),
    MailKind.RECORDING_READY: _("When the recording of one of your own classes can be watched."),
    MailKind.ALERT: _(
        "When one of your own classes has an alert: at most one mail in 15 minutes for each class."
    ),
}


@register.simple_tag
def mail_choices(person: User) -> list[dict[str, Any]]:
    """Return each kind of mail with its label, when it is sent, and whether the person gets it."""
    wanted = chosen(person)
    return [
        {"kind": kind.value, "label": kind.label, "when": _WHEN[kind], "is_on": wanted[kind]}
        for kind in MailKind
    ]


@register.simple_tag
def mail_is_set_up() -> bool:
    """Return whether the dashboard can send mail."""
    return mail.is_set_up()
