"""Remove somebody from a class, and let them back in."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import participants
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.live.access import signed_in
from classroom_admin.live.commands.answers import refused, went, wrong
from classroom_admin.live.dialogs import ask, sent
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant

# value, words, what it means, arguments of the action
SPANS: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("now", "Now", "They may come straight back.", {}),
    ("600", "For 10 minutes", "They can enter again after that.", {"duration_s": 600}),
    ("3600", "For an hour", "They can enter again after that.", {"duration_s": 3600}),
    ("class", "For this class", "Not before its planned close.", {"for_the_class": True}),
    ("good", "For good", "Never again in this classroom.", {"for_good": True}),
)
_ARGUMENTS: Final = {value: arguments for value, _, _, arguments in SPANS}


class RemoveForm(forms.Form):
    """For how long, and why (kept on record, not shown to the pupil)."""

    span = forms.ChoiceField(choices=[(value, words) for value, words, _, _ in SPANS], initial="now")
    reason = forms.CharField(required=False, max_length=200)


@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """GET asks for how long; POST removes."""
    room = room_for(request.user, key)
    person = get_object_or_404(Participant, room=room, pk=pk)
    form = RemoveForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            entry = participants.remove_participant(
                actor=request.user,
                room=room,
                participant=person,
                reason=form.cleaned_data["reason"],
                **_ARGUMENTS[form.cleaned_data["span"]],
            )
            return went(request, room, entry)
        except ActionRefused as error:
            wrong(form, error, {"dirty.duration": "span"})
    context = {
        "room": room,
        "person": person,
        "form": form,
        "spans": SPANS,
        "chosen": form["span"].value() or "now",
    }
    return ask(request, "commands/remove.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def let_back(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """GET says that the cloud promises nothing and asks; POST tries."""
    room = room_for(request.user, key)
    person = get_object_or_404(Participant, room=room, pk=pk)
    if request.method == "GET":
        return ask(request, "commands/let_back.html", {"room": room, "person": person})
    try:
        entry = participants.let_back(actor=request.user, room=room, user_uuid=person.user_uuid)
    except ActionRefused as error:
        return refused(request, room, error)
    return went(request, room, entry)
