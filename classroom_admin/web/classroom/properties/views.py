"""The views of the properties page. People edit and compare properties before a button sends the changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.verification import EXT_APP_STATE, KEPT_BY_THE_CLOUD, Present
from classroom_admin.agora import fields
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Participant, Role
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.properties import diff
from classroom_admin.web.classroom.properties.subject import (
    APP,
    PERSON,
    ROOM,
    Subject,
    history,
    known_apps,
    subject_of,
)
from classroom_admin.web.json_input import BadJson, pretty, read_object, read_own_object, size
from classroom_admin.web.wording import command_state

STATES = {"on": 1, "off": 0}
CHOOSE: Final = "choose"
MOST_LISTED: Final = 500
MOST_SHOWN: Final = 100
"""The maximum number of differences on a page and of names in a sentence."""
LONGEST_SHOWN: Final = 4000
"""The maximum number of characters shown of a value."""


@dataclass
class Edit:
    """A submitted form.

    `base_text` is the text before the person edited it, and `text` the text afterwards.
    """

    base_text: str
    text: str
    cause_text: str = ""
    state: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    cause: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    cause_error: str = ""

    @classmethod
    def from_form(cls, post: Mapping[str, str]) -> Edit:
        """Parse the form. If a text is not a valid object, `error` or `cause_error` has the reason."""
        edit = cls(post.get("base", ""), post.get("text", ""), post.get("cause", ""), post.get("state", ""))
        try:
            edit.base = read_own_object(edit.base_text)
            edit.wanted = fields.checked(fields.json_object, read_object(edit.text), field="properties")
        except (BadJson, InvalidArgument) as error:
            edit.error = _words(error)
        try:
            edit.cause = fields.checked(fields.json_object, read_object(edit.cause_text), field="cause")
        except (BadJson, InvalidArgument) as error:
            edit.cause_error = _words(error)
        return edit

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
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the properties. On POST, `do` says whether to choose an extension, compare, or send."""
    access = access_by_key(request.user, key, to=Permission.PROPERTIES)
    subject = subject_of(access, request.GET, request.POST)
    do = request.POST.get("do", "")
    if not subject.is_chosen:
        status = 422 if subject.error else 200
        return render(request, "classroom/properties/page.html", _context(subject), status=status)
    if do == CHOOSE and subject.app in known_apps(access.room):
        return redirect(f"{request.path}?{subject.query}")
    now = subject.read()
    context: dict[str, Any] = {"subject": subject, "now": now, "now_size": size(now.properties)}
    if request.method == "GET" or do == CHOOSE:
        fresh = _text(now.properties)
        context |= {**_context(subject), "edit": Edit(fresh, fresh), "history": history(subject)}
        return render(request, "classroom/properties/page.html", context)
    return _edited(request, subject, now, context, send=do == "send")


def _edited(
    request: AuthenticatedHttpRequest, subject: Subject, now: Present, context: dict[str, Any], *, send: bool
) -> HttpResponse:
    """Compare the new text with the old one.

    If `send` is True and there are no conflicts, send the changes.
    """
    edit = Edit.from_form(request.POST)
    edit.error = edit.error or _reserved_names(subject, edit)
    if edit.error or edit.cause_error:
        return _editor(request, context | {"edit": edit}, status=422)
    conflicts = diff.changed_by_others(edit.base, now.properties, edit.touched)
    if send and not conflicts:
        try:
            return _send(request, subject, edit)
        except ActionRefused as refused:
            return _editor(request, context | {"edit": edit, "refused": refused.message}, status=422)
    if conflicts:
        wanted = diff.rebased(edit.base, now.properties, edit.wanted)
        base_text = _text(now.properties)
        edit = replace(edit, base=now.properties, base_text=base_text, wanted=wanted, text=_text(wanted))
    return _editor(request, context | {"conflicts": _some(conflicts)} | _comparison(edit))


def _comparison(edit: Edit) -> dict[str, Any]:
    """Return the template context that shows the comparison."""
    found = diff.differences(edit.base, edit.wanted)
    return {
        "edit": edit, "compared": True, "state": STATES.get(edit.state), "now_size": size(edit.wanted),
        "count": len(found), "differences": [_shown(difference) for difference in found[:MOST_SHOWN]],
        "more": max(0, len(found) - MOST_SHOWN), "set_size": size(edit.to_set),
        "set_names": _some(edit.to_set), "deleted_names": _some(edit.to_delete),
    }  # fmt: skip


@require_POST
@signed_in
def check(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the size of the typed text, or an error if it is not a valid JSON object."""
    access_by_key(request.user, key, to=Permission.PROPERTIES)
    context: dict[str, Any] = {}
    try:
        context["size"] = size(
            fields.checked(fields.json_object, read_object(request.POST.get("text", "")), field="properties")
        )
    except (BadJson, InvalidArgument) as error:
        context["error"] = _words(error)
    return render(request, "classroom/properties/_says.html", context)


def _reserved_names(subject: Subject, edit: Edit) -> str:
    """Return an error if the text contains properties that only the cloud may change, else ""."""
    kept = {ROOM: KEPT_BY_THE_CLOUD, APP: {EXT_APP_STATE}}.get(subject.kind, frozenset())
    names = ", ".join(sorted(kept & set(edit.wanted)))
    return (
        _("The cloud manages these properties itself: %(names)s. Remove them from the text.")
        % {"names": names}
        if names
        else ""
    )


def _send(request: AuthenticatedHttpRequest, subject: Subject, edit: Edit) -> HttpResponse:
    """Send the new and changed properties in one command. Delete removed properties with another one."""
    state = STATES.get(edit.state) if subject.kind == APP else None
    cause = edit.cause or None
    entries = []
    if edit.to_set or state is not None:
        entries.append(subject.put(edit.to_set, cause=cause, state=state))
    if edit.to_delete and not any(command_state(entry).reason for entry in entries):
        entries.append(subject.delete(edit.to_delete, cause=cause))
    for state_now in map(command_state, entries):
        if state_now.reason:
            messages.error(request, f"{state_now.words}: {state_now.reason}")
        else:
            messages.success(request, f"{state_now.words}: {state_now.state}.")
    if not entries:
        messages.info(request, _("Nothing changed, so nothing was sent."))
    to = f"{reverse('live:properties', args=[subject.room.key])}?{subject.query}"
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _editor(request: AuthenticatedHttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if request.htmx:
        return render(request, "classroom/properties/_editor.html", context, status=status)
    subject = context["subject"]
    context = {**context, **_context(subject), "history": history(subject)}
    return render(request, "classroom/properties/page.html", context, status=status)


def _context(subject: Subject) -> dict[str, Any]:
    """Return the template context with the people or extensions to choose from."""
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


def _shown(found: diff.Difference) -> dict[str, Any]:
    return {
        "place": found.place,
        "kind": found.kind,
        "before": _beginning(pretty(found.before)) if found.kind != diff.ADDED else "",
        "after": _beginning(pretty(found.after)) if found.kind != diff.REMOVED else "",
    }


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _some(names: Collection[str]) -> str:
    """Return the first MOST_SHOWN names as text, with the number of further names."""
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
    return capitalised(error.problem)
