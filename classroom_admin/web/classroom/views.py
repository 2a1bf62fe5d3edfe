"""One class: its page, what changed since the page was made, and what lies further back."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from classroom_admin.common import clock
from classroom_admin.realtime.ticket import issue
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.sync import freshness
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom.fragments import fragments
from classroom_admin.web.classroom.presenter import ClassReading
from classroom_admin.web.classroom.roster import GONE, HERE, Part
from classroom_admin.web.dialogs import ask
from classroom_admin.web.join_links import STUDENT, TEACHER, join_link


@require_safe
@signed_in
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The class as a page; `?people=all` shows a very long roster whole."""
    room = class_selectors.class_for(
        request.user,
        key,
        **freshness.brought_along(),
        own_identity=class_selectors.own_identity(request.user),
        listed=class_lists.listed_people(),
    )
    reading = ClassReading(room, everybody=request.GET.get("people") == "all")
    return render(request, "classroom/page.html", {"one": reading, "room": room, **_links(request, room)})


@require_safe
@signed_in
def changes(request: HttpRequest, key: str) -> HttpResponse:
    """What changed since the version `v` that the page has seen: nothing (204, three queries), or
    fragments.
    """
    room = class_selectors.class_for(request.user, key, **freshness.brought_along())
    seen, now = Seen.read(request.GET.get("v", "")), Seen.of(room)
    ticket = issue(
        user_id=request.user.pk,
        session_key=request.session.session_key or "",
        room_key=key,
        now_s=clock.now_ms() / 1000,
    )
    if seen == now:
        answer = HttpResponse(status=204)
        return freshness.tell(answer, room.polled_at, room.poll_error, ticket=ticket)
    answer = render(
        request,
        "classroom/_changes.html",
        {"room": room, "one": ClassReading(room), "fragments": fragments(room, seen=seen, now=now)},
    )
    return freshness.tell(answer, room.polled_at, room.poll_error, ticket=ticket)


@require_safe
@signed_in
def more_people(request: HttpRequest, key: str) -> HttpResponse:
    """The next rows of a long roster: of those who are there or (`who=gone`) left, behind place `after`;
    `all=1`: all the rest, for who looks for somebody.
    """
    room = class_selectors.class_for(request.user, key)
    reading = ClassReading(room)
    context = {"room": room, "one": reading, "part": wanted_part(request, reading)}
    return render(request, "classroom/_roster_more.html", context)


def wanted_part(request: HttpRequest, reading: ClassReading) -> Part:
    """The rows of a roster that an address asks for."""
    who = GONE if request.GET.get("who") == GONE else HERE
    return reading.part(who, after=request.GET.get("after", ""), all_the_rest="all" in request.GET)


@require_safe
@signed_in
def details(request: HttpRequest, key: str) -> HttpResponse:
    """What few need: ids of the cloud, times of the plan, whose class it is, which events are missing."""
    room = room_for(request.user, key, Room.objects.prefetch_related("teachers__user", "gaps"))
    return (
        render(request, "classroom/_details.html", {"room": room})
        if request.htmx
        else ask(request, "classroom/details.html", {"room": room})
    )


def _links(request: HttpRequest, room: Room) -> dict[str, str]:
    """The ways into the classroom; empty where the school has set none. Personal: never in a fragment."""
    template = settings.JOIN_URL_TEMPLATE
    if not template or room.gone_at or room.current_state == 3:
        return {}
    links = {"pupil_link": join_link(template, room=room.room_uuid, role=STUDENT)}
    if room.own_identity:
        links["enter_link"] = join_link(
            template, room=room.room_uuid, user=room.own_identity, name=str(request.user), role=TEACHER
        )
    return links
