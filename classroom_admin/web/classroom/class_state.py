"""Start, end and close a class."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import classes
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.access import room_for
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.command_answers import refused, went
from classroom_admin.web.dialogs import ask

COMMANDS: Final = {"start": classes.start_class, "end": classes.end_class, "close": classes.close_class}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """GET says what it means and asks; POST does it."""
    room = room_for(request.user, key)
    if name not in COMMANDS:
        raise Http404(_("There is no such command."))
    if request.method == "GET":
        return ask(request, "classroom/commands/state.html", {"room": room, "name": name})
    try:
        entry = COMMANDS[name](actor=request.user, room=room)
    except ActionRefused as error:
        return refused(request, room, error)
    return went(request, room, entry)
