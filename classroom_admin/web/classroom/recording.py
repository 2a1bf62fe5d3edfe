"""The views that start, stop, pause, resume and change a recording, and show where to watch it live."""

from functools import partial
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recordings
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.sync import recording_files
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import add_refusal, confirm_and_run, entry_response
from classroom_admin.web.classroom.recording_forms import (
    FIELDS,
    ChangeForm,
    SettingsForm,
    StartForm,
    initial_of,
)
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.join_links import recording_address

SIMPLE: Final = {
    "stop": recordings.stop_recording,
    "pause": recordings.pause_recording,
    "resume": recordings.resume_recording,
    "ready": recordings.report_page_ready,
}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Ask for confirmation or show a form. A POST sends the command."""
    access = access_by_key(request.user, key, to=Permission.RECORD)
    if name == "start":
        return _start(request, access)
    if name == "change":
        return _change(request, access)
    if name == "files":
        return _ask_for_files(request, access)
    if name not in SIMPLE:
        raise Http404(gettext("This command does not exist. Reload the page."))
    run = partial(SIMPLE[name], access)
    return confirm_and_run(request, access, "classroom/commands/recording.html", {"name": name}, run)


@require_POST
@signed_in
def check(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    """Check the settings while a person types, and show the errors."""
    room = access_by_key(request.user, key, to=Permission.RECORD).room
    form_class = {"start": StartForm, "change": ChangeForm}.get(name)
    if form_class is None:
        raise Http404("There is no such form.")
    form = form_class(request.POST, still_typing=True)
    form.is_valid()
    return render(request, "classroom/recording/_settings.html", _context(room, form, name))


def _start(request: AuthenticatedHttpRequest, access: ClassAccess) -> HttpResponse:
    if request.method == "POST" and "mode" not in request.POST:  # the button in the header has no form
        run = partial(recordings.start_recording, access)
        return confirm_and_run(request, access, "classroom/recording/start.html", {}, run)
    address = recording_address(settings.JOIN_URL_TEMPLATE, room=access.room.room_uuid)
    form = StartForm(sent(request), initial={"url": address})
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.start_recording(access, **form.arguments)
            return entry_response(request, access.room, entry)
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    return _ask(request, access.room, form, "start")


def _ask_for_files(request: AuthenticatedHttpRequest, access: ClassAccess) -> HttpResponse:
    def run() -> Entry:
        return recording_files.ask_again(actor=request.user, room=access.room)

    return confirm_and_run(request, access, "classroom/commands/recording.html", {"name": "files"}, run)


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
    says = gettext("The recording was not started. Correct the marked fields, then try again.")
    if name == "change":
        says = gettext("Nothing was changed. Correct the marked fields, then try again.")
    has_error_inside = any(form[field].errors for field in form.fields if field not in ("mode", "url"))
    return {
        "room": room, "form": form, "name": name, "mode": mode, "says": says,
        "has_error_inside": has_error_inside,
    }  # fmt: skip


STREAM_WORDS: Final[dict[str, Promise]] = {
    "hls": _("For browsers and phones (HLS)"),
    "flv": _("For low-delay players (FLV)"),
    "rtmp": _("For video software such as VLC or OBS (RTMP)"),
}


@require_safe
@signed_in
def addresses(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the URLs at which people can watch a recording live.

    A URL may contain a key, so it is shown only on request. It is never in a fragment or a cache.
    """
    room = access_by_key(request.user, key, to=Permission.RECORD).room
    recording = get_object_or_404(Recording, room=room, pk=pk)
    urls = recording.streaming_urls if isinstance(recording.streaming_urls, dict) else {}
    known = [kind for kind in STREAM_WORDS if kind in urls]
    kinds = known + [kind for kind in urls if kind not in STREAM_WORDS]
    rows = [
        {"words": STREAM_WORDS.get(kind, kind.upper()), "address": urls[kind]}
        for kind in kinds
        if isinstance(urls[kind], str) and urls[kind]
    ]
    response = ask(request, "classroom/recording/streams.html", {"room": room, "addresses": rows})
    response["Cache-Control"] = "no-store"
    return response
