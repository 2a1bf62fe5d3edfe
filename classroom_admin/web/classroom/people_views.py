"""The views that show a person, the attendance and the banned students, and that remove and unban people."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import participants
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms import bans, class_selectors
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.class_selectors import removals_this_week
from classroom_admin.rooms.models import Participant
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.attendance import list_attendance, list_entry_of
from classroom_admin.web.classroom.command_responses import (
    add_refusal,
    confirm_and_run,
    entry_response,
    local_response,
    refusal_response,
)
from classroom_admin.web.classroom.controls import Controls, offers_commands
from classroom_admin.web.classroom.roster import (
    removal_of,
    removed_this_week,
    times_this_week,
    with_removals,
)
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.wording import command_statuses


@require_safe
@signed_in
def person(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show a person's state and times of presence in a class, and the commands about the person."""
    access = access_by_key(request.user, key)
    room, may_run = access.room, access.may(Permission.RUN)
    shown = get_object_or_404(with_removals(Participant.objects.filter(room=room)), pk=pk)
    removals = class_selectors.removals_this_week(request.user, user_uuid=shown.user_uuid)
    offered = offers_commands(state=room.current_state, gone=bool(room.gone_at), read_only=not may_run)
    controls = Controls(room, under_way=(), offered=offered)
    context = {
        "controls": controls,
        "may_run": may_run,
        "buttons": controls.of_person(shown),
        "forms": controls.forms_of_person(shown),
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
    """Show everyone who is absent, came late or left early. The panel shows only the first few names."""
    room = access_by_key(request.user, key).room
    context = {"room": room, "list": list_attendance(room), "state": room.current_state}
    return ask(request, "classroom/people/attendance.html", context)


@require_safe
@signed_in
def banned(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show who is banned from this class, until when, by whom and why."""
    room = access_by_key(request.user, key).room
    return ask(request, "classroom/people/banned.html", {"room": room, "bans": bans.ban_list(room)})


@dataclass(frozen=True, slots=True)
class BanLength:
    """A ban duration with two button labels: `now` removes at once, `later` removes after a countdown."""

    value: str
    words: Any
    now: Any
    later: Any
    arguments: dict[str, Any]
    means: Any = ""


BAN_LENGTHS: Final = (
    BanLength("now", _("No, they can rejoin"), _("Remove now, no ban"), _("Start countdown, no ban"), {}),
    BanLength(
        "600",
        _("For 10 minutes"),
        _("Remove now, 10 min"),
        _("Start countdown, 10 min ban"),
        {"duration_s": 600},
    ),
    BanLength(
        "3600",
        _("For 1 hour"),
        _("Remove now, 1 hour"),
        _("Start countdown, 1 hour ban"),
        {"duration_s": 3600},
    ),
    BanLength(
        "class",
        _("For this class"),
        _("Remove now, for this class"),
        _("Start countdown, ban for this class"),
        {"for_the_class": True},
        _("Until the scheduled closing time."),
    ),
    BanLength(
        "good",
        _("Permanently"),
        _("Remove now, permanently"),
        _("Start countdown, permanent ban"),
        {"for_good": True},
        _("They can never rejoin this class."),
    ),
)
USUAL: Final = "600"
"""The length that is selected first, because a person without a ban can return immediately."""
_ARGUMENTS: Final = {length.value: length.arguments for length in BAN_LENGTHS}
# Each row has the value, the label, and the number of seconds from now.
TIMES: Final[tuple[tuple[str, Any, int], ...]] = (
    ("now", pgettext_lazy("choice", "Now"), 0),
    ("30", _("In 30 seconds"), 30),
    ("60", _("In 1 minute"), 60),
    ("300", _("In 5 minutes"), 300),
)
_SECONDS: Final = {value: seconds for value, _words, seconds in TIMES}
OWN: Final = "own"


class RemoveForm(forms.Form):
    """A form for the time of a removal, the length of the ban, and a reason.

    Students do not see the reason.
    """

    when = forms.ChoiceField(
        choices=[*((value, words) for value, words, _s in TIMES), (OWN, "")], initial="now", required=False
    )
    minutes = forms.IntegerField(required=False, min_value=1, max_value=180)
    span = forms.ChoiceField(choices=[(one.value, one.words) for one in BAN_LENGTHS], initial=USUAL)
    reason = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
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
        """The delay of the removal in seconds. It is 0 if the removal is immediate."""
        cleaned = self.cleaned_data
        if cleaned["when"] == OWN:
            return int(cleaned["minutes"]) * 60
        return _SECONDS.get(cleaned["when"], 0)


@require_http_methods(["GET", "POST"])
@signed_in
def remove(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Ask for the time of the removal and the length of the ban. A POST removes the person now or later."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    person = get_object_or_404(Participant, room=access.room, pk=pk)
    form = RemoveForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            return _remove(request, access, person, form)
        except ActionRefused as error:
            add_refusal(form, error, {"dirty.duration": "span", "after": "minutes", "reason": "reason"})
    context = {
        "room": access.room,
        "person": person,
        "form": form,
        "ban_lengths": BAN_LENGTHS,
        "times": TIMES,
        "chosen": form["span"].value() or USUAL,
        "when": form["when"].value() or "now",
        "times_this_week": _times_this_week(request.user, person),
    }
    return ask(request, "classroom/commands/remove.html", context, status=422 if form.is_bound else 200)


def _remove(
    request: AuthenticatedHttpRequest, access: ClassAccess, person: Participant, form: RemoveForm
) -> HttpResponse:
    arguments = {
        "participant": person,
        "reason": form.cleaned_data["reason"],
        **_ARGUMENTS[form.cleaned_data["span"]],
    }
    if not form.after_s:
        return entry_response(request, access.room, participants.remove_participant(access, **arguments))
    participants.schedule_removal(access, after_s=form.after_s, **arguments)
    return local_response(
        request, access.room, person.user_uuid, gettext("The removal is scheduled. You can still cancel it.")
    )


def _times_this_week(user: User, person: Participant) -> str:
    """Return a phrase such as "third removal this week" for the next removal. Return "" for the first one."""
    before = removals_this_week(user, user_uuid=person.user_uuid)
    return times_this_week(before + 1) if before else ""


@require_http_methods(["GET", "POST"])
@signed_in
def cancel(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Ask for confirmation. A POST cancels a scheduled removal."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    room = access.room
    removal = get_object_or_404(participants.scheduled_removals(room).select_related("room"), pk=pk)
    if request.method == "GET":
        return ask(
            request, "classroom/commands/cancel_removal.html", {"room": room, "name": removal.payload["name"]}
        )
    if not participants.cancel_removal(access, command=removal):
        late = gettext("It is too late: this removal has already been carried out or cancelled.")
        return refusal_response(request, room, ActionRefused(late))
    return local_response(request, room, removal.key, gettext("The removal is cancelled."))


@require_http_methods(["GET", "POST"])
@signed_in
def unban(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Explain that an unban may have no effect, and ask for confirmation.

    A POST tries to unban the person.
    """
    access = access_by_key(request.user, key, to=Permission.RUN)
    person = get_object_or_404(Participant, room=access.room, pk=pk)
    run = partial(participants.unban, access, user_uuid=person.user_uuid)
    return confirm_and_run(request, access, "classroom/commands/unban.html", {"person": person}, run)
