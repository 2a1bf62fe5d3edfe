"""Write the mails that are due. Check again whether the person may still get what they tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone, translation

from classroom_admin.accounts import mail as mails
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.mail import choices, weekly
from classroom_admin.integrations.mail.models import Mail, MailItem, MailKind
from classroom_admin.integrations.mail.receiving import is_own
from classroom_admin.integrations.notices.sentences import sentence
from classroom_admin.rooms.models import Recording


def message_for(mail: Mail) -> EmailMultiAlternatives | None:
    """Return the mail. Return None if the person may not or does not want to get it, or it says nothing."""
    person, kind = mail.person, MailKind(mail.kind)
    if not person.is_active or not choices.chosen(person)[kind]:
        return None
    with translation.override(mails.language_of(person)), timezone.override(mails.zone_of(person)):
        context = _CONTEXTS[kind](mail)
    if context is None:
        return None
    context["zone"] = str(mails.zone_of(person))
    unsubscribe = choices.unsubscribe_path(person, kind)
    return mails.message(person, kind.value, context, unsubscribe=unsubscribe)


def _about_class(mail: Mail) -> dict[str, Any] | None:
    """Return the name and address of the class, and its notices in order. None if it is no longer theirs."""
    if mail.room is None or not is_own(mail.person, mail.room):
        return None
    items = MailItem.objects.filter(mail=mail).select_related("notice").order_by("notice__at", "pk")
    return {
        "room": f"\u2068{mail.room}\u2069",  # isolate the name in texts of the other direction
        "address": absolute(reverse("live:class", args=[mail.room.key])),
        "notices": [item.notice for item in items],
    }


def _alert(mail: Mail) -> dict[str, Any] | None:
    context = _about_class(mail)
    if context is None or not context["notices"]:
        return None
    return context | {"alerts": [{"at": one.at, "words": sentence(one)} for one in context["notices"]]}


def _recording(mail: Mail) -> dict[str, Any] | None:
    """Return the recordings of the notices that still have files."""
    context = _about_class(mail)
    if context is None:
        return None
    pks = [one.data.get("recording") for one in context["notices"]]
    found = Recording.objects.filter(pk__in=[pk for pk in pks if pk is not None], room=mail.room)
    recordings = [
        {"at": one.started_at, "address": absolute(reverse("reports:recording", args=[one.pk]))}
        for one in found.order_by("started_at", "pk")
    ]
    return context | {"recordings": recordings} if recordings else None


def _summary(mail: Mail) -> dict[str, Any] | None:
    assert mail.week is not None
    summary = weekly.summary_of(mail.person, mail.week, mails.zone_of(mail.person))
    return {"summary": summary} if summary.classes else None


_CONTEXTS: Final[dict[MailKind, Callable[[Mail], dict[str, Any] | None]]] = {
    MailKind.ALERT: _alert,
    MailKind.RECORDING_READY: _recording,
    MailKind.WEEKLY_SUMMARY: _summary,
}
