"""Exports that are made in the background: their list, progress, download and cancellation."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts import permissions
from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.reports.exports import all as _all  # noqa: F401 - registers the exports
from classroom_admin.reports.exports import jobs
from classroom_admin.reports.exports.files import CONTENT_TYPES, file_name
from classroom_admin.reports.exports.kinds import EXPORTS
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.export import options_in
from classroom_admin.web.reports.filters import FilterForm
from classroom_admin.web.reports.tabs import tabs_for
from classroom_admin.web.streaming import file_pieces, streamed

MOST_SHOWN: Final = 100


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the person's newest exports. Administrators may ask for the exports of everyone."""
    of_everyone = (
        permissions.may(request.user, Permission.ALL_EXPORTS) and request.GET.get("of") == "everyone"
    )
    found = ExportJob.objects.select_related("owner")
    if not of_everyone:
        found = found.filter(owner=request.user)
    context = {
        "tabs": tabs_for(request.user),
        "rows": [row_of(job) for job in found[:MOST_SHOWN]],
        "of_everyone": of_everyone,
    }
    return render(request, "reports/exports.html", context)


@never_cache
@require_safe
@requires(Permission.REPORTS)
def row(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Render the row of an export, for the page that shows its progress."""
    job = jobs.job_for(request.user, key)
    context = {"row": row_of(job), "of_everyone": job.owner_id != request.user.pk}
    return render(request, "reports/_export.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.REPORTS)
def new(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Say how large an export is. A POST starts it in the background. The address contains the filter."""
    what, asked = request.GET.get("what", ""), request.GET.get("format", "")
    form = FilterForm(request.user, request.GET)
    if what not in EXPORTS or asked not in ExportJob.Format.values or not form.is_valid():
        raise Http404(_("There is no such export."))
    chosen, options = form.chosen(), options_in(request.GET)
    total = EXPORTS[what].make(chosen, options).total
    if request.method != "POST":
        context: dict[str, Any] = {
            "title": EXPORTS[what].title,
            "format": ExportJob.Format(asked).label,
            "total": total,
        }
        context |= {"tabs": tabs_for(request.user), "query": request.GET.urlencode()}
        return render(request, "reports/new_export.html", context)
    try:
        jobs.request_export(
            owner=request.user, what=what, file_format=asked, chosen=chosen, options=options, total=total
        )
    except jobs.TooManyExports:
        messages.error(request, _("You have several unfinished exports. Wait for them, or cancel one."))
    return redirect("reports:exports")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.REPORTS)
def cancel(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask for confirmation. A POST cancels an unfinished export."""
    job = jobs.job_for(request.user, key)
    if request.method != "POST":
        context = {"tabs": tabs_for(request.user), "row": row_of(job)}
        return render(request, "reports/cancel_export.html", context)
    if not jobs.cancel(job):
        messages.info(request, _("The export was already finished."))
    return redirect("reports:exports")


@never_cache
@require_safe
@requires(Permission.REPORTS)
def file(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Download the file of a finished export."""
    job, content = jobs.file_for(request.user, key)
    answer = streamed(
        request,
        file_pieces(content),
        content_type=CONTENT_TYPES[job.format],
        file_name=file_name(job.what, job.format, job.made_at),
        close=content.close,
    )
    answer["Content-Length"] = str(job.size)
    return answer


def row_of(job: ExportJob) -> dict[str, Any]:
    """Return what the row of an export shows."""
    known = EXPORTS.get(job.what)
    return {
        "job": job,
        "title": known.title if known else job.what,
        "format": ExportJob.Format(job.format).label,
        "state": ExportJob.State(job.state).label,
        "is_ready": job.state == ExportJob.State.DONE,
        "since": job.params.get("filter", {}).get("since"),
        "until": job.params.get("filter", {}).get("until"),
    }
