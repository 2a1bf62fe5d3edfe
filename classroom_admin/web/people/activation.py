"""The view that deactivates or reactivates several people, after it has named them."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions import people_in_bulk
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.numbers import parsed
from classroom_admin.web.access import AuthenticatedHttpRequest, requires

REACTIVATE: Final = "reactivate"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE)
@recently_signed_in
def activation(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Name the selected people and ask for confirmation. A POST deactivates or reactivates them."""
    chosen = request.POST if request.method == "POST" else request.GET
    active = chosen.get("to") == REACTIVATE
    found = User.objects.filter(pk__in=_keys(chosen))
    people = [person for person in found if person.is_active != active]
    if not people:
        messages.error(request, _nothing_to_do(active=active, chosen=len(found)))
        return redirect("people:list")
    if request.method == "POST":
        return _save(request, [person.pk for person in people], active=active)
    context = {
        "people": people,
        "active": active,
        "left_alone": len(found) - len(people),
        "has_self": not active and any(person.pk == request.user.pk for person in people),
    }
    return render(request, "people/activation.html", context)


def _save(request: AuthenticatedHttpRequest, people: list[int], *, active: bool) -> HttpResponse:
    try:
        done = people_in_bulk.set_active(actor=request.user, people=people, active=active)
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("people:list")
    if active:
        text = ngettext(
            "%(count)s person can sign in again.", "%(count)s people can sign in again.", len(done)
        )
    else:
        text = ngettext(
            "%(count)s person was deactivated and signed out everywhere.",
            "%(count)s people were deactivated and signed out everywhere.",
            len(done),
        )
    messages.success(request, text % {"count": len(done)})
    return redirect("people:list")


def _keys(chosen: QueryDict) -> list[int]:
    keys = (parsed(text) for text in chosen.getlist("person"))
    return [key for key in keys if key is not None]


def _nothing_to_do(*, active: bool, chosen: int) -> str:
    if not chosen:
        return _("Select at least one person, then press the button again.")
    if active:
        return _("The accounts of these people are active already.")
    return _("The accounts of these people are deactivated already.")
