"""The pages on which a teacher manages how students join a class, and lets them in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_state
from classroom_admin.actions.early_starts import early_by
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.common.numbers import parsed
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.joining import actions, links, selectors
from classroom_admin.integrations.joining.models import JoinPage
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import sent
from classroom_admin.web.joining.forms import SettingsForm
from classroom_admin.web.joining.qr import svg
from classroom_admin.web.joining.responses import private
from classroom_admin.web.joining.welcome_views import begins_at, has_app, invitation_response
from classroom_admin.web.wording import command_state

ROOMS: Final = Room.objects.select_related("class_list")


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def joining(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the links of a class and the settings. A POST with `do` changes them."""
    access = access_by_key(request.user, key, ROOMS, to=Permission.JOIN)
    page = selectors.page_for(access.room) or JoinPage(room=access.room)
    form = SettingsForm.of(page)
    if request.method == "POST":
        access.require(Permission.SCHEDULE)
        if request.POST.get("do") == "settings":
            form = SettingsForm.of(page, sent(request))
            response = _change_settings(request, access, form)
        else:
            response = _change_links(request, access)
        if response is not None:
            return response
    path = links.class_link(page)
    context: dict[str, Any] = {
        "room": access.room,
        "page": page,
        "form": form,
        "address": absolute(path) if path else "",
        "qr": svg(absolute(path), label=_("QR code of the link for students")) if path else "",
        "begins_at": begins_at(access.room),
        "personal_links": selectors.personal_links(page) if page.pk else [],
        "has_app": has_app(),
    }
    return private(render(request, "joining/links.html", context, status=422 if form.is_bound else 200))


def _change_settings(
    request: AuthenticatedHttpRequest, access: ClassAccess, form: SettingsForm
) -> HttpResponse | None:
    """Change the settings. Return None if the form now says why nothing was changed."""
    if not form.is_valid():
        return None
    try:
        if actions.change_settings(access, **form.cleaned_data):
            messages.success(request, _("The settings were changed."))
    except ActionRefused as refused:
        form.add_error(refused.field, refused.message)
        return None
    return redirect("live:joining", access.room.key)


def _renew(access: ClassAccess) -> str:
    actions.renew_link(access)
    return _("The link is ready. Earlier links of the class no longer work.")


def _turn_off(access: ClassAccess) -> str:
    actions.turn_link_off(access)
    return _("The link is turned off.")


def _make_personal(access: ClassAccess) -> str:
    number = actions.make_personal_links(access)
    words = ngettext("%(count)d new personal link.", "%(count)d new personal links.", number)
    return words % {"count": number}


def _revoke_all(access: ClassAccess) -> str:
    number = actions.revoke_personal_links(access)
    words = ngettext(
        "%(count)d personal link no longer works.", "%(count)d personal links no longer work.", number
    )
    return words % {"count": number}


CHANGES: Final[dict[str, Callable[[ClassAccess], str]]] = {
    "renew": _renew,
    "off": _turn_off,
    "personal": _make_personal,
    "revoke_all": _revoke_all,
}


def _change_links(request: AuthenticatedHttpRequest, access: ClassAccess) -> HttpResponse:
    """Run the change with the name in `do`. If the POST has `revoke`, revoke the link with this id."""
    pk = parsed(request.POST.get("revoke", ""))
    change = CHANGES.get(request.POST.get("do", ""))
    try:
        if pk is not None:
            if actions.revoke_personal_links(access, pk=pk):
                messages.success(request, _("The personal link no longer works."))
        elif change is not None:
            messages.success(request, change(access))
    except ActionRefused as refused:
        messages.error(request, refused.message)
    return redirect("live:joining", access.room.key)


@never_cache
@require_safe
@signed_in
def sheet(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the personal links of a class with QR codes, to be printed and cut."""
    access = access_by_key(request.user, key, ROOMS, to=Permission.SCHEDULE)
    page = selectors.page_for(access.room)
    rows = [
        {"link": link, "address": address, "qr": svg(address, label=_("QR code"))}
        for link in (selectors.personal_links(page) if page else [])
        if (address := absolute(links.path_of(link)))
    ]
    context = {"room": access.room, "rows": rows, "begins_at": begins_at(access.room)}
    return private(render(request, "joining/sheet.html", context))


@require_safe
@signed_in
def invitation(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Return the class as a calendar file with the link for students, to be sent to them."""
    access = access_by_key(request.user, key, to=Permission.JOIN)
    page = selectors.page_for(access.room)
    path = links.class_link(page) if page else ""
    if not path:
        return redirect("live:joining", key)
    return invitation_response(request, access.room, path)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def join_requests(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show who waits and who was refused. A POST lets people in or refuses them.

    `let_in` and `refuse` have ids, and `all` the newest id that was shown. They are values of buttons: a live
    update of the page does not change the values of fields.
    """
    access = access_by_key(request.user, key, to=Permission.RUN)
    if request.method == "POST":
        words = _decide(request, access)
        if request.htmx:
            return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {"target": "body"})
        messages.success(request, words)
        return redirect("live:join_requests", key)
    people = list(selectors.not_let_in(access.room)[:MOST_SHOWN])
    newest = max((one.pk for one in people), default=0)
    context = {"room": access.room, "people": people, "newest": newest}
    return render(request, "joining/requests.html", context)


MOST_SHOWN: Final = 500


def _decide(request: AuthenticatedHttpRequest, access: ClassAccess) -> str:
    if "refuse" in request.POST:
        number = actions.refuse(access, pks=_ids(request, "refuse"))
        words = ngettext("%(count)d person was refused.", "%(count)d people were refused.", number)
        return words % {"count": number}
    if "all" in request.POST:
        number = actions.let_all_in(access, until=max(_ids(request, "all"), default=0))
    else:
        number = actions.let_in(access, pks=_ids(request, "let_in"))
    words = ngettext("%(count)d person was let in.", "%(count)d people were let in.", number)
    return words % {"count": number}


def _ids(request: AuthenticatedHttpRequest, name: str) -> list[int]:
    return [pk for text in request.POST.getlist(name) if (pk := parsed(text)) is not None]


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def start_and_join(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Start the class unless it runs, and open the classroom as its teacher.

    If the class is scheduled for much later, lead to the page that asks whether to start it so early.
    """
    access = access_by_key(request.user, key, to=Permission.START_END)
    access.require(Permission.JOIN)
    room = access.room
    if request.method == "GET":
        return render(request, "joining/start.html", {"room": room, "opens": False})
    if room.current_state not in (RoomState.STARTED, RoomState.CLOSED) and not room.gone_at:
        if early_by(room, now=clock.cloud_now()) is not None:
            return redirect("live:command", key, "start")
        try:
            state = command_state(class_state.start_class(access))
        except ActionRefused as refused:
            messages.error(request, refused.message)
            return redirect("live:class", key)
        if state.state == Step.Kind.FAILED:
            messages.error(request, state.reason)
            return redirect("live:class", key)
    # A form may not lead to another site, so a page opens the classroom.
    return render(request, "joining/start.html", {"room": room, "opens": True})
