"""The views that start, end and close a class, assign a class list, and verify an unconfirmed command."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists, class_state, verification
from classroom_admin.actions.early_starts import early_by, start_and_replace
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.lti.courses import has_courses
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Recording, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import (
    confirm_and_run,
    entry_response,
    refusal_response,
)
from classroom_admin.web.classroom.control_views import CLASS_FORMS, class_command, class_form
from classroom_admin.web.classroom.press_commands import CLASS_COMMANDS
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.wording import command_state, early_words

COMMANDS: Final = {
    "start": class_state.start_class,
    "end": class_state.end_class,
    "close": class_state.close_class,
}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Explain a command and ask for confirmation. A POST sends the command."""
    access = access_by_key(request.user, key)
    access.require(Permission.START_END if name in COMMANDS else Permission.RUN)
    if name in CLASS_FORMS:
        return class_form(request, access, name)
    if name in CLASS_COMMANDS:
        return class_command(request, access, name)
    if name not in COMMANDS:
        raise Http404(gettext("This command does not exist. Reload the page."))
    early = early_by(access.room, now=clock.cloud_now()) if name == "start" else None
    if early is not None:
        return _start_early(request, access, early)

    def run() -> Entry:
        if name == "end" and "and_recording" in request.POST:
            return class_state.decisive(*class_state.end_class_and_recording(access))
        return COMMANDS[name](access)

    is_recorded = name == "end" and access.room.recording_state == Recording.State.RECORDING
    context = {"name": name, "is_recorded": is_recorded}
    return confirm_and_run(request, access, "classroom/commands/state.html", context, run)


def _start_early(request: AuthenticatedHttpRequest, access: ClassAccess, early: timedelta) -> HttpResponse:
    """Ask whether to start a class long before its scheduled time. A POST with `early` starts it.

    With `early=replace`, another class is scheduled for that time.
    """
    room = access.room
    answer = request.POST.get("early")
    if answer not in ("replace", "only"):
        response = ask(
            request, "classroom/commands/start_early.html", {"room": room, "how": early_words(early)}
        )
        if request.method == "GET" or not request.htmx:
            return response
        response = reswap(retarget(response, "#dialog-body"), "innerHTML")
        return trigger_client_event(response, "live:asked", {"target": "body"}, after="settle")
    if answer == "only" or room.planned_start_at is None:
        return confirm_and_run(request, access, "", {}, partial(class_state.start_class, access))
    try:
        entry, series = start_and_replace(access, starts_at=room.planned_start_at)
    except ActionRefused as error:
        return refusal_response(request, room, error)
    if series is None:
        return entry_response(request, room, entry)
    messages.success(request, gettext("The class was started. Its replacement is scheduled."))
    if request.htmx:
        return HttpResponseClientRedirect(resolve_url("live:class", room.key))
    return redirect("live:class", room.key)


class AssignedListForm(forms.Form):
    """A form that chooses a class list or none."""

    class_list = forms.ModelChoiceField(
        ClassList.objects.none(),
        to_field_name="key",
        required=False,
        label=_("Class list"),
        empty_label=_("No list"),
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["class_list"]
        field.queryset = lists


@require_http_methods(["GET", "POST"])
@signed_in
def class_list(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the dialog with the class list.

    A POST assigns the list. The event stream then updates the page.
    """
    access = access_by_key(
        request.user, key, Room.objects.select_related("class_list"), to=Permission.CHOOSE_LIST
    )
    room = access.room
    lists = visible_lists(request.user)
    form = AssignedListForm(
        sent(request), lists=lists, initial={"class_list": room.class_list.key if room.class_list else None}
    )
    if request.method == "POST" and form.is_valid():
        class_lists.use_list(access, class_list=form.cleaned_data["class_list"])
        if not request.htmx:
            return redirect("live:class", key)
        return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
    context = {"room": room, "form": form, "any": lists.exists(), "has_courses": has_courses(room)}
    return ask(request, "classroom/commands/class_list.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def verify(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Ask for confirmation. A POST asks the cloud whether the command worked, and shows the result."""
    access = access_by_key(request.user, key, to=Permission.RUN)
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
                gettext("The command was carried out.")
                if done
                else gettext("The command was not carried out. Repeat it if necessary.")
            )
    if request.htmx:
        return render(request, "classroom/commands/_verified.html", {"done": done, "says": says})
    (messages.success if done else messages.warning)(request, says)
    return redirect("live:class", key)
