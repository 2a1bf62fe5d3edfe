"""The views that share a file from the computer or the web, delete files, and undo a deletion."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions, resources, uploads
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Entry
from classroom_admin.common.public_address import reach
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import (
    add_refusal,
    entry_response,
    refusal_response,
)
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.files.forms import EXTENSIONS, FIELDS, WEB, AddForm, DeleteForm, UploadForm
from classroom_admin.web.parameters import is_number


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the form (GET) or share the file (POST)."""
    room = room_for(request.user, key)
    form = AddForm(sent(request), request.FILES or None)
    upload = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.chosen_way == WEB:
                entry = resources.put_resource_by_url(actor=request.user, room=room, **form.web_arguments)
                return entry_response(request, room, entry)
            upload = _upload(request, room, form)
            return entry_response(request, room, _share(request, room, form, upload))
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    elif form.is_bound:
        upload = Upload.objects.filter(key=form["upload"].value() or "", room=room, by=request.user).first()
    return _ask(request, room, form, upload)


@require_POST
@signed_in
def upload(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Store a file before the form is sent. Return that part of the form; with errors, status 422."""
    room = room_for(request.user, key)
    form = UploadForm(request.POST, request.FILES)
    stored = None
    if form.is_valid():
        try:
            stored = uploads.take(actor=request.user, room=room, file=form.cleaned_data["file"])
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    context = {"form": form, "upload": stored, "room": room, **_limits()}
    return render(request, "files/_choose.html", context, status=200 if stored else 422)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask which files to delete (GET), or schedule their deletion in ten seconds (POST)."""
    room = room_for(request.user, key)
    form = DeleteForm(sent(request), files=class_selectors.resources(room))
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["files"])
        try:
            deletion = deletions.schedule_deletion(actor=request.user, room=room, resources=chosen)
            assert deletion.entry is not None
            return entry_response(request, room, deletion.entry, with_files=True)
        except ActionRefused as error:
            add_refusal(form, error, {"resourceUuids": "files"})
    chosen = [int(pk) for pk in form["files"].value() or [] if is_number(str(pk))]
    context = {"room": room, "form": form, "files": class_selectors.resources(room), "chosen": chosen}
    return ask(request, "files/delete.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def undo(request: AuthenticatedHttpRequest, key: str, hold: int) -> HttpResponse:
    """Ask for confirmation (GET), or undo a deletion that has not been sent yet (POST)."""
    room = room_for(request.user, key)
    if request.method == "GET":
        return ask(request, "files/undo.html", {"room": room})
    try:
        deletions.undo_deletion(actor=request.user, room=room, hold=hold)
    except ActionRefused as error:
        return refusal_response(request, room, error)
    entry = Entry.objects.filter(room_uuid=room.room_uuid, action="resource.undo_delete")[0]
    return entry_response(request, room, entry, with_files=True)


def _upload(request: AuthenticatedHttpRequest, room: Room, form: AddForm) -> Upload:
    key = form.cleaned_data["upload"]
    if key:
        return uploads.waiting(actor=request.user, room=room, key=key)
    return uploads.take(actor=request.user, room=room, file=form.cleaned_data["file"])


def _share(request: AuthenticatedHttpRequest, room: Room, form: AddForm, upload: Upload) -> Entry:
    return uploads.share(
        actor=request.user,
        room=room,
        upload=upload,
        name=form.cleaned_data["name"] or upload.name,
        conversion=form.conversion_for(upload.ext),
    )


def _ask(request: AuthenticatedHttpRequest, room: Room, form: AddForm, upload: Upload | None) -> HttpResponse:
    way = form.chosen_way
    context: dict[str, Any] = {"room": room, "form": form, "way": way, "upload": upload, **_limits()}
    return ask(request, "files/add.html", context, status=422 if form.is_bound else 200)


def _limits() -> dict[str, Any]:
    """Return the context about limits and reachability for the form. It is the same for everyone."""
    return {
        "extensions": EXTENSIONS,
        "most_bytes": settings.FILES_MAX_BYTES,
        "most": f"{settings.FILES_MAX_BYTES / 1_000_000:g} MB",
        "reach": reach(settings.PUBLIC_URL),
        "public_url": settings.PUBLIC_URL,
    }
