"""The page behind the link of a class, and behind a personal link. It needs no account.

Programs that preview links only send a GET, which changes nothing. The POST needs no CSRF token: it uses no
rights of the browser, and students whose browser refuses cookies can join, too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts import throttling
from classroom_admin.accounts.throttling import TooManyAttempts
from classroom_admin.actions import calendars
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.joining import actions, identities, links, selectors, stages
from classroom_admin.integrations.joining.models import JoinPage, PersonalLink
from classroom_admin.rooms.models import Room
from classroom_admin.web.calendar.views import CalendarEntry, document, host
from classroom_admin.web.dialogs import sent
from classroom_admin.web.joining import responses
from classroom_admin.web.joining.forms import NameForm

View = Callable[[HttpRequest, str], HttpResponse]


def limited(view: View) -> View:
    """Refuse addresses that have tried too many wrong links or names.

    A browser with which someone has joined has a count of its own.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            browser = responses.browser_of(request)
            throttling.check_address(responses.WRONG_LINK, request, browser=browser)
            return view(request, *args, **kwargs)
        except TooManyAttempts as refused:
            return responses.too_many(request, refused)

    return checked


@csrf_exempt  # see the module
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the student's name. A POST asks to join the class, and leads to the page that waits."""
    found = selectors.page_with_code(code)
    if found is None:
        return responses.no_link(request)
    form = NameForm(sent(request))
    facts = selectors.facts_of(found.room)
    if form.is_bound and form.is_valid() and not facts.is_over:
        response = _ask(request, found, form)
        if response is not None:
            return response
    context = {"page": found, "form": form, "is_over": facts.is_over, "code": code, **_class(found.room)}
    status = 422 if form.is_bound and not facts.is_over else 200
    return responses.page_response(request, "joining/page.html", context, status=status)


def _ask(request: HttpRequest, found: JoinPage, form: NameForm) -> HttpResponse | None:
    """Ask to join. Return None if the form now says why this is impossible."""
    name = form.cleaned_data["name"]
    browser = responses.browser_of(request) or responses.new_browser()
    person: identities.Identity | None = identities.guest(name, browser=browser)
    if found.who == JoinPage.Who.LISTED:
        person = identities.with_name(selectors.people_of(found.room), name)
    if person is None:
        known = responses.browser_of(request)
        throttling.failed_from_address(responses.WRONG_LINK, request, browser=known)
        form.add_error("name", _("This name is not on the class list. Enter it as your school writes it."))
        return None
    try:
        asked = actions.ask(found, person, browser=responses.browser_hash(browser))
    except actions.TooManyRequests:
        form.add_error(None, _("Too many people want to join this class at the moment. Try again later."))
        return None
    response = redirect("joining:waiting", asked.ticket)
    responses.remember(response, browser)
    return responses.private(response)


@csrf_exempt  # see the module
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def personal(request: HttpRequest, signed_link: str) -> HttpResponse:
    """Greet the person of a personal link. A POST asks to join the class."""
    link = links.personal_link_of(signed_link)
    if link is None:
        return responses.no_link(request)
    facts = selectors.facts_of(link.page.room)
    if request.method == "POST" and not facts.is_over:
        return responses.private(redirect("joining:waiting", _ask_with(link).ticket))
    context = {
        "page": link.page,
        "link": link,
        "signed_link": signed_link,
        "is_over": facts.is_over,
        **_class(link.page.room),
    }
    return responses.page_response(request, "joining/personal.html", context)


def _ask_with(link: PersonalLink) -> Any:
    person = identities.Identity(user_id=link.user_id, name=link.name)
    return actions.ask(link.page, person, personal_link=link)


def _class(room: Room) -> dict[str, Any]:
    """Return what the pages say about a class."""
    return {"room": room, "begins_at": begins_at(room), "is_live": selectors.facts_of(room).is_live}


def begins_at(room: Room) -> Any:
    """Return when a class begins that has not started (cloud time), or None."""
    return stages.begins_at(
        planned=room.planned_start_at, timetable=room.timetable_start_at, started=room.started_at
    )


@require_safe
@limited
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Return the class as a calendar file, with the link of the class."""
    found = selectors.page_with_code(code)
    if found is None:
        return responses.no_link(request)
    return invitation_response(request, found.room, links.class_link(found))


@require_safe
@limited
def personal_invitation(request: HttpRequest, signed_link: str) -> HttpResponse:
    """Return the class as a calendar file, with the personal link."""
    link = links.personal_link_of(signed_link)
    if link is None:
        return responses.no_link(request)
    return invitation_response(request, link.page.room, links.path_of(link))


def invitation_response(request: HttpRequest, room: Room, path: str) -> HttpResponse:
    """Return a class as a calendar file (RFC 5545). A class without a start has none: 404."""
    starts_at = room.timetable_start_at or room.planned_start_at
    if starts_at is None:
        return responses.page_response(request, "joining/no_time.html", {"room": room}, status=404)
    address = absolute(path)
    entry = CalendarEntry(
        uid=calendars.uid_of(room.room_uuid),
        name=room.name,
        starts_at=starts_at.astimezone(UTC),
        ends_at=room.timetable_end_at or room.planned_end_at,
        known_at=room.known_since,
        address=address,
        words=_("Join the class with this link: %(address)s") % {"address": address},
    )
    body = document([entry], name=str(room), host=host())
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="class.ics"'
    return responses.private(response)


def has_app() -> bool:
    """Return whether the school has set the address of its classroom app."""
    return bool(settings.JOIN_URL_TEMPLATE)
