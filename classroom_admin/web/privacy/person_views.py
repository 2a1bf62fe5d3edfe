"""Find a person, see what belongs to them, and export or erase it. For administrators only.

Cloud user ids are in the bodies of requests, never in addresses.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common.names import exact_key
from classroom_admin.privacy import person as people_found
from classroom_admin.privacy import person_erasure, person_jobs, person_rooms
from classroom_admin.privacy.person import Candidate, Subject
from classroom_admin.privacy.person_data import TITLES, counts_of
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.rooms.models import ListedPerson, Participant
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.parameters import search_words
from classroom_admin.web.streaming import file_pieces, streamed

MOST_JOBS: Final = 50
MOST_VALUES: Final = 500
UNPROCESSABLE: Final = 422


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def people(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Find people by name, email address or cloud user id, and list the newest exports and erasures."""
    words = search_words(request.GET)
    jobs = PersonJob.objects.select_related("by", "erasure")[:MOST_JOBS]
    context = {"q": words, "found": people_found.find(words), "rows": [_row_of(one) for one in jobs]}
    return render(request, "privacy/people.html", context)


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def person(request: AuthenticatedHttpRequest, of: str, pk: int) -> HttpResponse:
    """Show what belongs, or may belong, to a person. `pk` is the key of a row of the kind `of`."""
    found = _candidates_of(of, pk)
    return render(request, "privacy/person.html", _chosen(found, [one.value for one in found if one.certain]))


def _candidates_of(of: str, pk: int) -> list[Candidate]:
    if of == "students":
        seen = Participant.objects.filter(pk=pk).first()
        if seen is not None:
            return people_found.candidates(user_uuids=[seen.user_uuid])
    elif of == "accounts":
        if User.objects.filter(pk=pk).exists():
            return people_found.candidates(accounts=[pk])
    elif of == "lists":
        row = ListedPerson.objects.select_related("class_list").filter(pk=pk).first()
        if row is not None and row.user_uuid:
            return people_found.candidates(user_uuids=[row.user_uuid])
        if row is not None:
            return people_found.candidates_of_listed(row)
    raise Http404(_("This person does not exist."))


def _chosen(found: list[Candidate], ticked: list[str]) -> dict[str, Any]:
    names = [one.name for one in found if one.name]
    return {
        "certain": [one for one in found if one.certain],
        "uncertain": [one for one in found if not one.certain],
        "ticked": ticked,
        "title": names[0] if names else (found[0].about if found else ""),
    }


@never_cache
@require_POST
@requires(Permission.SETTINGS)
def selected(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show how much there is of each kind of data, with the buttons to export and to erase it."""
    return _selected_page(request, _subject(request))


def _subject(request: AuthenticatedHttpRequest) -> Subject:
    return people_found.subject_of(request.POST.getlist("who")[:MOST_VALUES])


def _selected_page(
    request: AuthenticatedHttpRequest, subject: Subject, *, problem: str = "", status: int = 200
) -> HttpResponse:
    if not subject:
        messages.error(request, _("Select at least one entry that belongs to the person."))
        return redirect("privacy:people")
    refused = _why_not(subject, request.user)
    context = {
        "subject": subject,
        "values": people_found.values_of(subject),
        "counts": [(TITLES[name], count) for name, count in counts_of(subject).items()],
        "token": secrets.token_urlsafe(24),
        "modes": Erasure.Mode,
        "mode": request.POST.get("mode", Erasure.Mode.PSEUDONYMISE),
        "problem": problem,
        "refused": refused,
        "kept": person_rooms.kept_classes(subject),
    }
    return render(request, "privacy/selected.html", context, status=status)


def _why_not(subject: Subject, by: User) -> str:
    try:
        person_erasure.check(subject, by=by)
    except ActionRefused as refusal:
        return str(refusal.message)
    return ""


@never_cache
@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def export(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Start an export in the background."""
    subject = _subject(request)
    if not subject:
        return _selected_page(request, subject)
    made = person_jobs.request_export(subject, by=request.user, token=request.POST.get("token", "")[:64])
    return redirect("privacy:job", made.key)


@never_cache
@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def erase(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Start an erasure in the background, if the typed name is the name of the person."""
    subject, mode = _subject(request), request.POST.get("mode", "")
    if not subject:
        return _selected_page(request, subject)
    if mode not in Erasure.Mode.values:
        problem = _("Choose whether to pseudonymise or to erase.")
        return _selected_page(request, subject, problem=problem, status=UNPROCESSABLE)
    if exact_key(request.POST.get("typed", "")) != exact_key(subject.title):
        problem = _("The name that you typed is not the name of the person.")
        return _selected_page(request, subject, problem=problem, status=UNPROCESSABLE)
    try:
        made = person_jobs.request_erasure(
            subject, mode=mode, by=request.user, token=request.POST.get("token", "")[:64]
        )
    except ActionRefused as refusal:
        return _selected_page(request, subject, problem=str(refusal.message), status=UNPROCESSABLE)
    return redirect("privacy:job", made.key)


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def job(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show how far an export or an erasure is, and its outcome."""
    return render(request, "privacy/job.html", {"row": _row_of(person_jobs.job_for(key))})


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def job_state(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Render the state of a job, for the page that shows its progress."""
    return render(request, "privacy/_job.html", {"row": _row_of(person_jobs.job_for(key))})


@never_cache
@require_safe
@requires(Permission.SETTINGS)
def job_file(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Download the file of a finished export."""
    found, content = person_jobs.file_for(key)
    if request.method == "GET":
        record.done(actor=request.user, action="person.export_download", params={"export": found.key})
    answer = streamed(
        request,
        file_pieces(content),
        content_type="application/zip",
        file_name=f"person-{found.made_at:%Y-%m-%d}.zip",
        close=content.close,
    )
    answer["Content-Length"] = str(found.size)
    return answer


_STEPS: Final[dict[str, Callable[[], str]]] = {
    "ledger": lambda: _("Preparing"),
    "lists": lambda: _("Class lists"),
    "rooms": lambda: _("Classes"),
    "late_rooms": lambda: _("Classes"),
    "inbox": lambda: _("Responses of the cloud"),
    "quarantine": lambda: _("Responses of the cloud"),
    "commands": lambda: _("Commands"),
    "files": lambda: _("Files"),
    "audit": lambda: _("Audit log"),
    "accounts": lambda: _("Account"),
    "clean": lambda: _("Cleaning the database"),
}


def _row_of(one: PersonJob) -> dict[str, Any]:
    """Return what a page shows of a job."""
    names = list(person_erasure.STEPS)
    step = names.index(one.step) if one.step in names else 0
    return {
        "job": one,
        "kind": PersonJob.Kind(one.kind).label,
        "state": PersonJob.State(one.state).label,
        "is_export": one.kind == PersonJob.Kind.EXPORT,
        "is_done": one.state == PersonJob.State.DONE,
        "step": _STEPS.get(one.step, _STEPS["ledger"])(),
        "done": step,
        "total": len(names),
        "counts": [(_title(name), count) for name, count in one.counts.items() if count],
        "has_file": one.state == PersonJob.State.DONE and bool(one.file),
    }


_OTHER: Final[dict[str, Callable[[], str]]] = {
    "classes": lambda: _("Changed classes"),
    "events": lambda: _("Stored events"),
    "figures": lambda: _("Rows of reports"),
    "class_properties": lambda: _("Properties of classes"),
    "list_files": lambda: _("Uploaded class lists"),
    "inbox": lambda: _("Responses of the cloud"),
    "quarantine": lambda: _("Unreadable data"),
}


def _title(name: str) -> Any:
    return TITLES[name] if name in TITLES else _OTHER[name]() if name in _OTHER else name
