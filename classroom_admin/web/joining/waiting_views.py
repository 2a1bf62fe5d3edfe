"""The page of a person who wants to come in, and the redirect into the classroom.

The ticket in the address is the only proof of who asks, so browsers without cookies can use these pages, too.
"""

from __future__ import annotations

from http import HTTPStatus
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from classroom_admin.agora.errors import Unauthorized
from classroom_admin.common import clock
from classroom_admin.integrations.joining import actions, selectors
from classroom_admin.integrations.joining.models import JoinRequest
from classroom_admin.integrations.joining.stages import Stage
from classroom_admin.web.join_links import STUDENT, way_in
from classroom_admin.web.joining import responses
from classroom_admin.web.joining.welcome_views import begins_at, has_app, limited


@csrf_exempt  # see `welcome_views`
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def waiting(request: HttpRequest, ticket: str) -> HttpResponse:
    """Show whether the person may come in. The page updates by itself. A POST asks again after a refusal."""
    found = selectors.request_with(ticket)
    if found is None:
        return responses.no_link(request)
    if request.method == "POST":
        actions.ask_again(found)
        return responses.private(redirect("joining:waiting", ticket))
    if request.method == "GET":
        actions.seen([ticket])
    stage, ban = selectors.stage(found, has_app=has_app())
    context = {
        "asked": found,
        "room": found.page.room,
        "stage": stage.value,
        "banned_until": None if ban in (None, "forever") else ban,
        "begins_at": begins_at(found.page.room),
        "enters": stage is Stage.READY and found.entered_at is None,
        "mark": selectors.marks_of([ticket]).get(ticket, ""),
        "ask_again_in": _minutes_until_asking(found),
    }
    return responses.page_response(request, "joining/waiting.html", context)


def _minutes_until_asking(found: JoinRequest) -> int:
    """Return in how many minutes a refused person can ask again; 0 means now."""
    if found.decided_at is None:
        return 0
    left = found.decided_at + actions.ASK_AGAIN_AFTER - clock.now()
    return max(0, ceil(left.total_seconds() / 60))


@require_GET
@limited
def enter(request: HttpRequest, ticket: str) -> HttpResponse:
    """Redirect a person who may come in to the classroom, with a token if the school's link needs one."""
    found = selectors.request_with(ticket)
    if found is None:
        return responses.no_link(request)
    stage, _ban = selectors.stage(found, has_app=has_app())
    if stage is not Stage.READY:
        return responses.private(redirect("joining:waiting", ticket))
    try:
        address = way_in(room=found.page.room.room_uuid, user=found.user_id, name=found.name, role=STUDENT)
    except Unauthorized:
        context = {"room": found.page.room}
        return responses.page_response(
            request, "joining/not_connected.html", context, status=HTTPStatus.BAD_GATEWAY
        )
    actions.entered(found)
    return responses.private(redirect(address))
