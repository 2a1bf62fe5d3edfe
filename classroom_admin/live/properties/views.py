"""The page of properties: edit, compare, send. Nothing is sent before the differences were shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.present import EXT_APP_STATE, KEPT_BY_THE_CLOUD
from classroom_admin.agora import checks
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.live.access import signed_in
from classroom_admin.live.commands.answers import told
from classroom_admin.live.jsontext import BadJson, pretty, read_object, size
from classroom_admin.live.properties import diff
from classroom_admin.live.properties.history import history
from classroom_admin.live.properties.subject import APP, ROOM, Subject, subject_of
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Participant, Role

STATES = {"on": 1, "off": 0}


@dataclass(slots=True)
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
            work.base = read_object(work.base_text)
            work.wanted = checks.properties(read_object(work.text), may_be_empty=True)
        except (BadJson, InvalidArgument) as error:
            work.wrong = _words(error)
        try:
            work.cause = checks.cause(read_object(work.cause_text))
        except (BadJson, InvalidArgument) as error:
            work.wrong_cause = _words(error)
        return work

    @property
    def to_set(self) -> dict[str, Any]:
        return diff.to_set(self.base, self.wanted)

    @property
    def to_delete(self) -> list[str]:
        return diff.to_delete(self.base, self.wanted)

    @property
    def touched(self) -> set[str]:
        return {*self.to_set, *self.to_delete}


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows the properties of whom `of` names; POST compares, or (`do` send) sends what differs."""
    room = room_for(request.user, key)
    subject = subject_of(room, request.GET)
    if not subject.is_chosen:
        return render(request, "live/properties/page.html", _around(subject))
    now = subject.read(request.user)
    fresh = pretty(now.properties) if now.properties else "{}"
    context: dict[str, Any] = {"subject": subject, "now": now, "now_size": size(now.properties)}
    if request.method == "GET":
        work = Work(fresh, fresh)
        around = {**context, **_around(subject), "work": work, "history": history(subject)}
        return render(request, "live/properties/page.html", around)
    work = Work.sent(request.POST)
    work.wrong = work.wrong or _kept_names(subject, work)
    if work.wrong or work.wrong_cause:
        return _work(request, context | {"work": work}, status=422)
    moved = diff.moved_on(work.base, now.properties, work.touched)
    if request.POST.get("do") == "send" and not moved:
        try:
            return _send(request, subject, work)
        except ActionRefused as refused:
            return _work(request, context | {"work": work, "refused": refused.message}, status=422)
    if moved:
        wanted = diff.rebased(work.base, now.properties, work.wanted)
        work = replace(
            work, base=now.properties, base_text=fresh, wanted=wanted, text=pretty(wanted) if wanted else "{}"
        )
    found = diff.differences(work.base, work.wanted)
    more = {
        "now_size": size(work.wanted),
        "work": work, "compared": True, "differences": [_shown(one) for one in found], "moved": moved,
        "set_size": size(work.to_set), "state": STATES.get(work.state),
    }  # fmt: skip
    return _work(request, context | more)


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
    return render(request, "live/properties/_says.html", context)


def _kept_names(subject: Subject, work: Work) -> str:
    """What is wrong with names that the cloud keeps for itself; "" for nothing."""
    kept = {ROOM: KEPT_BY_THE_CLOUD, APP: {EXT_APP_STATE}}.get(subject.kind, frozenset())
    names = ", ".join(sorted(kept & set(work.wanted)))
    return _("The cloud keeps this for itself: %(names)s. Take it out.") % {"names": names} if names else ""


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
        messages.info(request, _("Nothing differs, so nothing was sent."))
    to = f"{reverse('live:properties', args=[subject.room.key])}?{subject.query}"
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _work(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if request.htmx:
        return render(request, "live/properties/_work.html", context, status=status)
    subject = context["subject"]
    around = {**context, **_around(subject), "history": history(subject)}
    return render(request, "live/properties/page.html", around, status=status)


def _around(subject: Subject) -> dict[str, Any]:
    """What the page has around the editor: who there is to choose from."""
    room = subject.room
    people = Participant.objects.filter(room=room).exclude(role__in=(Role.SERVER, Role.INVISIBLE))
    return {
        "room": room,
        "subject": subject,
        "people": list(people.only("name").order_by("-online", "name")[:500]),
        "apps": sorted(room.ext_apps) if isinstance(room.ext_apps, dict) else [],
    }


def _shown(one: diff.Difference) -> dict[str, Any]:
    return {
        "place": one.place,
        "kind": one.kind,
        "before": pretty(one.before) if one.kind != diff.ADDED else "",
        "after": pretty(one.after) if one.kind != diff.REMOVED else "",
    }


def _words(error: BadJson | InvalidArgument) -> str:
    if isinstance(error, BadJson):
        return str(error)
    return error.sentence[:1].upper() + error.sentence[1:]
