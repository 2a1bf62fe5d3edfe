"""Views of class lists: all lists, one list, and the upload of a file with people."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.actions import class_lists as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.class_lists import list_for, visible_lists
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_lists.forms import FileForm, NameForm, sealed, unsealed
from classroom_admin.web.class_lists.people_file import FORMULAS, LARGEST_BYTES, read_people
from classroom_admin.web.dialogs import sent

PEOPLE_A_PAGE = 100
LISTS_A_PAGE = 50
ROOMS_SHOWN = 20
UNPROCESSABLE = 422
EXAMPLE = "name,user id,e-mail,group\nAda Lovelace,ada-1815,ada@school.example,7b\nAlan Turing,,,7b\n"


@require_safe
@signed_in
def lists(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show all lists."""
    page = Paginator(visible_lists(request.user), LISTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "class_lists/lists.html", {"page": page, "form": NameForm()})


@require_http_methods(["GET", "POST"])
@signed_in
def make(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Create an empty list, and redirect to its page, which asks for a file."""
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
@signed_in
def one_list(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the people of a list and the classes that use it. A POST renames the list."""
    shown = list_for(request.user, key)
    form = NameForm(sent(request), initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_list(actor=request.user, class_list=shown, name=form.cleaned_data["name"])
            return redirect("lists:list", key)
        except ActionRefused as refusal:
            form.add_error("name", refusal.message)
    return _page(request, shown, form=form, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def upload(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Read an uploaded file with people. Show its problems by line, or a preview of the changes."""
    shown = list_for(request.user, key)
    if request.method == "GET":
        return redirect("lists:list", key)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, shown, file_form=form, status=UNPROCESSABLE)
    file = form.cleaned_data["file"]
    # Reading one byte more than allowed shows whether the file is too large.
    read = read_people(file.read(LARGEST_BYTES + 1))
    if read.problems:
        return _page(request, shown, file_form=form, problems=read.problems, status=UNPROCESSABLE)
    context = {
        "list": shown,
        "changes": actions.compare(actions.people_of(shown), read.people),
        "total": len(read.people),
        "sealed": sealed(read.people, key=key, version=shown.version),
    }
    return render(request, "class_lists/preview.html", context)


@require_POST
@signed_in
def apply(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Replace the people of the list with those of the preview."""
    shown = list_for(request.user, key)
    try:
        people, version = unsealed(request.POST.get("people", ""), key=key)
        changes = actions.set_people(actor=request.user, class_list=shown, people=people, version=version)
    except signing.BadSignature:
        messages.error(request, _("This preview is too old or damaged. Upload the file again."))
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
    else:
        numbers = {
            "added": len(changes.added),
            "changed": len(changes.changed),
            "removed": len(changes.removed),
        }
        done = _("The list was saved: %(added)s added, %(changed)s changed, %(removed)s removed.") % numbers
        messages.success(request, done)
    return redirect("lists:list", key)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask for confirmation. A POST deletes the list."""
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
@signed_in
def download(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the list as a file that can be uploaded again."""
    shown = list_for(request.user, key)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="class-list.csv"'
    answer.write("\ufeff")  # the byte order mark, with which spreadsheets recognise UTF-8
    table = csv.writer(answer)
    table.writerow(["name", "user id", "e-mail", "group"])
    for one in actions.people_of(shown):
        table.writerow([_safe(cell) for cell in (one.name, one.user_uuid, one.email, one.group)])
    return answer


@require_safe
@signed_in
def example(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return an example file."""
    answer = HttpResponse("\ufeff" + EXAMPLE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="class-list-example.csv"'
    return answer


def _safe(cell: str) -> str:
    """Return the cell, with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{cell}" if cell and cell[0] in FORMULAS else cell


def _page(
    request: AuthenticatedHttpRequest, shown: ClassList, *, status: int = 200, **more: Any
) -> HttpResponse:
    rooms = visible_rooms(request.user, shown.rooms.order_by("-known_since", "-pk"))
    people = Paginator(shown.people.order_by("group", "name", "pk"), PEOPLE_A_PAGE)
    context = {
        "list": shown,
        "page": people.get_page(request.GET.get("page")),
        "rooms": rooms[:ROOMS_SHOWN],
        "form": NameForm(initial={"name": shown.name}),
        "file_form": FileForm(),
        **more,
    }
    return render(request, "class_lists/list.html", context, status=status)
