"""Share a file with a class, from the computer or by its address, and take files away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions, resources, uploads
from classroom_admin.actions.files.addresses import reach
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.command_answers import refused, went, wrong
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.files.forms import EXTENSIONS, FIELDS, WEB, AddForm, DeleteForm, UploadForm
from classroom_admin.web.parameters import is_number


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks for the file; POST shares it."""
    room = room_for(request.user, key)
    form = AddForm(sent(request), request.FILES or None)
    upload = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.chosen_way == WEB:
                entry = resources.put_resource_by_url(actor=request.user, room=room, **form.web_arguments)
                return went(request, room, entry)
            upload = _upload(request, room, form)
            return went(request, room, _share(request, room, form, upload))
        except ActionRefused as error:
            wrong(form, error, FIELDS)
    elif form.is_bound:
        upload = Upload.objects.filter(key=form["upload"].value() or "", room=room, by=request.user).first()
    return _ask(request, room, form, upload)


@require_POST
@signed_in
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Take in a file while the form is still being filled in: the part of the form that shows it, or says
    what is wrong with it (422).
    """
    room = room_for(request.user, key)
    form = UploadForm(request.POST, request.FILES)
    taken = None
    if form.is_valid():
        try:
            taken = uploads.take(actor=request.user, room=room, file=form.cleaned_data["file"])
        except ActionRefused as error:
            wrong(form, error, FIELDS)
    context = {"form": form, "upload": taken, "room": room, **_facts()}
    return render(request, "files/_choose.html", context, status=200 if taken else 422)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """GET asks which files; POST has them deleted in ten seconds."""
    room = room_for(request.user, key)
    form = DeleteForm(sent(request), files=class_selectors.resources(room))
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["files"])
        try:
            deletion = deletions.schedule_deletion(actor=request.user, room=room, resources=chosen)
            return went(request, room, deletion.entry, with_files=True)
        except ActionRefused as error:
            wrong(form, error, {"resourceUuids": "files"})
    chosen = [int(pk) for pk in form["files"].value() or [] if is_number(str(pk))]
    context = {"room": room, "form": form, "files": class_selectors.resources(room), "chosen": chosen}
    return ask(request, "files/delete.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def undo(request: HttpRequest, key: str, hold: int) -> HttpResponse:
    """GET asks; POST takes a deletion back that is still held."""
    room = room_for(request.user, key)
    if request.method == "GET":
        return ask(request, "files/undo.html", {"room": room})
    try:
        deletions.undo_deletion(actor=request.user, room=room, hold=hold)
    except ActionRefused as error:
        return refused(request, room, error)
    entry = Entry.objects.filter(room_uuid=room.room_uuid, action="resource.undo_delete").first()
    return went(request, room, entry, with_files=True)


def _upload(request: HttpRequest, room: Room, form: AddForm) -> Upload:
    key = form.cleaned_data["upload"]
    if key:
        return uploads.waiting(actor=request.user, room=room, key=key)
    return uploads.take(actor=request.user, room=room, file=form.cleaned_data["file"])


def _share(request: HttpRequest, room: Room, form: AddForm, upload: Upload) -> Entry:
    return uploads.share(
        actor=request.user,
        room=room,
        upload=upload,
        name=form.cleaned_data["name"] or upload.name,
        conversion=form.conversion_for(upload.ext),
    )


def _ask(request: HttpRequest, room: Room, form: AddForm, upload: Upload | None) -> HttpResponse:
    way = form.chosen_way
    context: dict[str, Any] = {"room": room, "form": form, "way": way, "upload": upload, **_facts()}
    return ask(request, "files/add.html", context, status=422 if form.is_bound else 200)


def _facts() -> dict[str, Any]:
    """What the form says about files, the same for everybody."""
    return {
        "extensions": EXTENSIONS,
        "most_bytes": settings.FILES_MAX_BYTES,
        "most": f"{settings.FILES_MAX_BYTES / 1_000_000:g} MB",
        "reach": reach(settings.PUBLIC_URL),
        "public_url": settings.PUBLIC_URL,
    }
