"""Describe the figures and the quarantine of the event sync in words."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from classroom_admin.common.redaction import text_without_secrets
from classroom_admin.sync.health import Health, quarantine
from classroom_admin.sync.models import Quarantine

PAGE = 50
LONGEST_SHOWN = 20_000
"""The maximum number of characters that the page shows of a quarantined text."""


class SyncForm(forms.Form):
    """A form with the parameter `before` of a page of the quarantine."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


def facts_of(health: Health) -> list[tuple[str, str, str]]:
    """Return (label, value, explanation) for each figure of the event sync."""
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
            _("Only one process polls at a time, across all machines."),
        ),
        (
            _("Waiting to be processed"),
            str(health.backlog),
            _("The number of answers and classes. It normally returns to 0 quickly."),
        ),
        (
            _("Missing, being fetched"),
            str(health.open_gaps),
            _("The number of gaps in the events. A gap usually lasts a few seconds."),
        ),
        (
            _("Permanently missing"),
            str(health.gaps),
            _("The class no longer exists. Its page shows which events are missing."),
        ),
        (
            _("Numbers skipped by the cloud"),
            str(health.voids),
            _("The server requested these events several times, but they do not exist."),
        ),
        (
            _("In quarantine"),
            str(health.quarantined),
            _("Data that was received but can't be read. It is listed below."),
        ),
        (
            _("People corrected"),
            str(health.corrections),
            _("The events were wrong about who was present, so the server asked the cloud."),
        ),
    ]


def quarantine_page(*, before: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of the quarantine, and `before` for the next page (None if this is the last page).

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
        return _("An entire answer")
    return _("An event") if row.event else _("Part of an answer")
