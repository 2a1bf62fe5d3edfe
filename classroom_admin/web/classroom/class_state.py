"""The views that start, end and close a class."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import class_state
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.access import access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import entry_response, refusal_response
from classroom_admin.web.dialogs import ask

COMMANDS: Final = {
    "start": class_state.start_class,
    "end": class_state.end_class,
    "close": class_state.close_class,
}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Explain the command and ask for confirmation (GET), or send the command (POST)."""
    access = access_by_key(request.user, key)
    if name not in COMMANDS:
        raise Http404(_("There is no such command."))
    if request.method == "GET":
        return ask(request, "classroom/commands/state.html", {"room": access.room, "name": name})
    try:
        entry = COMMANDS[name](access)
    except ActionRefused as error:
        return refusal_response(request, access.room, error)
    return entry_response(request, access.room, entry)
