"""The state of the chain of the audit log in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext

from classroom_admin.audit import triggers, verification
from classroom_admin.audit.models import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """What the last verification found. `at` is None if there was none. `warning` may be empty."""

    at: datetime | None
    is_valid: bool
    words: str
    warning: str


def chain_state() -> ChainState:
    """Return the state of the chain."""
    last = Checkpoint.newest(Checkpoint.Kind.VERIFIED, Checkpoint.Kind.BROKEN)
    missing = triggers.missing(connection)
    warning = gettext("The database does not protect the audit log. Run “manage.py migrate”.")
    return ChainState(
        at=last.at if last else None,
        is_valid=last is None or last.kind == Checkpoint.Kind.VERIFIED,
        words=_words(last),
        warning=warning if missing else "",
    )


def _words(last: Checkpoint | None) -> str:
    if last is None:
        return gettext("The audit log has not been verified yet. This happens once a day.")
    if last.kind == Checkpoint.Kind.VERIFIED:
        return gettext("The audit log is intact up to record %(number)s.") % {"number": last.number}
    kind, _colon, row = last.problem.partition(":")
    says = {
        verification.CHANGED: gettext("The audit log is not intact: the row %(row)s was changed."),
        verification.MISSING: gettext("The audit log is not intact: the row %(row)s is missing."),
        verification.INSERTED: gettext("The audit log is not intact: the row %(row)s was inserted."),
        verification.MOVED: gettext("The audit log is not intact: the row %(row)s is not at its place."),
    }
    return says[kind] % {"row": row}
