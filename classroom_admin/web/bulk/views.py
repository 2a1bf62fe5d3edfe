"""Views of bulk actions: the list, the preview, one action, and the retry."""

import secrets
from datetime import datetime
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import bulk
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import BulkAction
from classroom_admin.common import clock
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.bulk.presenter import RunStatus, run_for, runs_of

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

    With `since`, return only the changes. The page requests them every second.
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
