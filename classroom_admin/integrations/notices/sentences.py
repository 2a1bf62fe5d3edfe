"""Say in words what happened, for mails and chat messages. The texts are in the active language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.alert_kinds import (
    ALONE,
    BANNED,
    CLOUD,
    DATA,
    NO_TEACHER,
    OVER_TIME,
    RECORDING,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ALERTS: Final[dict[str, StrOrPromise]] = {
    NO_TEACHER: _("No teacher present"),
    ALONE: _("Students without a teacher"),
    BANNED: _("A banned person is present"),
    RECORDING: _("Not recording"),
    OVER_TIME: _("Overtime"),
    DATA: _("Events are delayed or missing"),
    CLOUD: _("The cloud refused a command, or sends no updates"),
}
"""The words for each kind of alert. A notice does not say more about it, and the alert may have changed."""
KINDS: Final[dict[str, StrOrPromise]] = {
    Notice.Kind.ALERT_RAISED: _("A class has an alert"),
    Notice.Kind.CLASS_STARTED: _("A class started"),
    Notice.Kind.CLASS_ENDED: _("A class ended"),
    Notice.Kind.ATTENDANCE_READY: _("The attendance of a class is ready"),
    Notice.Kind.RECORDING_READY: _("A recording is ready"),
    Notice.Kind.PARTICIPANT_REMOVED: _("A participant was removed"),
}
"""The words for each kind of notice, for people who choose among them."""
_PLAIN: Final[dict[str, StrOrPromise]] = {
    Notice.Kind.CLASS_STARTED: _("The class started"),
    Notice.Kind.CLASS_ENDED: _("The class ended"),
    Notice.Kind.RECORDING_READY: _("A recording is ready"),
    Notice.Kind.PARTICIPANT_REMOVED: _("A participant was removed"),
}


def sentence(notice: Notice) -> str:
    """Return what happened in the class, without the name of the class and without a time."""
    if notice.kind == Notice.Kind.ALERT_RAISED:
        kind = str(notice.data.get("alert", ""))
        return str(ALERTS.get(kind, kind))
    if notice.kind == Notice.Kind.ATTENDANCE_READY:
        return _attendance(notice)
    return str(_PLAIN[notice.kind])


def _attendance(notice: Notice) -> str:
    if not notice.data.get("complete", True):
        return gettext("The attendance is ready, but events are missing, so it may be wrong")
    count = int(notice.data.get("students", 0))
    words = ngettext(
        "The attendance of %(count)d student is ready", "The attendance of %(count)d students is ready", count
    )
    return words % {"count": count}
