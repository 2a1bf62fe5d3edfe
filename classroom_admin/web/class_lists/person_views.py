"""Views that add, change and delete one person of a class list."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.class_lists import list_for
from classroom_admin.rooms.models import ClassList, ListedPerson
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.class_lists.forms import ListedPersonForm
from classroom_admin.web.dialogs import sent
from classroom_admin.web.parameters import is_number

UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def add(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the form for a new person. A POST adds the person to the class list."""
    shown = list_for(request.user, key)
    form = ListedPersonForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_person(
                actor=request.user,
                class_list=shown,
                person=form.person(),
                version=_version(request),
            )
        except ActionRefused as refusal:
            _show_refusal(form, refusal)
        else:
            messages.success(request, _("“%(name)s” was added.") % {"name": form.cleaned_data["name"]})
            again = "another" in request.POST
            return redirect("lists:add_person", key) if again else redirect("lists:list", key)
    return _page(request, shown, form)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def change(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the form for a person on a class list. A POST saves the changes."""
    shown = list_for(request.user, key)
    row = shown.people.filter(pk=pk).first()
    if row is None:
        return _gone(request, shown)
    values = {"name": row.name, "user_id": row.user_uuid, "email": row.email, "group": row.group}
    form = ListedPersonForm(sent(request), initial=values)
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_person(
                actor=request.user, row=row, person=form.person(), version=_version(request)
            )
        except ActionRefused as refusal:
            _show_refusal(form, refusal)
        else:
            if changed:
                messages.success(request, _("“%(name)s” was saved.") % {"name": form.cleaned_data["name"]})
            return redirect("lists:list", key)
    return _page(request, shown, form, row=row)


@require_POST
@requires(Permission.CLASS_LISTS)
def delete(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Delete a person from a class list."""
    shown = list_for(request.user, key)
    row = get_object_or_404(shown.people, pk=pk)
    try:
        actions.remove_person(actor=request.user, row=row, version=_version(request))
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("lists:person", key, pk)
    messages.success(request, _("“%(name)s” was removed from the list.") % {"name": row.name})
    return redirect("lists:list", key)


def _version(request: AuthenticatedHttpRequest) -> int:
    """Return the version of the list that the user saw, or 0 if it is not valid."""
    seen = request.POST.get("version", "")
    return int(seen) if is_number(seen) else 0


def _gone(request: AuthenticatedHttpRequest, shown: ClassList) -> HttpResponse:
    """Respond that the person is no longer on the list. A POST gets the form with the entered values."""
    if request.method != "POST":
        messages.error(request, _("This person is no longer on the list. Reload the page."))
        return redirect("lists:list", shown.key)
    form = ListedPersonForm(request.POST)
    form.add_error(
        None, _("Someone else removed this person from the list. To add the person again, save the form.")
    )
    return _page(request, shown, form)


def _show_refusal(form: ListedPersonForm, refusal: ActionRefused) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)


def _page(
    request: AuthenticatedHttpRequest,
    shown: ClassList,
    form: ListedPersonForm,
    *,
    row: ListedPerson | None = None,
) -> HttpResponse:
    context = {"list": shown, "form": form, "row": row}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "class_lists/person.html", context, status=status)
