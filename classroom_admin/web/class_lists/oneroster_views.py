"""Views that import a OneRoster export and create a class list for each of its classes."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_list_files as actions
from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Changes
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.rooms.class_list_files import oneroster
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.contents import Contents
from classroom_admin.rooms.class_list_files.tables import LARGEST_BYTES
from classroom_admin.rooms.class_lists import file_for
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.class_lists.forms import OneRosterForm
from classroom_admin.web.class_lists.views import UNPROCESSABLE
from classroom_admin.web.parameters import is_number


@dataclass(frozen=True, slots=True)
class _ClassChanges:
    """A class in the export and the changes to its class list. The list is None if there is none yet."""

    of_class: oneroster.RosterClass
    class_list: ClassList | None
    changes: Changes


@require_safe
@requires(Permission.CLASS_LISTS)
def start(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the form that uploads a OneRoster export."""
    return render(request, "class_lists/oneroster.html", {"form": OneRosterForm()})


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def upload(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Store an uploaded export and redirect to the page with its classes. If it can't be read, show why."""
    if request.method == "GET":
        return redirect("lists:oneroster")
    form = OneRosterForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            content = _content(form.cleaned_data["export"])
            if not oneroster.is_export(content):
                raise UnreadableFile(
                    _("This is not a OneRoster export. To upload another file, create a list first.")
                )
            file = actions.store_file(actor=request.user, class_list=None, name="OneRoster", content=content)
            return redirect("lists:classes", file.key)
        except UnreadableFile as error:
            form.add_error("export", str(error))
    return render(request, "class_lists/oneroster.html", {"form": form}, status=UNPROCESSABLE)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def classes(request: AuthenticatedHttpRequest, file_key: str) -> HttpResponse:
    """Show the classes in the export and the changes to their lists. A POST imports the chosen classes."""
    file = file_for(request.user, file_key)
    contents = actions.contents_of(file)
    if request.method == "POST":
        chosen = [each for key, each in contents.classes.items() if key in request.POST.getlist("class")]
        versions = {
            each.sourced_id: int(seen)
            for each in chosen
            if is_number(seen := request.POST.get(f"version-{each.sourced_id}", ""))
        }
        try:
            done = actions.import_classes(actor=request.user, file=file, classes=chosen, versions=versions)
        except ActionRefused as refusal:
            messages.error(request, refusal.message)
            return redirect("lists:classes", file_key)
        messages.success(
            request,
            ngettext("%(count)s class list was saved.", "%(count)s class lists were saved.", done)
            % {"count": done},
        )
        return redirect("lists:lists")
    context = {"file": file, "contents": contents, "classes": _changes(request, contents)}
    return render(request, "class_lists/classes.html", context)


def _changes(request: AuthenticatedHttpRequest, contents: Contents) -> list[_ClassChanges]:
    lists = actions.lists_of_classes(request.user, contents.classes)
    people = {each.sourced_id: class_lists.people_of(each) for each in lists.values()}
    return [
        _ClassChanges(each, lists.get(key), class_lists.compare(people.get(key, []), each.people))
        for key, each in contents.classes.items()
    ]


def _content(files: list[UploadedFile[bytes]]) -> bytes:
    """Return the uploaded ZIP file, or the CSV files as a ZIP file.

    Raise UnreadableFile if the files are too large.
    """
    read: dict[str, bytes] = {(each.name or "").lower(): each.read(LARGEST_BYTES + 1) for each in files}
    if any(len(content) > LARGEST_BYTES for content in read.values()):
        raise UnreadableFile(_("This file is too large. A class list can have at most 8 MB."))
    if len(read) == 1 and next(iter(read)) not in oneroster.FILES:
        return next(iter(read.values()))
    wanted = {
        name: content for name, content in read.items() if name in (*oneroster.FILES, oneroster.MANIFEST)
    }
    return oneroster.packed(wanted)
