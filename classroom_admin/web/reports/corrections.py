"""Correct the attendance of one person in a class, and withdraw a correction."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh, reswap, trigger_client_event

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.reports import corrections
from classroom_admin.reports.models import STATUSES, PersonSummary
from classroom_admin.reports.student_rows import STUDENTS
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.reports.class_report import figures_context, people_of


class CorrectionForm(forms.Form):
    """A form for the status that counts in place of the measured one, and a note."""

    status = forms.ChoiceField(
        label=_("Status"), choices=[(value.value, capfirst(words)) for value, words in STATUSES]
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=corrections.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("For example, the reason. Everyone who sees this class can read it."),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def correct(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the measured attendance and all corrections of a person. `pk` is the person's row in the class.

    A POST corrects the status. With `do=withdraw`, it withdraws the correction.
    """
    access = access_by_key(request.user, key, to=Permission.ATTENDANCE)
    person = _person(access, pk)
    form = CorrectionForm(sent(request), initial=_initial(person))
    withdraws = request.POST.get("do") == "withdraw"
    if request.method == "POST" and (withdraws or form.is_valid()):
        try:
            if withdraws:
                corrections.withdraw(access, person)
            else:
                corrections.correct(access, person, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return _saved(request, access, person, withdrawn=withdraws)
    context = {
        "room": access.room,
        "person": person,
        "form": form,
        "back": f"{reverse('reports:class', args=[key])}#person-{person.pk}",
        "history": corrections.corrections_of(person),
    }
    return ask(request, "reports/correct.html", context, status=422 if form.is_bound else 200)


def _person(access: ClassAccess, pk: int) -> PersonSummary:
    rows = PersonSummary.objects.select_related("summary", "correction__by")
    person = rows.filter(room=access.room, pk=pk, role__in=STUDENTS).first()
    if person is None:
        raise Http404(
            gettext("This row does not exist any more. The attendance may have been counted again.")
        )
    return person


def _initial(person: PersonSummary) -> dict[str, Any]:
    now = person.correction
    return {"status": now.status, "note": now.note} if now else {"status": person.status}


def _saved(
    request: AuthenticatedHttpRequest, access: ClassAccess, person: PersonSummary, *, withdrawn: bool
) -> HttpResponse:
    """Return the changed row and figures for the page of the class.

    For another page with a dialog, reload the page. Otherwise, redirect to the page of the class.
    """
    page = reverse("reports:class", args=[access.room.key])
    if request.htmx and _sender(request) not in ("", page):
        return HttpResponseClientRefresh()
    if request.htmx:
        context = figures_context(person.summary, people_of(person.summary)) | {
            "room": access.room,
            "person": _person(access, person.pk),
            "students": True,
            "oob": True,
        }
        response = reswap(render(request, "reports/_corrected.html", context), "none")
        return trigger_client_event(response, "live:commanded", {"target": "body"})
    words = gettext("The correction is withdrawn.") if withdrawn else gettext("The correction is saved.")
    messages.success(request, words)
    return redirect(f"{page}#person-{person.pk}")


def _sender(request: AuthenticatedHttpRequest) -> str:
    """Return the path of the page from which htmx sent the request, or "" if it is unknown."""
    try:
        return urlsplit(request.htmx.current_url or "").path
    except ValueError:  # the header is not an address
        return ""
