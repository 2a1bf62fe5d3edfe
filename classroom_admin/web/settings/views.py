"""Views of the settings pages, for administrators only."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from classroom_admin.actions.connection import try_connection
from classroom_admin.audit.selectors import Filters, Page, find_entries
from classroom_admin.common import problem_texts
from classroom_admin.sync.health import health
from classroom_admin.web.access import AuthenticatedHttpRequest, administrator_only
from classroom_admin.web.settings.audit_log import AuditForm, rows_of
from classroom_admin.web.settings.sync_health import SyncForm, facts_of, quarantine_page

LATEST = 5


@require_safe
@administrator_only
def overview(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the connection settings from the environment, and the latest entries of the audit log."""
    return render(request, "settings/overview.html", _overview())


@require_POST
@administrator_only
def test(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Test the connection to the cloud. For htmx, render only the result instead of the whole page."""
    report = try_connection(actor=request.user)
    if request.htmx:
        return render(request, "settings/_report.html", {"report": report})
    return render(request, "settings/overview.html", _overview() | {"report": report})


@require_safe
@administrator_only
def audit(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the audit log, newest first."""
    form = AuditForm(request.GET)
    page = Page(entries=[], older=None)
    if form.is_valid():
        page = find_entries(form.filters(), before=form.cleaned_data["before"])
    older = request.GET.copy()
    older["before"] = str(page.older or "")
    newest = request.GET.copy()
    newest.pop("before", None)
    context = {
        "form": form,
        "rows": rows_of(page.entries),
        "older": older.urlencode() if page.older else "",
        "newest": newest.urlencode(),
        "is_newest": "before" not in request.GET,
        "is_filtered": any(newest.values()),
    }
    return render(request, "settings/audit.html", context)


@never_cache
@require_safe
@administrator_only
def sync(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the event sync and its quarantine, newest first."""
    form = SyncForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    items, older = quarantine_page(before=before)
    now = health()
    context = {"health": now, "facts": facts_of(now), "items": items, "older": older, "is_newest": not before}
    return render(request, "settings/sync.html", context)


def _overview() -> dict[str, Any]:
    cloud = settings.AGORA
    every = _("%(seconds)s s") % {"seconds": f"{settings.AGORA_POLL_SECONDS:g}"}
    facts = [
        (_("Address"), "AGORA_BASE_URL", cloud.base_url),
        (_("Fallback address"), "AGORA_FALLBACK_URL", cloud.fallback_url),
        (_("Region"), "AGORA_REGION", cloud.region),
        (_("App ID"), "AGORA_APP_ID", cloud.app_id),
        # The page must show only whether the secret is set, not the secret.
        (_("App certificate"), "AGORA_APP_CERTIFICATE", _("set") if cloud.app_certificate else ""),
        (_("Sign-in method"), "AGORA_AUTH", cloud.auth),
        (_("Signs in as"), "AGORA_UID", cloud.uid),
        (_("Request limit per second"), "AGORA_REQUESTS_PER_SECOND", f"{cloud.requests_per_second:g}"),
        (
            _("Polling interval"),
            "AGORA_POLL_SECONDS",
            every,
        ),
        (_("Join address"), "JOIN_URL_TEMPLATE", settings.JOIN_URL_TEMPLATE),
    ]
    latest = find_entries(Filters(), limit=LATEST).entries
    return {
        "facts": facts,
        "problems": [problem_texts.in_words(one) for one in cloud.problems()],
        "rows": rows_of(latest),
        "health": health(),
    }
