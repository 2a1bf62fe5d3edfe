"""Views about people: a person in a class, the whole attendance, banned students."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from classroom_admin.rooms import bans, class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.attendance import list_attendance, list_entry_of
from classroom_admin.web.classroom.people_panels import removal_of, removed_this_week, with_removals
from classroom_admin.web.dialogs import ask
from classroom_admin.web.wording import command_statuses


@require_safe
@signed_in
def person(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show a person in this class: state, times of presence, and commands about the person."""
    room = room_for(request.user, key)
    shown = get_object_or_404(with_removals(Participant.objects.filter(room=room)), pk=pk)
    removals = class_selectors.removals_this_week(request.user, user_uuid=shown.user_uuid)
    context = {
        "room": room,
        "person": shown,
        "removal": removal_of(shown),
        "stays": class_selectors.stays(shown),
        "commands": command_statuses(class_selectors.removals_on_record(shown, room)),
        "removed_this_week": removed_this_week(removals),
        "list_entry": list_entry_of(room, shown),
    }
    return ask(request, "classroom/people/person.html", context)


@require_safe
@signed_in
def whole_attendance(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show everyone who is absent, late or left early. The panel shows only the first names."""
    room = room_for(request.user, key)
    context = {"room": room, "list": list_attendance(room), "state": room.current_state}
    return ask(request, "classroom/people/attendance.html", context)


@require_safe
@signed_in
def banned(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the people banned from this class, and until when, by whom and why they are banned."""
    room = room_for(request.user, key)
    return ask(request, "classroom/people/banned.html", {"room": room, "bans": bans.ban_list(room)})
