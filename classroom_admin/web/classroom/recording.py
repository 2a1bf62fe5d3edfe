"""The views that start, stop, pause, resume and change the recording of a class."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.actions import recordings
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import add_refusal, entry_response, refusal_response
from classroom_admin.web.classroom.recording_forms import (
    FIELDS,
    ChangeForm,
    SettingsForm,
    StartForm,
    initial_of,
)
from classroom_admin.web.dialogs import ask, sent

SIMPLE: Final = {
    "stop": recordings.stop_recording,
    "pause": recordings.pause_recording,
    "resume": recordings.resume_recording,
}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Ask for confirmation (GET), or send the command (POST). Starting and changing have their own forms."""
    access = access_by_key(request.user, key)
    if name == "start":
        return _start(request, access)
    if name == "change":
        return _change(request, access)
    if name not in SIMPLE:
        raise Http404(_("There is no such command."))
    if request.method == "GET":
        return ask(request, "classroom/commands/recording.html", {"room": access.room, "name": name})
    try:
        entry = SIMPLE[name](access)
    except ActionRefused as error:
        return refusal_response(request, access.room, error)
    return entry_response(request, access.room, entry)


@require_POST
@signed_in
def check(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Validate the settings while a person types, and show the errors. Send nothing."""
    room = access_by_key(request.user, key).room
    form_class = {"start": StartForm, "change": ChangeForm}.get(name)
    if form_class is None:
        raise Http404("There is no such form.")
    form = form_class(request.POST, still_typing=True)
    form.is_valid()
    return render(request, "classroom/recording/_settings.html", _context(room, form, name))


def _start(request: AuthenticatedHttpRequest, access: ClassAccess) -> HttpResponse:
    form = StartForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.start_recording(access, **form.arguments)
            return entry_response(request, access.room, entry)
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    return _ask(request, access.room, form, "start")


def _change(request: AuthenticatedHttpRequest, access: ClassAccess) -> HttpResponse:
    config, paused = recording_state.settings_on_record(access.room)
    form = ChangeForm(sent(request), initial=initial_of(config, paused=paused))
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.change_recording(access, web_config=form.web_config())
            return entry_response(request, access.room, entry)
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    return _ask(request, access.room, form, "change")


def _ask(request: AuthenticatedHttpRequest, room: Room, form: SettingsForm, name: str) -> HttpResponse:
    context = _context(room, form, name)
    template = f"classroom/recording/{name}.html"
    return ask(request, template, context, status=422 if form.is_bound else 200)


def _context(room: Room, form: SettingsForm, name: str) -> dict[str, Any]:
    mode = form["mode"].value() or "composite" if "mode" in form.fields else "web"
    says = _("The recording was not started. Correct the marked fields, then try again.")
    if name == "change":
        says = _("Nothing was changed. Correct the marked fields, then try again.")
    has_error_inside = any(form[field].errors for field in form.fields if field not in ("mode", "url"))
    return {
        "room": room, "form": form, "name": name, "mode": mode, "says": says,
        "has_error_inside": has_error_inside,
    }  # fmt: skip
