"""Remove somebody from a class, now or with a countdown; call that off; let them back in."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.models import User
from classroom_admin.actions import participants
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.rooms.participant_selectors import removals_this_week
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.command_answers import planned, refused, went, wrong
from classroom_admin.web.classroom.people_texts import times_this_week
from classroom_admin.web.dialogs import ask, sent

# value, words, what it means, arguments of the action
SPANS: Final[tuple[tuple[str, Any, Any, dict[str, Any]], ...]] = (
    ("now", _("No, they can rejoin"), "", {}),
    ("600", _("For 10 minutes"), "", {"duration_s": 600}),
    ("3600", _("For 1 hour"), "", {"duration_s": 3600}),
    ("class", _("For this class"), _("Until the scheduled close."), {"for_the_class": True}),
    ("good", _("Permanently"), _("They can never rejoin this class."), {"for_good": True}),
)
_ARGUMENTS: Final = {value: arguments for value, _words, _means, arguments in SPANS}
# value, words, seconds from now
WHENS: Final[tuple[tuple[str, Any, int], ...]] = (
    ("now", pgettext_lazy("choice", "Now"), 0),
    ("30", _("In 30 seconds"), 30),
    ("60", _("In 1 minute"), 60),
    ("300", _("In 5 minutes"), 300),
)
_SECONDS: Final = {value: seconds for value, _words, seconds in WHENS}
OWN: Final = "own"


class RemoveForm(forms.Form):
    """When, for how long, and why (kept on record, not shown to the pupil)."""

    when = forms.ChoiceField(
        choices=[*((value, words) for value, words, _s in WHENS), (OWN, "")], initial="now", required=False
    )
    minutes = forms.IntegerField(required=False, min_value=1, max_value=180)
    span = forms.ChoiceField(choices=[(value, words) for value, words, _m, _a in SPANS], initial="now")
    reason = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        own = cleaned.get("when") == OWN
        if own and not cleaned.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", gettext("Enter the minutes, from 1 to 180."))
        if cleaned.get("when") == "now" and cleaned.get("minutes"):
            self.add_error(
                "minutes", gettext("Clear this field to remove the person now, or choose “In minutes”.")
            )
        return cleaned

    @property
    def after_s(self) -> int:
        """Seconds until it is to happen; 0 for now."""
        said = self.cleaned_data
        if said["when"] == OWN:
            return int(said["minutes"]) * 60
        return _SECONDS.get(said["when"], 0)


@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """GET asks when and for how long; POST removes, or plans to."""
    room = room_for(request.user, key)
    person = get_object_or_404(Participant, room=room, pk=pk)
    form = RemoveForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            return _remove(request, room, person, form)
        except ActionRefused as error:
            wrong(form, error, {"dirty.duration": "span", "after": "minutes", "reason": "reason"})
    context = {
        "room": room,
        "person": person,
        "form": form,
        "spans": SPANS,
        "whens": WHENS,
        "chosen": form["span"].value() or "now",
        "when": form["when"].value() or "now",
        "often": _often(request.user, person),
    }
    return ask(request, "classroom/commands/remove.html", context, status=422 if form.is_bound else 200)


def _remove(request: HttpRequest, room: Room, person: Participant, form: RemoveForm) -> HttpResponse:
    asked = {
        "actor": request.user,
        "room": room,
        "participant": person,
        "reason": form.cleaned_data["reason"],
        **_ARGUMENTS[form.cleaned_data["span"]],
    }
    if not form.after_s:
        return went(request, room, participants.remove_participant(**asked))
    participants.schedule_removal(after_s=form.after_s, **asked)
    return planned(
        request, room, person.user_uuid, gettext("The removal is scheduled. You can still cancel it.")
    )


def _often(user: User, person: Participant) -> str:
    """ "third time this week", counting the removal that is asked for; "" for a first one."""
    before = removals_this_week(user, user_uuid=person.user_uuid)
    return times_this_week(before + 1) if before else ""


@require_http_methods(["GET", "POST"])
@signed_in
def call_off(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """GET asks; POST calls a planned removal off."""
    room = room_for(request.user, key)
    removal = get_object_or_404(participants.scheduled_removals(room).select_related("room"), pk=pk)
    if request.method == "GET":
        return ask(
            request, "classroom/commands/cancel_removal.html", {"room": room, "name": removal.payload["name"]}
        )
    if not participants.cancel_removal(actor=request.user, command=removal):
        late = gettext("It is too late: this removal has already been carried out or cancelled.")
        return refused(request, room, ActionRefused(late))
    return planned(request, room, removal.key, gettext("The removal is cancelled."))


@require_http_methods(["GET", "POST"])
@signed_in
def let_back(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """GET says that the cloud promises nothing and asks; POST tries."""
    room = room_for(request.user, key)
    person = get_object_or_404(Participant, room=room, pk=pk)
    if request.method == "GET":
        return ask(request, "classroom/commands/unban.html", {"room": room, "person": person})
    try:
        entry = participants.unban(actor=request.user, room=room, user_uuid=person.user_uuid)
    except ActionRefused as error:
        return refused(request, room, error)
    return went(request, room, entry)
