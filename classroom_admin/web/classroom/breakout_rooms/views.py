"""The breakout rooms page. Its form contains the draft. Only `open` and `close` send it to the cloud."""

import random

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.actions import breakout_rooms as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import fields
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.audit.models import Entry
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.breakout_rooms.table import MOST_GROUPS, Draft, Table
from classroom_admin.web.classroom.command_responses import command_state


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the open rooms (GET) or handle a button (POST). The buttons open and close send a command."""
    access = access_by_key(request.user, key)
    table = Table(access.room)
    if request.method == "GET":
        return _show(request, table, table.draft())
    draft = Draft.read(request.POST, table.by_key)
    do, _colon, about = request.POST.get("do", "").partition(":")
    if do == "open":
        return _open(request, access, table, draft)
    if do == "close":
        return _sent(request, access.room, [actions.close_groups(access)])
    changed, words = _changed(request, table, draft, do, about)
    return _show(request, table, changed, words=words)


def _changed(
    request: AuthenticatedHttpRequest, table: Table, draft: Draft, do: str, about: str
) -> tuple[Draft, str]:
    """Return the draft as a button changes it, and a message about the change."""
    if do == "move":
        selected = [key for key in request.POST.getlist("person") if key in table.by_key]
        if not selected:
            return draft, _("Select people first, then choose a room for them.")
        words = ngettext("%(n)d person moved to %(room)s.", "%(n)d people moved to %(room)s.", len(selected))
        to = draft.names.get(about) or _("the class")
        return draft.move(selected, about), words % {"n": len(selected), "room": to}
    if do == "add":
        return draft.add(), _("Room added.")
    if do == "remove":
        return draft.remove(about), _("Room removed. Its people are back in the class.")
    if do == "deal":
        count = request.POST.get("count", "")
        if not count.isdecimal() or not 1 <= int(count[:4]) <= MOST_GROUPS:
            return draft, _("Enter the number of rooms, from 1 to %(most)d.") % {"most": MOST_GROUPS}
        distributed = draft.distribute(table.students, int(count), rng=random.SystemRandom())
        return distributed, _("All students are distributed. Nothing is sent yet.")
    return draft, ""


def _open(request: AuthenticatedHttpRequest, access: ClassAccess, table: Table, draft: Draft) -> HttpResponse:
    if errors := draft.name_errors(_name_error):
        words = _("Nothing was sent. Correct the marked fields.")
        return _show(request, table, draft, errors=errors, words=words)
    if request.POST.get("mark") != table.mark:
        words = _(
            "The rooms were changed elsewhere in the meantime. Check them, then press the button again."
        )
        return _show(request, table, draft, words=words, is_error=True)
    to_close = table.to_close(draft)
    try:
        if not draft.names:
            entries = [actions.close_groups(access)] if table.now else []
        else:
            entries = [actions.open_groups(access, groups=table.to_open(draft))]
            if to_close and not command_state(entries[0]).reason:
                entries.append(actions.close_groups(access, groups=to_close))
    except ActionRefused as refused:
        return _show(request, table, draft, words=refused.message, is_error=True)
    return _sent(request, table.room, entries)


def _sent(request: AuthenticatedHttpRequest, room: Room, entries: list[Entry]) -> HttpResponse:
    """Redirect to the class page with a message for each failure. The page shows the commands' states."""
    for state in map(command_state, entries):
        if state.reason:
            messages.error(request, f"{state.words}: {state.reason}")
    to = resolve_url("live:class", room.key)
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _show(
    request: AuthenticatedHttpRequest,
    table: Table,
    draft: Draft,
    *,
    words: str = "",
    errors: dict[str, str] | None = None,
    is_error: bool = False,
) -> HttpResponse:
    errors = errors or {}
    groups = [
        {
            "id": group,
            "number": number,
            "name": name,
            "people": [table.by_key[key] for key in draft.members(group)],
            "error": errors.get(group, ""),
        }
        for number, (group, name) in enumerate(draft.names.items(), start=1)
    ]
    context = {
        "room": table.room,
        "groups": groups,
        "free": [person for key, person in table.by_key.items() if key not in draft.places],
        "places": [(key, draft.places.get(key, "")) for key in table.by_key],
        "mark": table.mark,
        "selected": [] if request.POST.get("do", "").startswith("move") else request.POST.getlist("person"),
        "is_open": bool(table.now),
        "is_changed": draft != table.draft(),
        "words": words,
        "is_error": is_error or bool(errors),
        "count": len(groups) or 4,
    }
    template = f"classroom/breakout_rooms/{'_editor' if request.htmx else 'page'}.html"
    return render(request, template, context, status=422 if errors else 200)


def _name_error(name: str) -> str:
    try:
        fields.checked(fields.name(), name, field="groupName")
    except InvalidArgument as error:
        return capitalised(error.problem)
    return ""
