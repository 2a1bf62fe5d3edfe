"""How a command answers: what was refused before the cloud was asked, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.presenter import ClassReading
from classroom_admin.web.wording import Told, tell_commands


def wrong(form: forms.Form, refused: ActionRefused, fields: Mapping[str, str]) -> None:
    """Put what was refused at the field that is wrong; `fields` maps the cloud's names to those of the
    form, so the cloud's own name need not be said.
    """
    form.add_error(fields.get(refused.field or ""), refused.message_at_field)


def told(entry: Entry) -> Told:
    """How `entry` stands."""
    return tell_commands([entry])[0]


def went(request: HttpRequest, room: Room, entry: Entry, *, with_files: bool = False) -> HttpResponse:
    """How it went: for htmx the commands and the buttons (and the files), for a plain form a message and the
    page.
    """
    if request.htmx:
        return _parts(request, room, about=entry.target, with_files=with_files)
    how = told(entry)
    if how.reason:
        messages.error(request, _("%(what)s: %(outcome)s") % {"what": how.words, "outcome": how.reason})
    else:
        outcome = Step.Kind(how.state).label
        messages.success(request, _("%(what)s: %(outcome)s.") % {"what": how.words, "outcome": outcome})
    return redirect("live:class", room.key)


def planned(request: HttpRequest, room: Room, about: str, said: str) -> HttpResponse:
    """Something that happens here alone, later or not any more: `about` a cloud user id, `said` in words."""
    if request.htmx:
        return _parts(request, room, about=about)
    messages.success(request, said)
    return redirect("live:class", room.key)


def refused(request: HttpRequest, room: Room, error: ActionRefused) -> HttpResponse:
    """Nothing was sent: say why. Only for commands without a form."""
    if request.htmx:
        return _parts(request, room, refused=error.message)
    messages.error(request, error.message)
    return redirect("live:class", room.key)


def _parts(request: HttpRequest, room: Room, *, about: str = "", **context: Any) -> HttpResponse:
    # Read anew: events may have changed the class while the cloud was called.
    fresh = class_selectors.class_for(request.user, room.key)
    one = ClassReading(fresh, since=fresh.version, also=[about] if about else [])
    answer = render(
        request,
        "classroom/commands/_result.html",
        {"room": fresh, "one": one, "oob": True, **context},
    )
    # told to the page: the stream may have taken the button away by then
    return trigger_client_event(reswap(answer, "none"), "live:commanded", {"target": "body"})
