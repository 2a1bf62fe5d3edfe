"""A run as its page shows it: how far it is, and how each class stands in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.bulk.models import BulkItem, BulkRun
from classroom_admin.actions.bulk.plan import Skip
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.wording import PATIENCE, Told, tell_commands

SLACK: Final = timedelta(seconds=3)
"""A page asks again for what changed so shortly before: a change may be committed after its own time."""
RUNS: Final = 30
State = BulkItem.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One class. `look`: wait, busy, good, bad or skip; `words` say how it stands."""

    pk: int
    key: str
    name: str
    look: str
    words: str
    cloud_says: str = ""

    @property
    def icon(self) -> str:
        return {"wait": "hourglass", "busy": "loader", "good": "circle-check", "bad": "circle-x"}.get(
            self.look, "chevron-right"
        )


def run_for(user: User, key: str) -> BulkRun:
    """The run under `key`: an administrator's any, a teacher's own. Http404 for the others."""
    runs = BulkRun.objects.select_related("by")
    if not user.is_administrator:
        runs = runs.filter(by=user)
    found = runs.filter(key=key).first()
    if found is None:
        raise Http404("There is nothing here, or it is not yours.")
    return found


def runs_of(user: User) -> list[BulkRun]:
    """The last runs that `user` may see, each with `total` and `failed`."""
    runs = BulkRun.objects.select_related("by").annotate(
        total=Count("items"), failed=Count("items", filter=Q(items__state=State.FAILED))
    )
    if not user.is_administrator:
        runs = runs.filter(by=user)
    return list(runs.order_by("-id")[:RUNS])


class RunReading:
    """A run, read for one person. `since` keeps the rows to what changed from then on."""

    def __init__(self, run: BulkRun, user: User, *, since: datetime | None = None) -> None:
        self.run = run
        self._since = since
        self._now = clock.now()
        # a class that was taken away from the person meanwhile is not shown any more
        self._items = BulkItem.objects.filter(run=run, room__in=visible_rooms(user).values("pk"))

    @property
    def next_since(self) -> int:
        """From when on the page is to ask next (ms since 1970)."""
        return round((self._now - SLACK).timestamp() * 1000)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many classes are in which state, and `unconfirmed` ones that may still be."""
        told = self._items.values_list("state").annotate(n=Count("pk")).order_by()
        return dict.fromkeys(State.values, 0) | dict(told) | {"unconfirmed": self._unconfirmed.count()}

    @property
    def _unconfirmed(self) -> QuerySet[BulkItem]:
        ended = Step.objects.filter(entry=OuterRef("entry")).filter(
            Q(kind=Step.Kind.CONFIRMED) | Q(kind=Step.Kind.FAILED)
        )
        young = self._items.filter(state=State.DONE, changed_at__gte=self._now - PATIENCE)
        return young.filter(entry__isnull=False).exclude(Exists(ended))

    @property
    def total(self) -> int:
        return sum(self.counts[state] for state in State.values)

    @property
    def settled(self) -> int:
        return self.total - self.counts[State.WAITING] - self.counts[State.RUNNING]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will change by itself."""
        return self.settled == self.total and not self.counts["unconfirmed"]

    @cached_property
    def rows(self) -> list[Row]:
        items = self._items.select_related("room", "entry").prefetch_related("entry__steps")
        if self._since is not None:
            went_on = Step.objects.filter(entry=OuterRef("entry"), at__gte=self._since)
            items = items.filter(Q(changed_at__gte=self._since) | Exists(went_on))
        items = items.defer("room__properties", "room__ext_apps", "room__groups")
        return [_row(item) for item in items.order_by("room__name", "pk")]


def _row(item: BulkItem) -> Row:
    told = next(iter(tell_commands([item.entry])), None) if item.entry is not None else None
    look, words = _stands(item, told)
    return Row(
        pk=item.pk,
        key=item.room.key,
        name=str(item.room),
        look=look,
        words=words,
        cloud_says=told.cloud_says if told is not None and look == "bad" else "",
    )


def _stands(item: BulkItem, told: Told | None) -> tuple[str, str]:
    if item.state == State.WAITING:
        return "wait", _("Waiting for its turn.")
    if item.state == State.RUNNING:
        return "busy", _("Being sent to the cloud…")
    if item.state == State.SKIPPED:
        return "skip", str(Skip(item.skip).label) if item.skip else _("Skipped.")
    if told is None:
        failed = item.state == State.FAILED
        return ("bad", item.why) if failed else ("good", _("Done."))
    if told.state == Step.Kind.CONFIRMED:
        seconds = round(told.seconds or 0, 1)
        return "good", _("Done. Confirmed after %(seconds)s s.") % {"seconds": seconds}
    if told.reason:
        return "bad", told.reason
    if told.final:
        return "good", _("Done.")
    return "good", _("Accepted by the cloud, but not confirmed by the class yet.")
