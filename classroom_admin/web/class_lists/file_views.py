"""Views that upload a class list file, check its columns, and preview and apply its changes.

The file and the person's choices are stored between these steps.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_list_files as actions
from classroom_admin.actions import class_lists
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.numbers import is_number
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.tables import LARGEST_BYTES
from classroom_admin.rooms.class_lists import file_for, list_for
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.class_lists.views import UNPROCESSABLE, list_page
from classroom_admin.web.dialogs import sent
from classroom_admin.web.uploaded_tables import FileForm, OptionsForm

ROWS_SHOWN = 8


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def upload(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Store an uploaded file and redirect to the page with its columns. If it can't be read, show why."""
    shown = list_for(request.user, key)
    if request.method == "GET":
        return redirect("lists:list", key)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return list_page(request, shown, file_form=form, status=UNPROCESSABLE)
    uploaded = form.cleaned_data["file"]
    try:
        # Read one byte more than allowed to find out whether the file is too large.
        file = actions.store_file(
            actor=request.user,
            class_list=shown,
            name=uploaded.name,
            content=uploaded.read(LARGEST_BYTES + 1),
        )
    except UnreadableFile as error:
        return list_page(request, shown, file_form=form, problem=str(error), status=UNPROCESSABLE)
    return redirect("lists:columns", key, file.key)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def columns(request: AuthenticatedHttpRequest, key: str, file_key: str) -> HttpResponse:
    """Show how the file was read. A POST stores the person's choices."""
    shown = list_for(request.user, key)
    file = file_for(request.user, file_key, list_key=shown.key)
    contents, problem = None, ""
    try:
        contents = actions.contents_of(file)
    except UnreadableFile as error:
        problem = str(error)
    form = OptionsForm(sent(request), contents=contents, encoding=file.options.get("encoding", "utf-8"))
    if request.method == "POST" and form.is_valid():
        actions.choose(file, form.options())
        return redirect("lists:preview" if "preview" in request.POST else "lists:columns", key, file_key)
    context = {
        "list": shown,
        "file": file,
        "contents": contents,
        "problem": problem,
        "form": form,
        "rows": contents.columns.rows[:ROWS_SHOWN] if contents and contents.columns else [],
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "class_lists/columns.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Permission.CLASS_LISTS)
def preview(request: AuthenticatedHttpRequest, key: str, file_key: str) -> HttpResponse:
    """Show how the file would change the class list. A POST applies the changes."""
    shown = list_for(request.user, key)
    file = file_for(request.user, file_key, list_key=shown.key)
    try:
        contents = actions.contents_of(file)
    except UnreadableFile:
        return redirect("lists:columns", key, file_key)
    if not contents.usable:
        return redirect("lists:columns", key, file_key)
    if request.method == "POST":
        seen = request.POST.get("version", "")
        version = int(seen) if is_number(seen) else 0
        try:
            changes = actions.apply_file(actor=request.user, file=file, contents=contents, version=version)
        except ActionRefused as refusal:
            messages.error(request, refusal.message)
            return redirect("lists:preview", key, file_key)
        numbers = {
            "added": len(changes.added),
            "changed": len(changes.changed),
            "removed": len(changes.removed),
        }
        done = _("The list was saved: %(added)s added, %(changed)s changed, %(removed)s removed.") % numbers
        messages.success(request, done)
        return redirect("lists:list", key)
    context = {
        "list": shown,
        "file": file,
        "contents": contents,
        "changes": class_lists.compare(class_lists.people_of(shown), contents.people),
    }
    return render(request, "class_lists/preview.html", context)
