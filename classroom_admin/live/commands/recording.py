"""Start, stop, pause and resume the recording of a class."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from classroom_admin.actions import recordings
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.live.access import signed_in
from classroom_admin.live.commands.answers import refused, went, wrong
from classroom_admin.live.dialogs import ask, sent
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room

SIMPLE: Final = {
    "stop": recordings.stop_recording,
    "pause": recordings.pause_recording,
    "resume": recordings.resume_recording,
}
_FIELDS: Final = dict.fromkeys(("url", "rootUrl", "webRecordConfig.url", "webRecordConfig.rootUrl"), "url")


class StartForm(forms.Form):
    """What to record: the teacher's pictures and sound, or a web page as pupils see it."""

    mode = forms.ChoiceField(choices=[("composite", "Teacher"), ("web", "Web page")], initial="composite")
    url = forms.URLField(required=False, max_length=1024, assume_scheme="https")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("mode") == "web" and not cleaned.get("url") and "url" not in self.errors:
            self.add_error("url", "Give the address of the page that the cloud should open and record.")
        return cleaned

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the action."""
        if self.cleaned_data["mode"] != "web":
            return {}
        return {"mode": "web", "web_config": {"rootUrl": self.cleaned_data["url"]}}


@require_http_methods(["GET", "POST"])
@signed_in
def command(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """GET asks; POST does it. Starting has a form of its own."""
    room = room_for(request.user, key)
    if name == "start":
        return _start(request, room)
    if name not in SIMPLE:
        raise Http404("There is no such command.")
    if request.method == "GET":
        return ask(request, "commands/recording.html", {"room": room, "name": name})
    try:
        entry = SIMPLE[name](actor=request.user, room=room)
    except ActionRefused as error:
        return refused(request, room, error)
    return went(request, room, entry)


def _start(request: HttpRequest, room: Room) -> HttpResponse:
    form = StartForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            entry = recordings.start_recording(actor=request.user, room=room, **form.arguments)
            return went(request, room, entry)
        except ActionRefused as error:
            wrong(form, error, _FIELDS)
    context = {"room": room, "form": form, "mode": form["mode"].value() or "composite"}
    return ask(request, "commands/recording_start.html", context, status=422 if form.is_bound else 200)
