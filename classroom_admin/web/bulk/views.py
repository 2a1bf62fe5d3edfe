"""Views that list, preview, start and retry bulk actions, and show the progress of a bulk action."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.models import User
from classroom_admin.actions import bulk
from classroom_admin.actions.bulk import Skip
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import BulkAction, BulkRun, ScheduledCommand
from classroom_admin.actions.scheduled import OPEN
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses

_TOKEN: Final = 24


@require_http_methods(["GET", "POST"])
@signed_in
def bulk_actions(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List bulk actions. A POST shows a preview; a POST with a preview's `token` starts the action."""
    if request.method == "GET":
        return _runs(request)
    what, keys = request.POST.get("do", ""), request.POST.getlist("class")
    token = request.POST.get("token", "")[:64]
    try:
        if token:
            made = bulk.start(actor=request.user, what=what, keys=keys, token=token)
            return redirect("live:run", made.key)
        planned = bulk.preview(actor=request.user, what=what, keys=keys)
    except ActionRefused as error:
        return _runs(request, refused=error.message, status=422)
    context = {
        "what": BulkAction(what),
        "will": [each for each in planned if not each.skip],
        "left_out": [each for each in planned if each.skip],
        "token": secrets.token_urlsafe(_TOKEN),
    }
    return render(request, "bulk/preview.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def bulk_action(request: AuthenticatedHttpRequest, run: str) -> HttpResponse:
    """Show the progress of a bulk action. A POST retries the failed classes.

    With `since`, return only the changes since that time. The page requests these every second.
    """
    found = run_for(request.user, run)
    refused = ""
    if request.method == "POST":
        try:
            bulk.retry(actor=request.user, run=found)
            return redirect("live:run", found.key)
        except ActionRefused as error:
            refused = error.message
    since = _moment(request.GET.get("since", ""))
    one = RunStatus(found, request.user, since=since)
    template = "bulk/run.html" if since is None else "bulk/_run_changes.html"
    context = {"run": found, "one": one, "refused": refused, "oob": since is not None}
    return render(request, template, context, status=422 if refused else 200)


def _runs(request: AuthenticatedHttpRequest, *, refused: str = "", status: int = 200) -> HttpResponse:
    context = {"runs": runs_of(request.user), "refused": refused}
    return render(request, "bulk/runs.html", context, status=status)


def _moment(ms: str) -> datetime | None:
    try:
        return clock.from_ms(int(ms)) if ms else None
    except (ValueError, OverflowError):
        return None


SLACK: Final = timedelta(seconds=3)
"""The time by which two requests for changes overlap. A change may be committed after its timestamp."""
RUNS: Final = 30
State = ScheduledCommand.State
ICONS: Final = {
    "wait": "hourglass", "busy": "loader", "good": "circle-check", "bad": "circle-x", "skip": "chevron-right",
}  # fmt: skip


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
    """The status of a bulk action for one person. `since` limits `rows` to classes that changed after it."""

    def __init__(self, run: BulkRun, user: User, *, since: datetime | None = None) -> None:
        self.run = run
        self._since = since
        self._now = clock.now()
        # Hide classes that the person may no longer see.
        self._items = run.items.filter(room__in=visible_rooms(user).values("pk"))

    @property
    def next_since(self) -> int:
        """Return the `since` parameter for the page's next request, in ms since 1970."""
        return round((self._now - SLACK).timestamp() * 1000)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return the number of classes by state. `unconfirmed` counts commands that wait for confirmation."""
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
    def rows(self) -> list[dict[str, Any]]:
        """Return the classes. Describe each state by a `tone` (a key of ICONS), an icon and words."""
        items = self._items.select_related("room", "entry").prefetch_related("entry__steps")
        if self._since is not None:
            new_steps = Step.objects.filter(entry=OuterRef("entry"), at__gte=self._since)
            items = items.filter(Q(changed_at__gte=self._since) | Exists(new_steps))
        items = items.defer("room__properties", "room__ext_apps", "room__groups")
        return [_row(item) for item in items.order_by("room__name", "pk")]


def _row(item: ScheduledCommand) -> dict[str, Any]:
    command = next(iter(command_statuses([item.entry])), None) if item.entry is not None else None
    tone, words = _state_in_words(item, command)
    cloud_says = command.cloud_says if command is not None and tone == "bad" else ""
    return {"item": item, "tone": tone, "icon": ICONS[tone], "words": words, "cloud_says": cloud_says}


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
