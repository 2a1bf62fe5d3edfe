"""Views of all class lists and of one class list. `file_views` has the views for uploaded files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.csv_files import csv_text
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.class_lists import list_for, visible_lists
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.class_lists.forms import NameForm, ThresholdsForm
from classroom_admin.web.dialogs import sent
from classroom_admin.web.uploaded_tables import FileForm

PEOPLE_A_PAGE = 100
LISTS_A_PAGE = 50
ROOMS_SHOWN = 20
UNPROCESSABLE = 422
EXAMPLE = "name,user id,e-mail,group\nAda Lovelace,ada-1815,ada@school.example,7b\nAlan Turing,,,7b\n"


@require_safe
@requires(Permission.CLASS_LISTS)
def lists(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show all class lists that the person may see."""
    page = Paginator(visible_lists(request.user), LISTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "class_lists/lists.html", {"page": page, "form": NameForm()})


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def make(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Create an empty class list and redirect to its page."""
    form = NameForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_list(actor=request.user, name=form.cleaned_data["name"])
            return redirect("lists:list", made.key)
        except ActionRefused as refusal:
            form.add_error("name", refusal.message)
    return render(
        request, "class_lists/make.html", {"form": form}, status=UNPROCESSABLE if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def one_list(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the people of a class list and the classes that use it. A POST renames the list."""
    shown = list_for(request.user, key)
    form = NameForm(sent(request), initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_list(actor=request.user, class_list=shown, name=form.cleaned_data["name"])
            return redirect("lists:list", key)
        except ActionRefused as refusal:
            form.add_error("name", refusal.message)
    return list_page(request, shown, form=form, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def thresholds(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Set when people on the list count as late and as leaving early. Only a POST changes something."""
    shown = list_for(request.user, key)
    if request.method == "GET":
        return redirect("lists:list", key)
    form = ThresholdsForm(request.POST)
    if form.is_valid():
        try:
            if actions.set_thresholds(actor=request.user, class_list=shown, **form.cleaned_data):
                messages.success(request, _("Saved. The attendance of earlier classes is counted again."))
            return redirect("lists:list", key)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    return list_page(request, shown, thresholds=form, status=UNPROCESSABLE)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask for confirmation. A POST deletes the class list."""
    shown = list_for(request.user, key)
    if request.method == "GET":
        return render(
            request,
            "class_lists/delete.html",
            {"list": shown, "rooms": shown.rooms.filter(list_version=None).count()},
        )
    actions.delete_list(actor=request.user, class_list=shown)
    messages.success(request, _("The list “%(name)s” was deleted.") % {"name": shown.name})
    return redirect("lists:lists")


@require_safe
@requires(Permission.CLASS_LISTS)
def download(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the class list as a CSV file. The same file can be uploaded again."""
    shown = list_for(request.user, key)
    found = actions.download(request.user, shown)
    people = [(one.name, one.user_uuid, one.email, one.group) for one in found]
    content = csv_text([("name", "user id", "e-mail", "group"), *people])
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="class-list.csv"'
    return answer


@require_safe
@requires(Permission.CLASS_LISTS)
def example(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return an example of a class list file."""
    answer = HttpResponse("\ufeff" + EXAMPLE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="class-list-example.csv"'
    return answer


def list_page(
    request: AuthenticatedHttpRequest, shown: ClassList, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the page of a class list. `more` contains further values for its template."""
    rooms = visible_rooms(request.user, shown.rooms.order_by("-known_since", "-pk"))
    people = Paginator(shown.people.order_by("group", "name", "pk"), PEOPLE_A_PAGE)
    context = {
        "list": shown,
        "page": people.get_page(request.GET.get("page")),
        "rooms": rooms[:ROOMS_SHOWN],
        "form": NameForm(initial={"name": shown.name}),
        "file_form": FileForm(),
        "thresholds": ThresholdsForm(
            initial={name: getattr(shown, name) for name in ThresholdsForm.base_fields}
        ),
        **more,
    }
    return render(request, "class_lists/list.html", context, status=status)
