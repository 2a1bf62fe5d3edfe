"""Prepare a bulk action for its page: its progress, and the state of each class in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.bulk import Skip
from classroom_admin.actions.models import BulkRun, ScheduledCommand
from classroom_admin.actions.scheduled import OPEN
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses

SLACK: Final = timedelta(seconds=3)
"""The overlap of two requests for changes, because a change can be committed later than its timestamp."""
RUNS: Final = 30
State = ScheduledCommand.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One class of a bulk action. `tone` is wait, busy, good, bad or skip; `words` describes the state."""

    pk: int
    key: str
    name: str
    tone: str
    words: str
    cloud_says: str = ""

    @property
    def icon(self) -> str:
        return {"wait": "hourglass", "busy": "loader", "good": "circle-check", "bad": "circle-x"}.get(
            self.tone, "chevron-right"
        )


def run_for(user: User, key: str) -> BulkRun:
    """Return the bulk action with this `key`. Raise Http404 if none exists or `user` may not see it."""
    return get_object_or_404(_visible_runs(user), key=key)


def runs_of(user: User) -> list[BulkRun]:
    """Return the latest bulk actions that `user` may see, annotated with `total`, `left` and `failed`."""
    runs = _visible_runs(user).annotate(
        total=Count("items"),
        left=Count("items", filter=Q(items__state__in=OPEN)),
        failed=Count("items", filter=Q(items__state=State.FAILED)),
    )
    return list(runs.order_by("-id")[:RUNS])


def _visible_runs(user: User) -> QuerySet[BulkRun]:
    runs = BulkRun.objects.select_related("by")
    return runs if user.is_administrator else runs.filter(by=user)


class RunStatus:
    """The status of a bulk action for one person. `since` limits `rows` to classes changed since then."""

    def __init__(self, run: BulkRun, user: User, *, since: datetime | None = None) -> None:
        self.run = run
        self._since = since
        self._now = clock.now()
        # Hide classes that the person may no longer see.
        self._items = run.items.filter(room__in=visible_rooms(user).values("pk"))

    @property
    def next_since(self) -> int:
        """Return `since` for the page's next request, in ms since 1970."""
        return round((self._now - SLACK).timestamp() * 1000)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return the number of classes by state. `unconfirmed` counts those that may still be confirmed."""
        numbers = self._items.values_list("state").annotate(n=Count("pk")).order_by()
        return dict.fromkeys(State.values, 0) | dict(numbers) | {"unconfirmed": self._unconfirmed.count()}

    @property
    def _unconfirmed(self) -> QuerySet[ScheduledCommand]:
        ended = Step.objects.filter(entry=OuterRef("entry")).filter(
            Q(kind=Step.Kind.CONFIRMED) | Q(kind=Step.Kind.FAILED)
        )
        recent = self._items.filter(state=State.DONE, changed_at__gte=self._now - PATIENCE)
        return recent.filter(entry__isnull=False).exclude(Exists(ended))

    @property
    def total(self) -> int:
        return sum(self.counts[state] for state in State.values)

    @property
    def settled(self) -> int:
        return self.total - self.left

    @property
    def left(self) -> int:
        """Return the number of classes whose command is waiting or being sent."""
        return sum(self.counts[state] for state in OPEN)

    @property
    def is_over(self) -> bool:
        """Return whether the action has ended and no confirmation is pending."""
        return not self.left and not self.counts["unconfirmed"]

    @cached_property
    def rows(self) -> list[Row]:
        items = self._items.select_related("room", "entry").prefetch_related("entry__steps")
        if self._since is not None:
            new_steps = Step.objects.filter(entry=OuterRef("entry"), at__gte=self._since)
            items = items.filter(Q(changed_at__gte=self._since) | Exists(new_steps))
        items = items.defer("room__properties", "room__ext_apps", "room__groups")
        return [_row(item) for item in items.order_by("room__name", "pk")]


def _row(item: ScheduledCommand) -> Row:
    assert item.room is not None
    command = next(iter(command_statuses([item.entry])), None) if item.entry is not None else None
    tone, words = _state_in_words(item, command)
    return Row(
        pk=item.pk,
        key=item.room.key,
        name=str(item.room),
        tone=tone,
        words=words,
        cloud_says=command.cloud_says if command is not None and tone == "bad" else "",
    )


def _state_in_words(item: ScheduledCommand, command: CommandStatus | None) -> tuple[str, str]:
    if item.state == State.WAITING:
        return "wait", _("Waiting for its turn.")
    if item.state == State.CLAIMED:
        return "busy", _("Being sent to the cloud…")
    if item.state == State.CANCELLED:
        skip = item.payload.get("skip")
        return "skip", str(Skip(skip).label) if skip else _("Skipped.")
    if command is None:
        failed = item.state == State.FAILED
        return ("bad", item.why) if failed else ("good", _("Done."))
    if command.state == Step.Kind.CONFIRMED:
        seconds = round(command.seconds or 0, 1)
        return "good", _("Done. Confirmed after %(seconds)s s.") % {"seconds": seconds}
    if command.reason:
        return "bad", command.reason
    if command.final:
        return "good", _("Done.")
    return "good", _("Accepted by the cloud, but not confirmed by the class yet.")
