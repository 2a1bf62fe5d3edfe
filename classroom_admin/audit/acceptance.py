"""Accept that the newest part of the audit log is missing, because an older backup was restored."""

from typing import Final

from django.db import transaction

from classroom_admin.audit import chain, record

ACTION: Final = "audit.accept"


def accept(reason: str) -> int:
    """Record which links are missing and why. Return how many are certainly missing.

    Only the file in the data folder still names them. It is deleted, and written again with the next link.
    """
    with transaction.atomic():
        last, _hash = chain.head()
        lost = chain.lost_end()
        if lost is None:
            return 0
        first = min(last + 1, lost[0])  # the numbers of lost links may be in use again
        params = {"first": first, "last": lost[0], "reason": reason[:500]}
        record.done(actor=None, action=ACTION, params=params)
    chain.forget_outside()
    return lost[0] - first + 1
