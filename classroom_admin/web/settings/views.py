"""Views of the settings pages, for administrators only."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import capability_tests
from classroom_admin.actions.capabilities import capabilities
from classroom_admin.actions.connection import try_connection
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.selectors import Filters, Page, find_entries
from classroom_admin.common import problem_texts
from classroom_admin.common.version import version
from classroom_admin.integrations.mail.failures import failures
from classroom_admin.integrations.webhooks import selectors as webhooks
from classroom_admin.sync.health import chat_health, health
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.expensive import EXPORTS, limited
from classroom_admin.web.settings.audit_files import FORMATS, pieces_of_file
from classroom_admin.web.settings.audit_log import AuditForm, periods, rows_of
from classroom_admin.web.settings.chain_state import chain_state
from classroom_admin.web.settings.sync_health import SyncForm, chat_facts_of, facts_of, quarantine_page
from classroom_admin.web.streaming import streamed

LATEST = 5


@require_safe
@requires(Permission.SETTINGS)
def overview(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the connection settings from the environment, and the latest entries of the audit log."""
    return render(request, "settings/overview.html", _overview())


@require_POST
@requires(Permission.SETTINGS)
def test(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Test the connection to the cloud. For htmx, render only the result."""
    report = try_connection(actor=request.user, room_uuid=request.POST.get("room", "").strip())
    if request.htmx:
        return render(request, "settings/_report.html", {"report": report})
    return render(request, "settings/overview.html", _overview() | {"report": report})


@require_safe
@requires(Permission.AUDIT)
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
        "periods": periods(request.GET),
        "chain": chain_state(),
    }
    return render(request, "settings/audit.html", context)


@require_safe
@requires(Permission.AUDIT)
@limited(EXPORTS)
def audit_file(request: AuthenticatedHttpRequest, format_: str) -> HttpResponseBase:
    """Return the filtered entries as a CSV or JSON file. If a filter is not valid, show the page."""
    form = AuditForm(request.GET)
    if not form.is_valid():
        return redirect(f"{resolve_url('settings:audit')}?{request.GET.urlencode()}")
    pieces = pieces_of_file(request.user, form.filters(), format_=format_, query=request.GET.urlencode())
    return streamed(request, pieces, content_type=FORMATS[format_], file_name=f"audit-log.{format_}")


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def sync(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the event sync and its quarantine, newest first."""
    form = SyncForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    items, older = quarantine_page(before=before)
    now = health()
    facts = [*facts_of(now), *chat_facts_of(chat_health())]
    context = {"health": now, "facts": facts, "items": items, "older": older, "is_newest": not before}
    return render(request, "settings/sync.html", context)


@require_POST
@requires(Permission.SETTINGS)
def test_capability(request: AuthenticatedHttpRequest, name: str) -> HttpResponse:
    """Test again whether the cloud project offers a command. For htmx, render only its table row."""
    try:
        row = capability_tests.test_again(actor=request.user, name=name)
    except ActionRefused as error:
        if error.problem.code == "no_such_capability":
            raise Http404(error.message) from error
        messages.error(request, error.message)
        return HttpResponseClientRefresh() if request.htmx else redirect("settings:overview")
    if request.htmx:
        return render(request, "settings/_capability.html", {"row": row})
    return redirect(f"{resolve_url('settings:overview')}#capabilities")


def _overview() -> dict[str, Any]:
    cloud = settings.AGORA
    every = _("%(seconds)s s") % {"seconds": f"{settings.AGORA_POLL_SECONDS or 0:g}"}
    if settings.AGORA_POLL_SECONDS is None:
        every = _("0.2 to 5 s, depending on live classes and open pages")
    facts = [
        (_("Address"), "AGORA_BASE_URL", cloud.base_url),
        (_("Fallback address"), "AGORA_FALLBACK_URL", cloud.fallback_url),
        (_("Region"), "AGORA_REGION", cloud.region),
        (_("App ID"), "AGORA_APP_ID", cloud.app_id),
        # The page must show only whether the secret is set, not the secret.
        (_("App Certificate"), "AGORA_APP_CERTIFICATE", _("set") if cloud.app_certificate else ""),
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
        "capabilities": capabilities(),
        "troubled_webhooks": webhooks.troubled(),
        "failed_mails": failures().count(),
        "version": version(),
    }
