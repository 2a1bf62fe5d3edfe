"""The attendance of the classes in a period."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.filters import FilterForm
from classroom_admin.web.reports.pdf import with_pdf
from classroom_admin.web.reports.tabs import tabs_for


@never_cache
@require_safe
@signed_in
@with_pdf
def page(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the attendance of the chosen classes."""
    form = FilterForm(request.user, request.GET)
    chosen = form.chosen() if form.is_valid() else None
    if (file := export_of(request, "attendance", chosen)) is not None:
        return file
    context = {"tabs": tabs_for(request.user), "form": form, "filter": chosen}
    return render(request, "reports/attendance.html", context, status=200 if chosen else 422)
