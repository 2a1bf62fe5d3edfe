"""The view that verifies an unconfirmed command."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import verification
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import command_state
from classroom_admin.web.dialogs import ask


@require_http_methods(["GET", "POST"])
@signed_in
def verify(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Ask for confirmation (GET), or read the state from the cloud and show the result (POST)."""
    access = access_by_key(request.user, key)
    entry = get_object_or_404(Entry, room_uuid=access.room.room_uuid, pk=pk)
    if request.method == "GET":
        return ask(
            request, "classroom/commands/verify.html", {"room": access.room, "command": command_state(entry)}
        )
    try:
        found = verification.verify(access, entry=entry)
        done, says = found.done, found.says
    except ActionRefused as error:
        done, says = False, error.message
    else:
        if done is not None:
            says += " " + (
                _("The command was carried out.")
                if done
                else _("The command was not carried out. Try again if it is still needed.")
            )
    if request.htmx:
        return render(request, "classroom/commands/_verified.html", {"done": done, "says": says})
    (messages.success if done else messages.warning)(request, says)
    return redirect("live:class", key)
