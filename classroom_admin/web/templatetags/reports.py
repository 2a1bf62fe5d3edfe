"""Template tags and filters for the pages of reports: shares, durations and statuses in words."""

from typing import Any, Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from classroom_admin.common import erased
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import STATUSES
from classroom_admin.web.templatetags.web import icon, minutes, took

register = template.Library()

LABELS: Final[dict[str, Any]] = {str(value): words for value, words in STATUSES}
LETTERS: Final[dict[str, Any]] = {
    Status.PRESENT: pgettext_lazy("letter for present", "P"),
    Status.LATE: pgettext_lazy("letter for late", "L"),
    Status.LEFT_EARLY: pgettext_lazy("letter for left early", "E"),
    Status.LATE_AND_LEFT_EARLY: pgettext_lazy("letters for late and left early", "LE"),
    Status.PARTLY: pgettext_lazy("sign for partly present", "½"),
    Status.ABSENT: pgettext_lazy("letter for absent", "A"),
    Status.EXCUSED: pgettext_lazy("letter for excused", "X"),
}
"""One or two letters for each status, for tables with many classes. A legend explains them."""
_TONES: Final = {Status.PRESENT: "good", Status.ABSENT: "bad", Status.EXCUSED: "accent"}
_ICONS: Final = {Status.PRESENT: "check", Status.ABSENT: "x", Status.EXCUSED: "info"}


@register.filter
def percent(share: float | None) -> str:
    """Return a share (0 to 1) as a percentage, or "–" for None.

    Only the whole is 100%, and only nothing is 0%.
    """
    if share is None:
        return "–"
    whole = round(100 * share)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return _("%(number)s%%") % {"number": whole}


@register.filter
def for_meter(share: float | None) -> str:
    """Return a share (0 to 1) for the attribute `value` of `<meter>`, with a decimal point."""
    return f"{share or 0:.3f}"


@register.filter
def as_duration(ms: float | None) -> str:
    """Return milliseconds in words, such as "47 min" or "1 h 05 min". Return "–" for 0 and None."""
    return minutes(round(ms / 1000)) if ms else "–"


@register.filter
def as_wait(ms: float | None) -> str:
    """Return milliseconds in words, such as "12 s" or "2 min 05 s". Return "–" for None."""
    return "–" if ms is None else took(ms / 1000)


@register.filter
def erased_translated(note: str) -> Any:
    """Return a note with “[erased]” in the active language."""
    return erased.translated(note)


@register.filter
def status_label(status: str) -> Any:
    """Return a status in words, or "" if it is not a status."""
    return LABELS.get(status, "")


@register.filter
def status_letter(status: str) -> Any:
    """Return the letter of a status, or "" if it is not a status."""
    return LETTERS.get(status, "")


@register.filter
def status_tone(status: str) -> str:
    """Return the class of the colour of a status: good, warn, bad or accent."""
    return _TONES.get(Status(status), "warn") if status in LABELS else ""


@register.simple_tag
def status_badge(status: str) -> SafeString | str:
    """Return a status as a badge with an icon and words. Return "" if there is no status."""
    if status not in LABELS:
        return ""
    words = str(LABELS[status])
    return format_html(
        '<span class="badge {}">{}{}</span>',
        status_tone(status),
        icon(_ICONS.get(Status(status), "clock")),
        words[:1].upper() + words[1:],
    )
