"""Build the response after a command, with the command's state or the reason why nothing was sent."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh, reswap, trigger_client_event

from classroom_admin.accounts.permissions import rights_of
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

ANNOUNCE: Final = "chat.announce"


def add_refusal(form: forms.Form, refused: ActionRefused, fields: Mapping[str, str | None]) -> None:
    """Add the message of `refused` to the form field that caused it.

    `fields` maps the cloud's field names to the form's field names.
    """
    form.add_error(fields.get(refused.field or ""), refused.message_at_field)


def confirm_and_run(
    request: AuthenticatedHttpRequest,
    access: ClassAccess,
    template: str,
    context: Mapping[str, Any],
    run: Callable[[], Entry],
) -> HttpResponse:
    """Ask for confirmation of a command. On POST, call `run` to send it, and show its state."""
    if request.method == "GET":
        return ask(request, template, {"room": access.room, **context})
    try:
        entry = run()
    except ActionRefused as error:
        return refusal_response(request, access.room, error)
    return entry_response(request, access.room, entry)


def entry_response(
    request: AuthenticatedHttpRequest, room: Room, entry: Entry, *, about: Collection[str] = ()
) -> HttpResponse:
    """Return the response after a command was sent: the changed panels, or a message.

    If the command failed, its dialog stays open and says why. `about` has the cloud user ids of further
    people that the command concerns.
    """
    state = command_state(entry)
    if _has_panels(request, room):
        problem = "" if state.unknown else state.reason
        with_files = entry.action in (HOLD, UNDO)
        announced = entry.action == ANNOUNCE and not state.reason
        people = [*about, entry.target]
        return _panels(
            request, room, about=people, problem=problem, with_files=with_files, announced=announced
        )
    if state.reason:
        messages.error(request, _("%(what)s: %(outcome)s") % {"what": state.words, "outcome": state.reason})
    else:
        outcome = Step.Kind(state.state).label
        messages.success(request, _("%(what)s: %(outcome)s.") % {"what": state.words, "outcome": outcome})
    return _page_with_message(request, room)


def local_response(request: AuthenticatedHttpRequest, room: Room, about: str, words: str) -> HttpResponse:
    """Return the response to a change that was not sent to the cloud. `about` is a cloud user id."""
    if _has_panels(request, room):
        return _panels(request, room, about=[about])
    messages.success(request, words)
    return _page_with_message(request, room)


def refusal_response(request: AuthenticatedHttpRequest, room: Room, error: ActionRefused) -> HttpResponse:
    """Return a response that says why a command without a form was not sent."""
    if _has_panels(request, room):
        return _panels(request, room, problem=error.message, refused=error.message)
    messages.error(request, error.message)
    return _page_with_message(request, room)


def _has_panels(request: AuthenticatedHttpRequest, room: Room) -> bool:
    """Return whether htmx sent the request from a page of this class, which has panels."""
    if not request.htmx:
        return False
    try:
        sender = urlsplit(request.htmx.current_url or "").path
    except ValueError:  # the header is not an address
        return False
    return not sender or sender.startswith(resolve_url("live:class", room.key))


def _page_with_message(request: AuthenticatedHttpRequest, room: Room) -> HttpResponse:
    """Return a response that reloads the page or goes to the class page, where the message is shown."""
    return HttpResponseClientRefresh() if request.htmx else redirect("live:class", room.key)


def _panels(
    request: AuthenticatedHttpRequest,
    room: Room,
    *,
    about: Collection[str] = (),
    problem: str = "",
    **context: Any,
) -> HttpResponse:
    """Render the changed panels. If the command was given in a dialog, show `problem` there.

    `about` has cloud user ids. The rows of these people are rendered.
    """
    in_dialog = request.htmx.target == "dialog-body"
    if in_dialog:
        context |= {"problem": problem, "refused": ""}
    fresh = class_selectors.as_shown().get(pk=room.pk)
    rights = rights_of(request.user.role)
    presenter = ClassPresenter(fresh, rights, since=fresh.version, also=[one for one in about if one])
    response = render(
        request,
        "classroom/commands/_result.html",
        {"room": fresh, "presenter": presenter, "oob": True, **context},
    )
    # Trigger the event on the body, because the event stream may already have removed the button.
    event = "live:failed" if in_dialog and problem else "live:commanded"
    return trigger_client_event(reswap(response, "none"), event, {"target": "body"})
