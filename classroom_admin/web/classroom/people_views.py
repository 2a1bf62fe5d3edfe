"""One person of a class: how long they were there, what was done about them; and who may not come back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from classroom_admin.rooms import bans, class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom import attendance
from classroom_admin.web.classroom.people_panels import removal_of, with_removals
from classroom_admin.web.classroom.people_texts import removed_this_week
from classroom_admin.web.dialogs import ask
from classroom_admin.web.wording import command_statuses


@require_safe
@signed_in
def person(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A person in this class: now, their stays, what was done about them."""
    room = room_for(request.user, key)
    shown = get_object_or_404(with_removals(Participant.objects.filter(room=room)), pk=pk)
    often = class_selectors.removals_this_week(request.user, user_uuid=shown.user_uuid)
    context = {
        "room": room,
        "person": shown,
        "removal": removal_of(shown),
        "stays": class_selectors.stays(shown),
        "done": command_statuses(class_selectors.removals_on_record(shown, room)),
        "often": removed_this_week(often),
        "listed": attendance.listed_as(room, shown),
    }
    return ask(request, "classroom/people/person.html", context)


@require_safe
@signed_in
def whole_attendance(request: HttpRequest, key: str) -> HttpResponse:
    """Everybody of the class list who is missing, late or gone: the panel names only the first of them."""
    room = room_for(request.user, key)
    context = {"room": room, "list": attendance.read(room), "state": room.current_state}
    return ask(request, "classroom/people/attendance.html", context)


@require_safe
@signed_in
def kept_out(request: HttpRequest, key: str) -> HttpResponse:
    """Who may not come back into this room, until when, by whom and why."""
    room = room_for(request.user, key)
    return ask(request, "classroom/people/banned.html", {"room": room, "kept_out": bans.ban_list(room)})
