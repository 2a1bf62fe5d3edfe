"""The page of a recording, and its files, for people who may see the class."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recording_shares
from classroom_admin.agora.recording_downloads import FileUnavailable
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess, NotYours, access_by_key
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import Availability, availability
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.recordings.files import file_response, segment_response
from classroom_admin.web.recordings.library import row, with_names
from classroom_admin.web.recordings.player import player_for


@never_cache
@require_safe
@requires(Permission.REPORTS)
def recording(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Show a recording. `at` is the second at which it begins to play, and `part` the number of a file."""
    access, found = recording_access(request.user, pk)
    found = with_names(found)
    shown = row(found, clock.cloud_now())
    is_ready = shown["state"] == Availability.READY
    context = {
        "room": access.room,
        "row": shown,
        "recording": found,
        "link_days": settings.RECORDING_LINK_DAYS,
        "player": player_for(
            request, found, lambda number: reverse("reports:recording_file", args=[pk, number])
        ),
        "is_ready": is_ready,
        "shares": list(recording_shares.active_shares(found)) if is_ready else [],
    }
    return render(request, "recordings/page.html", context)


@require_safe
@requires(Permission.REPORTS)
def file(request: AuthenticatedHttpRequest, pk: int, number: int) -> HttpResponseBase:
    """Send a file of a recording to the player. With `download`, the browser saves it."""
    found = ready_recording(request.user, pk)
    try:
        return file_response(request, found, number, download="download" in request.GET)
    except FileUnavailable as error:
        return unavailable(request, found, error)


@require_safe
@requires(Permission.REPORTS)
def segment(request: AuthenticatedHttpRequest, pk: int, number: int, segment: int) -> HttpResponseBase:
    """Send a segment of a recording whose file is a playlist."""
    found = ready_recording(request.user, pk)
    try:
        return segment_response(request, found, number, segment)
    except FileUnavailable as error:
        return unavailable(request, found, error)


def recording_access(person: User, pk: int, *, to: Permission | None = None) -> tuple[ClassAccess, Recording]:
    """Return the access to the class, and its recording. Raise the errors of `access_by_key`."""
    found = Recording.objects.filter(pk=pk).select_related("room").first()
    if found is None:
        raise NotYours
    access = access_by_key(person, found.room.key, to=to)
    found.room = access.room
    return access, found


def ready_recording(person: User, pk: int) -> Recording:
    """Return a recording of which the person may watch the files. Raise Http404 if there is none."""
    _access, found = recording_access(person, pk)
    if availability(found, clock.cloud_now()) != Availability.READY:
        raise Http404(_("The files of this recording are not available."))
    return found


def unavailable(request: AuthenticatedHttpRequest, found: Recording, error: FileUnavailable) -> HttpResponse:
    """Return the page that says why a file can't be read: 404 if it is deleted, else 502."""
    status = HTTPStatus.NOT_FOUND if error.gone else HTTPStatus.BAD_GATEWAY
    context = {"room": found.room, "recording": found, "gone": error.gone}
    return render(request, "recordings/unavailable.html", context, status=status)
