"""Accept that the newest part of the audit log is missing, because an older backup was restored."""

from typing import Final

from django.db import transaction

from classroom_admin.audit import chain, record

ACTION: Final = "audit.accept"


def accept(reason: str) -> int:
    """Record which links are missing and why. Return how many there are.

    Only the file in the data folder still names them. It is deleted, and written again with the next link.
    """
    with transaction.atomic():
        last, _hash = chain.head()
        kept = chain.kept_outside()
        if kept is None or kept[0] <= last:
            return 0
        params = {"first": last + 1, "last": kept[0], "reason": reason[:500]}
        record.done(actor=None, action=ACTION, params=params)
    chain.forget_outside()
    return kept[0] - last
