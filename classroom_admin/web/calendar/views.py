"""Views of the calendar address and of the calendar itself."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts.models import CalendarFeed
from classroom_admin.actions import calendars
from classroom_admin.common.public_address import reach
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.calendar import feed
from classroom_admin.web.calendar.selectors import address_of, entries_of, host, owner_of


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the person's calendar address. A POST creates a new address, or turns it off with `do=off`."""
    if request.method == "POST":
        if request.POST.get("do") == "off":
            calendars.turn_off(actor=request.user)
            messages.success(
                request, _("The calendar feed is turned off. Its address no longer shows anything.")
            )
        else:
            calendars.make_address(actor=request.user)
            messages.success(request, _("The address is ready. Earlier addresses no longer show anything."))
        return redirect("live:calendar")
    found = CalendarFeed.objects.filter(user=request.user).first()
    address = address_of(found) if found else ""
    context = {
        "address": address,
        "made_at": found.made_at if found else None,
        "reach": reach(settings.PUBLIC_URL),
        "public_url": settings.PUBLIC_URL,
    }
    context["webcal"] = address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1)
    return render(request, "calendar/page.html", context)


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Return the calendar for a signed `token` in its owner's language; 404 for an invalid
    token, 304 if nothing changed.
    """
    owner = owner_of(token)
    if owner is None:
        raise Http404("There is no such calendar.")
    with translation.override(owner.language or translation.get_language()):
        name = _("Classes of %(who)s") % {"who": owner}
        body = feed.document(entries_of(owner), name=name, host=host())
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = feed.etag(body)
    answer["Cache-Control"] = "private, no-cache"
    answer["Content-Disposition"] = 'inline; filename="classes.ics"'
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer
