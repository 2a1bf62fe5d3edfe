"""The overview of all reports."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.models import ClassSummary
from classroom_admin.reports.summaries import OVER
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.tabs import tabs_for

NEWEST = 5


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show which reports there are, what each of them answers, and the classes that were over last."""
    rooms = visible_rooms(request.user)
    newest = ClassSummary.objects.filter(room__in=rooms.values("pk"), starts_at__isnull=False)
    newest = newest.select_related("room").order_by("-starts_at", "-pk")[:NEWEST]
    context = {
        "tabs": tabs_for(request.user),
        "newest": newest,
        "any_over": bool(newest) or rooms.filter(OVER).exists(),
    }
    return render(request, "reports/overview.html", context)
