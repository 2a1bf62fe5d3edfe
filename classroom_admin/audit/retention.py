"""Delete the oldest part of the audit log when its retention period is over."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Min

from classroom_admin.audit import chain, record
from classroom_admin.audit.erasures import permitted
from classroom_admin.audit.models import Checkpoint, Entry, Link, Permission, Step
from classroom_admin.common import clock

ACTION: Final = "audit.delete_old"


def count_before(moment: datetime) -> int:
    """Return how many entries `delete_before` would delete, except those that are not in the chain yet."""
    return Link.objects.filter(number__lte=_last_before(moment), entry__isnull=False).count()


def delete_before(moment: datetime) -> int:
    """Delete the oldest entries, up to the first that is not older than `moment`. Return how many.

    An entry stays while it or an older entry has a step at or after `moment`. A signed checkpoint remains,
    from which the chain is verified. The deletion is recorded.
    """
    while chain.link_new(everything=True):
        pass
    with transaction.atomic():
        last = _last_before(moment)
        link = Link.objects.filter(number=last).first()
        if link is None:
            return 0
        entries = Link.objects.filter(number__lte=last, entry__isnull=False)
        count = entries.count()
        Checkpoint.objects.create(kind=Checkpoint.Kind.START, number=last, hash=link.hash, at=clock.now())
        _release(last)
        with permitted(Permission.Kind.RETENTION, up_to=last), connection.cursor() as cursor:
            for table, column in (("audit_step", "step_id"), ("audit_entry", "entry_id")):
                cursor.execute(
                    f"DELETE FROM {table} WHERE id IN "
                    f"(SELECT {column} FROM audit_link WHERE number <= %s AND {column} IS NOT NULL)",
                    [last],
                )
            cursor.execute("DELETE FROM audit_link WHERE number <= %s", [last])
        record.done(actor=None, action=ACTION, params={"entries": count, "until": moment.isoformat()})
    return count


def _release(last: int) -> None:
    """Remove the references to the entries up to this link. Delete rows that can't be without an entry."""
    entries = Link.objects.filter(number__lte=last, entry__isnull=False).values("entry_id")
    for relation in Entry._meta.related_objects:
        if relation.related_model in (Step, Link):
            continue
        field = relation.field
        rows = relation.related_model._base_manager.filter(**{f"{field.name}__in": entries})
        rows.update(**{field.name: None}) if field.null else rows.delete()


def _last_before(moment: datetime) -> int:
    """Return the number of the last link that may be deleted, or 0."""
    first_kept = [
        Link.objects.filter(**{f"{kind}__at__gte": moment}).aggregate(first=Min("number"))["first"]
        for kind in ("entry", "step")
    ]
    numbers = [number for number in first_kept if number is not None]
    last = min(numbers) - 1 if numbers else chain.head()[0]
    while last > 0:
        # An entry stays as long as one of its steps.
        older = Link.objects.filter(number__lte=last)
        later = older.filter(entry__steps__link__number__gt=last).aggregate(first=Min("number"))["first"]
        loose = older.filter(entry__steps__isnull=False, entry__steps__link__isnull=True)
        first_loose = loose.aggregate(first=Min("number"))["first"]
        numbers = [number for number in (later, first_loose) if number is not None]
        if not numbers:
            break
        last = min(numbers) - 1
    return last
