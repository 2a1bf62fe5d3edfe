"""The page on which people see where they are signed in, and end sessions."""

from typing import TYPE_CHECKING, cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts import sessions, signals

if TYPE_CHECKING:
    from classroom_admin.accounts.models import User


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """List the person's sessions. A POST ends all of them except this one."""
    person = cast("User", request.user)
    if request.method == "POST":
        ended = sessions.end_others(request, person)
        signals.sessions_ended.send(sender=type(person), user=person, devices=ended)
        text = ngettext(
            "%(count)s other session was ended.", "%(count)s other sessions were ended.", len(ended)
        )
        messages.success(request, text % {"count": len(ended)})
        return redirect("usersessions_list")
    UserSession.objects.create_from_request(request)  # a session of an older version is not listed yet
    found = sessions.of(person, current=request.session.session_key)
    context = {"sessions": found, "others": any(not one.is_current for one in found)}
    return render(request, "usersessions/usersession_list.html", context)


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session of the person."""
    person = cast("User", request.user)
    device = sessions.end(person, pk)
    if device is not None:
        signals.sessions_ended.send(sender=type(person), user=person, devices=[device])
        messages.success(request, _("The session was ended: %(device)s.") % {"device": device})
    return redirect("usersessions_list")
