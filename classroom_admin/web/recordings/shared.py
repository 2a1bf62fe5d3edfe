"""The page behind a link to a recording. It needs no account, and shows only this recording.

An unknown, an expired and an ended link have the same answer, so nobody learns whether a link existed.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from classroom_admin.actions import recording_shares
from classroom_admin.agora.recording_downloads import FileUnavailable
from classroom_admin.web.recordings.files import file_response, segment_response
from classroom_admin.web.recordings.player import player_for


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show the recording of a link, and count that the link was used."""
    found = recording_shares.shared_recording(token)
    if found is None:
        return _no_link(request)
    if request.method == "GET":
        recording_shares.count_use(found)
    recording = found.recording

    def address(number: int) -> str:
        return reverse("live:shared_recording_file", args=[token, number])

    context = {"recording": recording, "player": player_for(request, recording, address), "share": found}
    return _private(render(request, "recordings/shared.html", context))


@require_safe
def shared_file(request: HttpRequest, token: str, number: int) -> HttpResponseBase:
    """Send a file of the recording of a link. With `download`, the browser saves it."""
    found = recording_shares.shared_recording(token)
    if found is None:
        return _no_link(request)
    try:
        return file_response(request, found.recording, number, download="download" in request.GET)
    except FileUnavailable as error:
        return _unavailable(request, error)


@require_safe
def shared_segment(request: HttpRequest, token: str, number: int, segment: int) -> HttpResponseBase:
    """Send a segment of the recording of a link."""
    found = recording_shares.shared_recording(token)
    if found is None:
        return _no_link(request)
    try:
        return segment_response(request, found.recording, number, segment)
    except FileUnavailable as error:
        return _unavailable(request, error)


def _no_link(request: HttpRequest) -> HttpResponse:
    return _private(render(request, "recordings/no_link.html", status=HTTPStatus.NOT_FOUND))


def _unavailable(request: HttpRequest, error: FileUnavailable) -> HttpResponse:
    if error.gone:
        return _no_link(request)
    return _private(render(request, "recordings/shared_unavailable.html", status=HTTPStatus.BAD_GATEWAY))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of caches and search engines, and its address out of the requests to other sites."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
