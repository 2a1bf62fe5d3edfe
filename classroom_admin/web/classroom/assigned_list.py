"""Say which list tells who should be in a class."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.actions import class_lists
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import signed_in
from classroom_admin.web.class_lists.forms import RoomListForm
from classroom_admin.web.dialogs import ask, sent


@require_http_methods(["GET", "POST"])
@signed_in
def class_list(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks which; POST takes it for the class. The page hears of it by the stream."""
    room = room_for(request.user, key, Room.objects.select_related("class_list"))
    lists = visible_lists(request.user)
    form = RoomListForm(
        sent(request), lists=lists, initial={"class_list": room.class_list.key if room.class_list else None}
    )
    if request.method == "POST" and form.is_valid():
        class_lists.use_list(actor=request.user, room=room, class_list=form.cleaned_data["class_list"])
        if not request.htmx:
            return redirect("live:class", key)
        return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
    context = {"room": room, "form": form, "any": lists.exists()}
    return ask(request, "classroom/commands/class_list.html", context, status=422 if form.is_bound else 200)
