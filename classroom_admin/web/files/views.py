"""Views that share a file from the computer or the web, show its pages, delete it, or undo a deletion."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions, resources, uploads
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Entry
from classroom_admin.common.public_address import reach
from classroom_admin.rooms import class_selectors, conversion
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Resource, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.command_responses import (
    add_refusal,
    confirm_and_run,
    entry_response,
)
from classroom_admin.web.classroom.files import UNDO
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.files.forms import EXTENSIONS, FIELDS, WEB, AddForm, DeleteForm, UploadForm
from classroom_admin.web.parameters import is_number, without_nul


@require_http_methods(["GET", "POST"])
@signed_in
def add(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the form. A POST shares the file."""
    access = access_by_key(request.user, key, to=Permission.FILES)
    room = access.room
    form = AddForm(sent(request), request.FILES or None)
    upload = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.chosen_way == WEB:
                entry = resources.put_resource_by_url(access, **form.web_arguments)
                return entry_response(request, room, entry)
            upload = _upload(access, form)
            return entry_response(request, room, _share(access, form, upload))
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    elif form.is_bound:
        waiting = without_nul(form["upload"].value() or "")
        upload = Upload.objects.filter(key=waiting, room=room, by=request.user).first()
    return _ask(request, room, form, upload)


@require_POST
@signed_in
def upload(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Store a file before its form is sent. Return the file field with its key or an error."""
    access = access_by_key(request.user, key, to=Permission.FILES)
    room = access.room
    form = UploadForm(request.POST, request.FILES)
    stored = None
    if form.is_valid():
        try:
            stored = uploads.take(access, file=form.cleaned_data["file"])
        except ActionRefused as error:
            add_refusal(form, error, FIELDS)
    context = {"form": form, "upload": stored, "room": room, **_limits()}
    return render(request, "files/_choose.html", context, status=200 if stored else 422)


@require_http_methods(["GET", "POST"])
@signed_in
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask which files to delete. A POST schedules the deletion, which takes place ten seconds later."""
    access = access_by_key(request.user, key, to=Permission.FILES)
    room = access.room
    form = DeleteForm(sent(request), files=class_selectors.resources(room))
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["files"])
        try:
            deletion = deletions.schedule_deletion(access, resources=chosen)
            assert deletion.entry is not None
            return entry_response(request, room, deletion.entry)
        except ActionRefused as error:
            add_refusal(form, error, {"resourceUuids": "files"})
    chosen = [int(pk) for pk in form["files"].value() or [] if is_number(str(pk))]
    context = {"room": room, "form": form, "files": class_selectors.resources(room), "chosen": chosen}
    return ask(request, "files/delete.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def undo(request: AuthenticatedHttpRequest, key: str, hold: int) -> HttpResponse:
    """Ask for confirmation. A POST undoes a deletion that was not sent yet."""
    access = access_by_key(request.user, key, to=Permission.FILES)

    def run() -> Entry:
        deletions.undo_deletion(access, hold=hold)
        undone: Entry = Entry.objects.filter(room_uuid=access.room.room_uuid, action=UNDO)[0]
        return undone

    held = deletions.open_deletions(access.room).filter(entry_id=hold).first()
    ids = held.payload["resource_uuids"] if held is not None else []
    files = class_selectors.resources(access.room).filter(resource_uuid__in=ids)
    return confirm_and_run(request, access, "files/undo.html", {"files": files}, run)


def _upload(access: ClassAccess, form: AddForm) -> Upload:
    key = form.cleaned_data["upload"]
    if key:
        return uploads.waiting(access, key=key)
    return uploads.take(access, file=form.cleaned_data["file"])


def _share(access: ClassAccess, form: AddForm, upload: Upload) -> Entry:
    return uploads.share(
        access,
        upload=upload,
        name=form.cleaned_data["name"] or upload.name,
        conversion=form.conversion_for(upload.ext),
    )


def _ask(request: AuthenticatedHttpRequest, room: Room, form: AddForm, upload: Upload | None) -> HttpResponse:
    way = form.chosen_way
    context: dict[str, Any] = {"room": room, "form": form, "way": way, "upload": upload, **_limits()}
    return ask(request, "files/add.html", context, status=422 if form.is_bound else 200)


def _limits() -> dict[str, Any]:
    """Return template variables with the limits of uploads, and whether the cloud can reach our URL."""
    return {
        "extensions": EXTENSIONS,
        "most_bytes": settings.FILES_MAX_BYTES,
        "most": f"{settings.FILES_MAX_BYTES / 1_000_000:g} MB",
        "reach": reach(settings.PUBLIC_URL),
        "public_url": settings.PUBLIC_URL,
    }


MOST_ORIGINS: Final = 4
"""The maximum number of origins of a file's page images. Normally, all images have the same origin."""


@require_safe
@signed_in
def pages(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the pages of a file. Only this view allows images from the cloud in its content security policy.

    See docs/decisions/file-preview-page.md.
    """
    room = access_by_key(request.user, key).room
    file = get_object_or_404(Resource, room=room, pk=pk, removed_at__isnull=True)
    found = conversion.pages(file.task)
    allowed = conversion.origins(found)[:MOST_ORIGINS]
    shown = [page for page in found if conversion.origin(page.picture) in allowed]
    response = render(request, "files/pages.html", {"room": room, "file": file, "pages": shown})
    if allowed:
        vars(response)["_csp_update"] = {"img-src": allowed}  # django-csp reads this.
    response["Referrer-Policy"] = "no-referrer"
    return response
