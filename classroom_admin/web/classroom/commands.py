"""The views that start, end and close a class, assign a class list, and verify an unconfirmed command."""

from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.actions import class_lists, class_state, verification
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import confirm_and_run
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.wording import command_state

COMMANDS: Final = {
    "start": class_state.start_class,
    "end": class_state.end_class,
    "close": class_state.close_class,
}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Explain a command and ask for confirmation (GET), or send the command (POST)."""
    access = access_by_key(request.user, key)
    if name not in COMMANDS:
        raise Http404(gettext("There is no such command."))
    run = partial(COMMANDS[name], access)
    return confirm_and_run(request, access, "classroom/commands/state.html", {"name": name}, run)


class AssignedListForm(forms.Form):
    """The form that chooses a class list, or no class list."""

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
    """Show the dialog (GET) or assign the class list (POST). The event stream then updates the page."""
    access = access_by_key(request.user, key, Room.objects.select_related("class_list"))
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
    context = {"room": room, "form": form, "any": lists.exists()}
    return ask(request, "classroom/commands/class_list.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def verify(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Ask for confirmation (GET), or ask the cloud whether the command worked and show the result (POST)."""
    access = access_by_key(request.user, key)
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
