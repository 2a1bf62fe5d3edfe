"""Describe the figures and the quarantine of the event sync in words."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.redaction import text_without_secrets
from classroom_admin.sync.health import ChatHealth, Health, quarantine
from classroom_admin.sync.models import Quarantine

PAGE = 50
LONGEST_SHOWN = 20_000
"""The maximum number of characters that the page shows of a quarantined text."""


class SyncForm(forms.Form):
    """A form for the parameter `before` of the quarantine's pages."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


def facts_of(health: Health) -> list[tuple[str, str, str]]:
    """Return (label, value, explanation) for each figure about event sync."""
    age = _("never") if health.age_s is None else _("%(seconds)s s ago") % {"seconds": round(health.age_s)}
    return [
        (
            _("Last successful answer from the cloud"),
            age,
            _("The cloud is polled about every second."),
        ),
        (
            _("Polled by"),
            health.leader or _("no process"),
            _("Only one process polls at a time, even with several servers."),
        ),
        (
            _("Waiting to be processed"),
            str(health.backlog),
            _(
                "The number of answers and classes that are not processed yet. It normally returns to 0 "
                "quickly."
            ),
        ),
        (
            _("Missing, requested from the cloud"),
            str(health.open_gaps),
            _("The number of gaps in the events. A gap usually lasts a few seconds."),
        ),
        (
            _("Permanently missing"),
            str(health.gaps),
            _(
                "Their classes no longer exist in the cloud. The page of each class shows which events are "
                "missing."
            ),
        ),
        (
            _("Event numbers that the cloud skipped"),
            str(health.voids),
            _("The dashboard requested these events several times, but the cloud does not have them."),
        ),
        (
            _("In quarantine"),
            str(health.quarantined),
            _("Data that was received but can't be read. It is listed below."),
        ),
        (
            _("Presence corrections"),
            str(health.corrections),
            _(
                "How often the events were wrong about who was present. The server then read the cloud's "
                "list of people."
            ),
        ),
    ]


def chat_facts_of(chat: ChatHealth) -> list[tuple[str, datetime | str, str]]:
    """Return (label, value, explanation) for each figure about Agora Chat.

    The list is empty if it is not used.
    """
    if not (chat.classes or chat.reads or chat.is_called):
        return []
    missing = _("not set up")
    read = chat.read_at or _("never")
    called = chat.called_at or _("none in the last day")
    found: list[tuple[str, datetime | str, str]] = [
        (
            _("Classes with Agora Chat"),
            str(chat.classes),
            _("The events of these classes contain no chat. The server reads the chat from Agora Chat."),
        ),
        (
            _("Last read of the Agora Chat history"),
            read if chat.reads else missing,
            _("While such a class is live, the history is read every two minutes (AGORA_CHAT_URL)."),
        ),
        (
            _("Last callback from Agora Chat"),
            called if chat.is_called else missing,
            _("Agora Chat sends each message to the server immediately (AGORA_CHAT_SECRET)."),
        ),
    ]
    if chat.reads:
        fine = _(
            "The number of hours and chat rooms that could not be read. The server reads them again "
            "automatically."
        )
        why = in_words(chat.last_error) if chat.last_error is not None else fine
        found.append((_("Failed reads of Agora Chat"), str(chat.failing), why))
    return found


def quarantine_page(*, before: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of the quarantine, and `before` for the next page. It is None on the last page.

    Each item has the stored `row`, its type in words, and the beginning of its raw text without secrets.
    """
    rows = quarantine()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    items = [
        {"row": row, "what": _what(row), "raw": text_without_secrets(row.raw[:LONGEST_SHOWN]),
         "is_cut": len(row.raw) > LONGEST_SHOWN}
        for row in found[:PAGE]
    ]  # fmt: skip
    return items, found[PAGE - 1].pk if len(found) > PAGE else None


def _what(row: Quarantine) -> str:
    if row.whole_answer:
        return _("A complete response from the cloud")
    return _("An event") if row.event else _("Part of a response")
