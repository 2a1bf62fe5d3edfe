"""The page of properties: edit, compare, send. Nothing is sent before the differences were shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.present import EXT_APP_STATE, KEPT_BY_THE_CLOUD, Present
from classroom_admin.agora import checks
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant, Role
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.command_answers import told
from classroom_admin.web.classroom.properties import diff
from classroom_admin.web.classroom.properties.history import history
from classroom_admin.web.classroom.properties.subject import (
    APP,
    PERSON,
    ROOM,
    Subject,
    known_apps,
    subject_of,
)
from classroom_admin.web.json_input import BadJson, pretty, read_object, read_own_object, size

STATES = {"on": 1, "off": 0}
CHOOSE: Final = "choose"
MOST_LISTED: Final = 500
MOST_SHOWN: Final = 100
"""Differences on a page, and names in a sentence."""
LONGEST_SHOWN: Final = 4000
"""Characters of a value that differs."""


@dataclass
class Work:
    """What somebody is about to do, as the form holds it: two texts, and what they mean."""

    base_text: str
    text: str
    cause_text: str = ""
    state: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    cause: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""
    wrong_cause: str = ""

    @classmethod
    def sent(cls, post: Mapping[str, str]) -> Work:
        """Read what was sent; `wrong` says what is wrong with it."""
        work = cls(post.get("base", ""), post.get("text", ""), post.get("cause", ""), post.get("state", ""))
        try:
            work.base = read_own_object(work.base_text)
            work.wanted = checks.properties(read_object(work.text), may_be_empty=True)
        except (BadJson, InvalidArgument) as error:
            work.wrong = _words(error)
        try:
            work.cause = checks.cause(read_object(work.cause_text))
        except (BadJson, InvalidArgument) as error:
            work.wrong_cause = _words(error)
        return work

    @cached_property
    def to_set(self) -> dict[str, Any]:
        return diff.to_set(self.base, self.wanted)

    @cached_property
    def to_delete(self) -> list[str]:
        return diff.to_delete(self.base, self.wanted)

    @property
    def touched(self) -> set[str]:
        return {*self.to_set, *self.to_delete}


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def page(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows the properties of whom `of` names; POST (by `do`) chooses an extension by its name, compares,
    or sends what differs.
    """
    room = room_for(request.user, key)
    subject = subject_of(room, request.GET, request.POST)
    do = request.POST.get("do", "")
    if not subject.is_chosen:
        status = 422 if subject.wrong else 200
        return render(request, "classroom/properties/page.html", _around(subject), status=status)
    if do == CHOOSE and subject.app in known_apps(room):
        return redirect(f"{request.path}?{subject.query}")
    now = subject.read(request.user)
    context: dict[str, Any] = {"subject": subject, "now": now, "now_size": size(now.properties)}
    if request.method == "GET" or do == CHOOSE:
        fresh = _text(now.properties)
        around = {**context, **_around(subject), "work": Work(fresh, fresh), "history": history(subject)}
        return render(request, "classroom/properties/page.html", around)
    return _worked(request, subject, now, context, send=do == "send")


def _worked(
    request: HttpRequest, subject: Subject, now: Present, context: dict[str, Any], *, send: bool
) -> HttpResponse:
    """What was written is compared with what is; with `send` it is sent, unless somebody was quicker."""
    work = Work.sent(request.POST)
    work.wrong = work.wrong or _kept_names(subject, work)
    if work.wrong or work.wrong_cause:
        return _work(request, context | {"work": work}, status=422)
    moved = diff.moved_on(work.base, now.properties, work.touched)
    if send and not moved:
        try:
            return _send(request, subject, work)
        except ActionRefused as refused:
            return _work(request, context | {"work": work, "refused": refused.message}, status=422)
    if moved:
        wanted = diff.rebased(work.base, now.properties, work.wanted)
        base_text = _text(now.properties)
        work = replace(work, base=now.properties, base_text=base_text, wanted=wanted, text=_text(wanted))
    return _work(request, context | {"moved": _some(moved)} | _compared(work))


def _compared(work: Work) -> dict[str, Any]:
    """What the comparison shows."""
    found = diff.differences(work.base, work.wanted)
    return {
        "work": work, "compared": True, "state": STATES.get(work.state), "now_size": size(work.wanted),
        "count": len(found), "differences": [_shown(one) for one in found[:MOST_SHOWN]],
        "more": max(0, len(found) - MOST_SHOWN), "set_size": size(work.to_set),
        "set_names": _some(work.to_set), "deleted_names": _some(work.to_delete),
    }  # fmt: skip


@require_POST
@signed_in
def check(request: HttpRequest, key: str) -> HttpResponse:
    """Whether what is being typed is a JSON object, and how large it is. Changes nothing."""
    room_for(request.user, key)
    context: dict[str, Any] = {}
    try:
        context["size"] = size(
            checks.properties(read_object(request.POST.get("text", "")), may_be_empty=True)
        )
    except (BadJson, InvalidArgument) as error:
        context["wrong"] = _words(error)
    return render(request, "classroom/properties/_says.html", context)


def _kept_names(subject: Subject, work: Work) -> str:
    """What is wrong with names that the cloud keeps for itself; "" for nothing."""
    kept = {ROOM: KEPT_BY_THE_CLOUD, APP: {EXT_APP_STATE}}.get(subject.kind, frozenset())
    names = ", ".join(sorted(kept & set(work.wanted)))
    return (
        _("The cloud manages these properties itself: %(names)s. Remove them from the text.")
        % {"names": names}
        if names
        else ""
    )


def _send(request: HttpRequest, subject: Subject, work: Work) -> HttpResponse:
    """Set what is new or different, then delete what is gone; each is a command of its own."""
    state = STATES.get(work.state) if subject.kind == APP else None
    cause = work.cause or None
    entries = []
    if work.to_set or state is not None:
        entries.append(subject.put(request.user, work.to_set, cause=cause, state=state))
    if work.to_delete and not any(told(entry).reason for entry in entries):
        entries.append(subject.delete(request.user, work.to_delete, cause=cause))
    for how in map(told, entries):
        if how.reason:
            messages.error(request, f"{how.words}: {how.reason}")
        else:
            messages.success(request, f"{how.words}: {how.state}.")
    if not entries:
        messages.info(request, _("Nothing changed, so nothing was sent."))
    to = f"{reverse('live:properties', args=[subject.room.key])}?{subject.query}"
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _work(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if request.htmx:
        return render(request, "classroom/properties/_work.html", context, status=status)
    subject = context["subject"]
    around = {**context, **_around(subject), "history": history(subject)}
    return render(request, "classroom/properties/page.html", around, status=status)


def _around(subject: Subject) -> dict[str, Any]:
    """What the page has around the editor: who there is to choose from."""
    room = subject.room
    of_person = subject.kind == PERSON
    people = Participant.objects.filter(room=room).exclude(role__in=(Role.SERVER, Role.INVISIBLE))
    listed = list(people.only("name").order_by("-online", "name")[: MOST_LISTED + 1]) if of_person else []
    left_out = len(listed) > MOST_LISTED
    del listed[MOST_LISTED:]
    if subject.person is not None and subject.person not in listed:
        listed.insert(0, subject.person)
    return {
        "room": room,
        "subject": subject,
        "people": listed,
        "left_out": left_out,
        "apps": known_apps(room) if subject.kind == APP else [],
    }


def _text(properties: dict[str, Any]) -> str:
    return pretty(properties) if properties else "{}"


def _shown(one: diff.Difference) -> dict[str, Any]:
    return {
        "place": one.place,
        "kind": one.kind,
        "before": _beginning(pretty(one.before)) if one.kind != diff.ADDED else "",
        "after": _beginning(pretty(one.after)) if one.kind != diff.REMOVED else "",
    }


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _some(names: Collection[str]) -> str:
    """The first names, and how many more there are."""
    words = ", ".join(islice(names, MOST_SHOWN))
    more = len(names) - MOST_SHOWN
    return (
        pgettext("things", "%(names)s and %(count)s more") % {"names": words, "count": more}
        if more > 0
        else words
    )


def _words(error: BadJson | InvalidArgument) -> str:
    if isinstance(error, BadJson):
        return str(error)
    return error.sentence[:1].upper() + error.sentence[1:]
