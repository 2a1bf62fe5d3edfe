"""Views that list, preview, start and retry bulk actions, and show the progress of a bulk action."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import bulk
from classroom_admin.actions.bulk import Skip
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import BulkAction, BulkRun, ScheduledCommand
from classroom_admin.actions.scheduled import OPEN
from classroom_admin.agora.classroom_calls import LONGEST_MESSAGE
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.parameters import without_nul
from classroom_admin.web.wording import PATIENCE, CommandStatus, command_statuses

_TOKEN: Final = 24


class AnnouncementForm(forms.Form):
    """A form for an announcement to several classes."""

    text = forms.CharField(
        label=_lazy("Text of the announcement"),
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea({"rows": 3, "dir": "auto", "form": "bulk-confirm"}),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.RUN)
def bulk_actions(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the list of bulk actions.

    A POST shows a preview, or starts the action if it contains a `token`.
    """
    if request.method == "GET":
        return _runs(request)
    what, keys = request.POST.get("do", ""), [without_nul(key) for key in request.POST.getlist("class")]
    if request.POST.get("live") == BulkAction.ANNOUNCE:
        what, keys = BulkAction.ANNOUNCE, bulk.live_keys(request.user)
    token = without_nul(request.POST.get("token", ""))[:64]
    form = AnnouncementForm(request.POST if token else None)
    announces = what == BulkAction.ANNOUNCE
    wrong = token != "" and announces and not form.is_valid()
    try:
        if token and not wrong:
            text = form.cleaned_data["text"] if announces else ""
            made = bulk.start(actor=request.user, what=what, keys=keys, token=token, text=text)
            return redirect("live:run", made.key)
    except ActionRefused as error:
        if not announces:
            return _runs(request, refused=error.message, status=422)
        form.add_error("text", error.message)  # the preview keeps the text
        wrong = True
    try:
        planned = bulk.preview(actor=request.user, what=what, keys=keys)
    except ActionRefused as error:
        return _runs(request, refused=error.message, status=422)
    will = [each for each in planned if not each.skip]
    what = BulkAction.END if what == BulkAction.END_ALL else BulkAction(what)
    context = {
        "what": what,
        "will": will,
        "recorded": [each for each in will if each.is_recorded] if what == BulkAction.END else [],
        "left_out": [each for each in planned if each.skip],
        "token": token or secrets.token_urlsafe(_TOKEN),
        "form": form if what == BulkAction.ANNOUNCE else None,
    }
    return render(request, "bulk/preview.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.RUN)
def bulk_action(request: AuthenticatedHttpRequest, run: str) -> HttpResponse:
    """Show the progress of a bulk action. A POST retries the failed classes.

    If `since` is set, return only what changed after that time. The page sends this request every second.
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
    """Return the bulk action with this `key`. Raise Http404 if there is none or `user` may not see it."""
    return get_object_or_404(_visible_runs(user), key=key)


def runs_of(user: User) -> list[BulkRun]:
    """Return the latest bulk actions that `user` may see, with `total`, `left` and `failed`."""
    runs = _visible_runs(user).annotate(
        total=Count("items"),
        left=Count("items", filter=Q(items__state__in=OPEN)),
        failed=Count("items", filter=Q(items__state=State.FAILED)),
    )
    return list(runs.order_by("-id")[:RUNS])


def _visible_runs(user: User) -> QuerySet[BulkRun]:
    runs = BulkRun.objects.select_related("by")
    return runs if permissions.may(user, Permission.AUDIT) else runs.filter(by=user)


class RunStatus:
    """The status of a bulk action for `user`.

    If `since` is set, `rows` has only classes that changed after it.
    """

    def __init__(self, run: BulkRun, user: User, *, since: datetime | None = None) -> None:
        self.run = run
        self._since = since
        self._now = clock.now()
        # Hide classes that the person may no longer see.
        self._items = run.items.filter(room__in=visible_rooms(user).values("pk"))

    @property
    def next_since(self) -> int:
        """Return `since` for the page's next request, in milliseconds since 1970."""
        return round((self._now - SLACK).timestamp() * 1000)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return the number of classes in each state, and the number of unconfirmed commands."""
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
        """Return the number of classes with a command that is waiting or being sent."""
        return sum(self.counts[state] for state in OPEN)

    @property
    def is_over(self) -> bool:
        """Return whether the action has ended and no confirmation is pending."""
        return not self.left and not self.counts["unconfirmed"]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return what the page shows for each class."""
        items = self._items.select_related("room", "entry").prefetch_related("entry__steps")
        if self._since is not None:
            new_steps = Step.objects.filter(entry=OuterRef("entry"), at__gte=self._since)
            items = items.filter(Q(changed_at__gte=self._since) | Exists(new_steps))
        items = items.defer("room__properties", "room__ext_apps", "room__groups")
        return [_row(item) for item in items.order_by("room__name", "pk")]


def _row(item: ScheduledCommand) -> dict[str, Any]:
    command = next(iter(command_statuses([item.entry])), None) if item.entry is not None else None
    tone, words = _state_in_words(item, command)
    if item.payload.get("stopped"):
        words += " " + _("The recording was stopped, too.")
    cloud_says = command.cloud_says if command is not None and tone == "bad" else ""
    return {"item": item, "tone": tone, "icon": ICONS[tone], "words": words, "cloud_says": cloud_says}


def _state_in_words(item: ScheduledCommand, command: CommandStatus | None) -> tuple[str, str]:
    if item.state == State.WAITING:
        return "wait", _("Waiting for its turn.")
    if item.state == State.CLAIMED:
        return "busy", _("Sending to the cloud…")
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
        return "good", _("Accepted. The cloud does not report whether it worked.")
    return "good", _("Accepted by the cloud, but not confirmed by the class yet.")
