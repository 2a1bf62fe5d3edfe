"""The views of the class page, of changes since a version, of further roster rows, and of details."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from classroom_admin.accounts import permissions
from classroom_admin.accounts.permissions import Permission, rights_of
from classroom_admin.common import clock
from classroom_admin.common.public_address import absolute
from classroom_admin.realtime.polling_token import issue
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.reports.presence_sources import sources_of
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import freshness
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.presenter import ClassPresenter
from classroom_admin.web.classroom.rendering import compact, fragments
from classroom_admin.web.classroom.roster import GONE, HERE, Part
from classroom_admin.web.dialogs import ask
from classroom_admin.web.join_links import STUDENT, TEACHER, join_link, needs_token

PANELS: Final = {
    "files": "classroom/_files.html",
    "recording": "classroom/_recording.html",
    "groups": "classroom/breakout_rooms/_panel.html",
    "attendance": "classroom/people/_attendance.html",
    "events": "classroom/_events.html",
    "commands": "classroom/_commands.html",
    "details": "classroom/_details_panel.html",
}
"""The panels that are loaded only when they are shown. The other panels are always in the page."""
ALWAYS: Final = ("people", "hands", "chat", "questions")


@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the class. The parameter `show` or a cookie selects the panel. For htmx, render only this panel.

    If the class is over, the page begins with the attendance. `people=all` shows a long roster completely,
    and `questions=all` shows all quizzes and polls.
    """
    shown = request.GET.get("show", "")
    if request.htmx and shown in PANELS:
        return _panel(request, key, shown)
    room: ShownRoom = class_selectors.class_for(
        request.user,
        key,
        **freshness.brought_along(),
        own_identity=class_selectors.own_identity(request.user),
        listed=class_lists.listed_people(),
    )
    presenter = ClassPresenter(
        room,
        rights_of(request.user.role),
        everyone=request.GET.get("people") == "all",
        shown=next((name for name in (shown, request.COOKIES.get("panel", "")) if _is_panel(name)), ""),
        all_questions=request.GET.get("questions") == "all",
    )
    if presenter.is_over and presenter.shown == "questions" and not presenter.questions:
        presenter.shown = ""  # the page of a class that is over has no such panel
    context = {"presenter": presenter, "room": room, **_links(request, room)}
    template = "classroom/after/page.html" if presenter.is_over else "classroom/page.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _is_panel(name: str) -> bool:
    return name in PANELS or name in ALWAYS


def _panel(request: AuthenticatedHttpRequest, key: str, name: str) -> HttpResponse:
    room = class_selectors.class_for(request.user, key)
    context = {"presenter": ClassPresenter(room, rights_of(request.user.role), shown=name), "room": room}
    response = render(request, PANELS[name], context)
    patch_vary_headers(response, ["HX-Request"])
    # The stream may have filled the panel meanwhile, and removed the attribute with the swap style.
    response["HX-Reswap"] = "morph"  # `reswap` of django_htmx accepts only htmx's own swap styles
    return response


@require_safe
@signed_in
def changes(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the fragments that changed since version `v`, or 204 if nothing changed."""
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
        rights = rights_of(request.user.role)
        changed = fragments(room, seen=seen, now=now, rights=rights)
        context = {"room": room, "presenter": ClassPresenter(room, rights), "fragments": changed}
        response = HttpResponse(compact(render_to_string("classroom/_changes.html", context, request)))
    administrator = permissions.may(request.user, Permission.SETTINGS)
    return freshness.tell(
        response, room.polled_at, room.poll_error, administrator=administrator, ticket=token
    )


@require_safe
@signed_in
def more_people(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the next rows of a long roster. With the parameter `all`, return all other rows."""
    room = class_selectors.class_for(request.user, key)
    presenter = ClassPresenter(room, rights_of(request.user.role), everyone="all" in request.GET)
    context = {"room": room, "presenter": presenter, "part": requested_part(request, presenter)}
    return render(request, "classroom/_roster_more.html", context)


def requested_part(request: AuthenticatedHttpRequest, presenter: ClassPresenter) -> Part:
    """Return roster rows after the place `after`. `who=gone` means people who left."""
    who = GONE if request.GET.get("who") == GONE else HERE
    return presenter.part(who, after=request.GET.get("after", ""))


@require_safe
@signed_in
def details(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show cloud ids, scheduled times, teachers and missing events."""
    room = access_by_key(request.user, key, Room.objects.prefetch_related("teachers__user", "gaps")).room
    context = {"room": room, "sources": sources_of(room)}
    if request.htmx:
        return render(request, "classroom/_details.html", context)
    return ask(request, "classroom/details.html", context)


def _links(request: AuthenticatedHttpRequest, room: ShownRoom) -> dict[str, Any]:
    """Return the join links if they are configured. They are personal, so fragments must not contain them.

    `pupil_link` is the link of the join page, or a link into the classroom app for a class without one.
    `starts_first` says that the teacher's way into the class also starts it.
    """
    template = settings.JOIN_URL_TEMPLATE
    is_closed = room.gone_at or room.current_state == RoomState.CLOSED
    if is_closed or not permissions.may(request.user, Permission.JOIN):
        return {}
    links: dict[str, Any] = {"joins": True}
    if room.join_code:
        links["pupil_link"] = absolute(reverse("joining:page", args=[room.join_code]))
    elif template and not needs_token(template):
        links["pupil_link"] = join_link(template, room=room.room_uuid, role=STUDENT)
    if template and room.own_identity:
        links["starts_first"] = room.current_state != RoomState.STARTED and permissions.may(
            request.user, Permission.START_END
        )
        links["enter_link"] = (
            reverse("live:enter", args=[room.key, "teacher"])  # makes the token when the person enters
            if needs_token(template)
            else join_link(
                template, room=room.room_uuid, user=room.own_identity, name=str(request.user), role=TEACHER
            )
        )
    return links
