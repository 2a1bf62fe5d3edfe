"""Build the response after a command, with the command's state or the reason why nothing was sent."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh, reswap, trigger_client_event

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest
from classroom_admin.web.classroom.files import HOLD, UNDO
from classroom_admin.web.classroom.presenter import ClassPresenter
from classroom_admin.web.dialogs import ask
from classroom_admin.web.wording import command_state


def add_refusal(form: forms.Form, refused: ActionRefused, fields: Mapping[str, str | None]) -> None:
    """Add the message of `refused` to the form field that caused the refusal.

    `fields` maps the cloud's field names to the form's field names. The message omits the cloud's name.
    """
    words = refused.message.removeprefix(f"{refused.field} ")
    form.add_error(fields.get(refused.field or ""), words[:1].upper() + words[1:])


def confirm_and_run(
    request: AuthenticatedHttpRequest,
    access: ClassAccess,
    template: str,
    context: Mapping[str, Any],
    run: Callable[[], Entry],
) -> HttpResponse:
    """Ask for confirmation of a command (GET), or call `run` to send it and show its state (POST)."""
    if request.method == "GET":
        return ask(request, template, {"room": access.room, **context})
    try:
        entry = run()
    except ActionRefused as error:
        return refusal_response(request, access.room, error)
    return entry_response(request, access.room, entry)


def entry_response(request: AuthenticatedHttpRequest, room: Room, entry: Entry) -> HttpResponse:
    """Return the changed panels (on a page of the class) or a message, after a command was sent."""
    if _has_panels(request, room):
        return _panels(request, room, about=entry.target, with_files=entry.action in (HOLD, UNDO))
    state = command_state(entry)
    if state.reason:
        messages.error(request, _("%(what)s: %(outcome)s") % {"what": state.words, "outcome": state.reason})
    else:
        outcome = Step.Kind(state.state).label
        messages.success(request, _("%(what)s: %(outcome)s.") % {"what": state.words, "outcome": outcome})
    return _page_with_message(request, room)


def local_response(request: AuthenticatedHttpRequest, room: Room, about: str, words: str) -> HttpResponse:
    """Return the response to a change that is not sent yet. `about` is the cloud user id of the person."""
    if _has_panels(request, room):
        return _panels(request, room, about=about)
    messages.success(request, words)
    return _page_with_message(request, room)


def refusal_response(request: AuthenticatedHttpRequest, room: Room, error: ActionRefused) -> HttpResponse:
    """Return a response that says why nothing was sent. Use this only for commands without a form."""
    if _has_panels(request, room):
        return _panels(request, room, refused=error.message)
    messages.error(request, error.message)
    return _page_with_message(request, room)


def _has_panels(request: AuthenticatedHttpRequest, room: Room) -> bool:
    """Return whether htmx sent the request from a page of this class. The list of classes has no panels."""
    if not request.htmx:
        return False
    sender = urlsplit(request.htmx.current_url or "").path
    return not sender or sender.startswith(resolve_url("live:class", room.key))


def _page_with_message(request: AuthenticatedHttpRequest, room: Room) -> HttpResponse:
    """Reload the page that sent the command (htmx), or return to the class. That page shows the message."""
    return HttpResponseClientRefresh() if request.htmx else redirect("live:class", room.key)


def _panels(
    request: AuthenticatedHttpRequest, room: Room, *, about: str = "", **context: Any
) -> HttpResponse:
    fresh = class_selectors.as_shown().get(pk=room.pk)
    presenter = ClassPresenter(fresh, since=fresh.version, also=[about] if about else [])
    response = render(
        request,
        "classroom/commands/_result.html",
        {"room": fresh, "presenter": presenter, "oob": True, **context},
    )
    # Trigger the event on the body, because the event stream may already have removed the button.
    return trigger_client_event(reswap(response, "none"), "live:commanded", {"target": "body"})
