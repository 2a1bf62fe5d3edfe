"""The part of a person's page about links, second factors and sessions, and its commands."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classroom_admin.accounts import password_links, sessions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.accounts.security import second_factors
from classroom_admin.actions import api_tokens
from classroom_admin.actions import people as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.numbers import parsed
from classroom_admin.web.access import AuthenticatedHttpRequest, requires


def context(person: User) -> dict[str, Any]:
    """Return what the part shows: the second factors, the sessions and the API tokens of the person."""
    return {
        "factors": second_factors(person),
        "sessions": sessions.of(person),
        "tokens": api_tokens.rows_of(person),
    }


def link_page(request: AuthenticatedHttpRequest, person: User, secret: str, *, is_new: bool) -> HttpResponse:
    """Mail the link to choose a password. If that is not possible, show the link once."""
    shown = {"is_new": is_new, **link_of(request, person, secret)}
    return render(request, "people/password.html", shown)


def link_of(request: AuthenticatedHttpRequest, person: User, secret: str) -> dict[str, Any]:
    """Mail the link to choose a password. Return what `people/_link.html` shows: the link if not mailed."""
    is_mailed = password_links.send(person, secret)
    link = password_links.find(secret)
    return {
        "person": person,
        "valid_until": link and link.valid_until,
        "address": "" if is_mailed else request.build_absolute_uri(password_links.path(secret)),
    }


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def reset_second_factors(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Delete the person's second factors."""
    person = get_object_or_404(User, pk=pk)
    try:
        was_done = actions.reset_second_factors(actor=request.user, person=person)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
    else:
        if was_done:
            messages.success(request, _("The second factors of %(person)s were reset.") % {"person": person})
    return redirect("people:person", pk=pk)


@require_POST
@requires(Permission.PEOPLE)
@recently_signed_in
def end_sessions(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """End one session of the person, or all sessions if the form names none."""
    person = get_object_or_404(User, pk=pk)
    chosen = request.POST.get("session", "")
    session = parsed(chosen)
    if chosen and session is None:
        return redirect("people:person", pk=pk)
    if actions.end_sessions(actor=request.user, person=person, pk=session):
        messages.success(request, _("%(person)s was signed out there.") % {"person": person})
    return redirect("people:person", pk=pk)
