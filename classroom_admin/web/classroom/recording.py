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
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.sync import recording_files
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
    room = room_for(request.user, key)
    if name == "start":
        return _start(request, room)
    if name == "change":
        return _change(request, room)
    if name == "files":
        return _ask_for_files(request, room)
    if name not in SIMPLE:
        raise Http404(_("There is no such command."))
    if request.method == "GET":
        return ask(request, "classroom/commands/recording.html", {"room": room, "name": name})
    try:
        entry = SIMPLE[name](actor=request.user, room=room)
    except ActionRefused as error:
        return refusal_response(request, room, error)
    return entry_response(request, room, entry)


@require_POST
@signed_in
def check(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Validate the settings while a person types, and show the errors. Send nothing."""
    room = room_for(request.user, key)
    form_class = {"start": StartForm, "change": ChangeForm}.get(name)
    if form_class is None:
        raise Http404("There is no such form.")
    form = form_class(request.POST, still_typing=True)
    form.is_valid()
    return render(request, "classroom/recording/_settings.html", _context(room, form, name))


def _start(request: AuthenticatedHttpRequest, room: Room) -> HttpResponse:
    form = StartForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.start_recording(actor=request.user, room=room, **form.arguments)
            return entry_response(request, room, entry)
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    return _ask(request, room, form, "start")


def _ask_for_files(request: AuthenticatedHttpRequest, room: Room) -> HttpResponse:
    if request.method == "GET":
        return ask(request, "classroom/commands/recording.html", {"room": room, "name": "files"})
    return entry_response(request, room, recording_files.ask_again(actor=request.user, room=room))


def _change(request: AuthenticatedHttpRequest, room: Room) -> HttpResponse:
    config, paused = recording_state.settings_on_record(room)
    form = ChangeForm(sent(request), initial=initial_of(config, paused=paused))
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.change_recording(actor=request.user, room=room, web_config=form.web_config())
            return entry_response(request, room, entry)
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    return _ask(request, room, form, "change")


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
