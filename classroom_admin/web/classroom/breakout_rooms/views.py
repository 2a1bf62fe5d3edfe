"""Breakout rooms: their own page. The draft lives in its form; only “open” and “close” ask the cloud."""

from __future__ import annotations

import random
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.actions import groups as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import checks
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.breakout_rooms import draft as drafts
from classroom_admin.web.classroom.breakout_rooms.draft import Draft
from classroom_admin.web.classroom.breakout_rooms.table import Table
from classroom_admin.web.classroom.command_answers import told


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows the rooms as they are; POST changes the draft, or (`do` open, close) asks the cloud."""
    room = room_for(request.user, key)
    table = Table(room)
    if request.method == "GET":
        return _show(request, table, table.draft())
    draft = drafts.read(request.POST, table.by_key)
    do, _colon, about = request.POST.get("do", "").partition(":")
    if do == "open":
        return _open(request, table, draft)
    if do == "close":
        return _went(request, room, [actions.close_groups(actor=request.user, room=room)])
    changed, said = _changed(request, table, draft, do, about)
    return _show(request, table, changed, said=said)


def _changed(request: HttpRequest, table: Table, draft: Draft, do: str, about: str) -> tuple[Draft, str]:
    """The draft after a button of its own, and what to say about it."""
    if do == "move":
        ticked = [key for key in request.POST.getlist("person") if key in table.by_key]
        if not ticked:
            return draft, _("Select people first, then choose a room for them.")
        words = ngettext("%(n)d person moved to %(room)s.", "%(n)d people moved to %(room)s.", len(ticked))
        to = draft.names.get(about) or _("the class")
        return drafts.move(draft, ticked, about), words % {"n": len(ticked), "room": to}
    if do == "add":
        return drafts.add(draft), _("Room added.")
    if do == "remove":
        return drafts.remove(draft, about), _("Room removed. Its people are back in the class.")
    if do == "deal":
        count = request.POST.get("count", "")
        if not count.isdecimal() or not 1 <= int(count[:4]) <= drafts.MOST_GROUPS:
            return draft, _("Enter the number of rooms, from 1 to %(most)d.") % {"most": drafts.MOST_GROUPS}
        dealt = drafts.deal(draft, table.pupils, int(count), chance=random.SystemRandom())
        return dealt, _("All students are distributed. Nothing is sent yet.")
    return draft, ""


def _open(request: HttpRequest, table: Table, draft: Draft) -> HttpResponse:
    wrong = drafts.wrong_names(draft, _wrong_name)
    if wrong:
        return _show(
            request, table, draft, wrong=wrong, said=_("Nothing was sent. Correct the marked fields.")
        )
    if request.POST.get("mark") != table.mark:
        said = _("The rooms were changed elsewhere in the meantime. Check them, then press the button again.")
        return _show(request, table, draft, said=said, is_trouble=True)
    who: dict[str, Any] = {"actor": request.user, "room": table.room}
    gone = table.gone(draft)
    try:
        if not draft.names:
            entries = [actions.close_groups(**who)] if table.now else []
        else:
            entries = [actions.open_groups(**who, groups=table.wanted(draft))]
            if gone and not told(entries[0]).reason:
                entries.append(actions.close_groups(**who, groups=gone))
    except ActionRefused as refused:
        return _show(request, table, draft, said=refused.message, is_trouble=True)
    return _went(request, table.room, entries)


def _went(request: HttpRequest, room: Room, entries: list[Entry]) -> HttpResponse:
    """Back to the class, with a message for what did not go well; how it goes on is told there."""
    for how in map(told, entries):
        if how.reason:
            messages.error(request, f"{how.words}: {how.reason}")
    to = resolve_url("live:class", room.key)
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _show(
    request: HttpRequest,
    table: Table,
    draft: Draft,
    *,
    said: str = "",
    wrong: dict[str, str] | None = None,
    is_trouble: bool = False,
) -> HttpResponse:
    wrong = wrong or {}
    groups = [
        {
            "id": group,
            "number": number,
            "name": name,
            "people": [table.by_key[key] for key in draft.members(group)],
            "wrong": wrong.get(group, ""),
        }
        for number, (group, name) in enumerate(draft.names.items(), start=1)
    ]
    context = {
        "room": table.room,
        "groups": groups,
        "free": [person for key, person in table.by_key.items() if key not in draft.places],
        "places": [(key, draft.places.get(key, "")) for key in table.by_key],
        "mark": table.mark,
        "ticked": [] if request.POST.get("do", "").startswith("move") else request.POST.getlist("person"),
        "is_open": bool(table.now),
        "is_changed": draft != table.draft(),
        "said": said,
        "is_trouble": is_trouble or bool(wrong),
        "count": len(groups) or 4,
    }
    template = (
        "classroom/breakout_rooms/_editor.html" if request.htmx else "classroom/breakout_rooms/page.html"
    )
    return render(request, template, context, status=422 if wrong else 200)


def _wrong_name(name: str) -> str:
    try:
        checks.name(name, field="groupName")
    except InvalidArgument as error:
        return error.sentence[:1].upper() + error.sentence[1:]
    return ""
