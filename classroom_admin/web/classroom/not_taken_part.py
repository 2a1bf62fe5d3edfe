"""The dialog that names the students of a running class who have not taken part yet."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.reports.not_taken_part import AFTER, not_taken_part
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import RoomState
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask


@never_cache
@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show who has not taken part yet. Outside the class time, say where the report is."""
    room = access_by_key(request.user, key).room
    runs = room.current_state == RoomState.STARTED and room.gone_at is None
    context = {
        "room": room,
        "runs": runs,
        "found": not_taken_part(room) if runs else None,
        "minutes": round(AFTER.total_seconds() / 60),
    }
    return ask(request, "classroom/people/not_taken_part.html", context)
