"""The views of the class page, of changes since a version, of further roster rows, and of details."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classroom_admin.common import clock
from classroom_admin.realtime.polling_token import issue
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import freshness
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.presenter import ClassPresenter
from classroom_admin.web.classroom.rendering import fragments
from classroom_admin.web.classroom.roster import GONE, HERE, Part
from classroom_admin.web.dialogs import ask
from classroom_admin.web.join_links import STUDENT, TEACHER, join_link


@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the class. With `?people=all`, show the whole roster even if it is long."""
    room: ShownRoom = class_selectors.class_for(
        request.user,
        key,
        **freshness.brought_along(),
        own_identity=class_selectors.own_identity(request.user),
        listed=class_lists.listed_people(),
    )
    presenter = ClassPresenter(room, everyone=request.GET.get("people") == "all")
    context = {"presenter": presenter, "room": room, **_links(request, room)}
    return render(request, "classroom/page.html", context)


@require_safe
@signed_in
def changes(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the fragments that changed since version `v`. Return 204 if nothing changed (three queries)."""
    room: Any = class_selectors.class_for(request.user, key, **freshness.brought_along())
    seen, now = PageVersion.parse(request.GET.get("v", "")), PageVersion.of(room)
    token = issue(
        user_id=request.user.pk,
        session_key=request.session.session_key or "",
        room_key=key,
        now_s=clock.now_ms() / 1000,
    )
    if seen == now:
        response = HttpResponse(status=204)
    else:
        changed = fragments(room, seen=seen, now=now)
        context = {"room": room, "presenter": ClassPresenter(room), "fragments": changed}
        response = render(request, "classroom/_changes.html", context)
    return freshness.tell(response, room.polled_at, room.poll_error, ticket=token)


@require_safe
@signed_in
def more_people(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the next rows of a long roster, as `requested_part` selects them."""
    room = class_selectors.class_for(request.user, key)
    presenter = ClassPresenter(room)
    context = {"room": room, "presenter": presenter, "part": requested_part(request, presenter)}
    return render(request, "classroom/_roster_more.html", context)


def requested_part(request: AuthenticatedHttpRequest, presenter: ClassPresenter) -> Part:
    """Return roster rows after the place `after`. `who=gone` selects people who left; `all` is unlimited."""
    who = GONE if request.GET.get("who") == GONE else HERE
    return presenter.part(who, after=request.GET.get("after", ""), all_the_rest="all" in request.GET)


@require_safe
@signed_in
def details(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show cloud ids, scheduled times, teachers and missing events."""
    room = access_by_key(request.user, key, Room.objects.prefetch_related("teachers__user", "gaps")).room
    if request.htmx:
        return render(request, "classroom/_details.html", {"room": room})
    return ask(request, "classroom/details.html", {"room": room})


def _links(request: AuthenticatedHttpRequest, room: ShownRoom) -> dict[str, str]:
    """Return the join links, if configured. The links are personal, so fragments must not contain them."""
    template = settings.JOIN_URL_TEMPLATE
    if not template or room.gone_at or room.current_state == RoomState.CLOSED:
        return {}
    links = {"pupil_link": join_link(template, room=room.room_uuid, role=STUDENT)}
    if room.own_identity:
        links["enter_link"] = join_link(
            template, room=room.room_uuid, user=room.own_identity, name=str(request.user), role=TEACHER
        )
    return links
