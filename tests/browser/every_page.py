"""Every page that there is, for the tests that look at all of them. A new address must be entered here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver
from playwright.sync_api import Page, expect

from tests.browser.looking import open_class
from tests.browser.school import Classroom

NOBODY, SIGNED_IN = "nobody", "signed in"
# name of the address -> its path, with {room}, {person} (in the class), {event}
PAGES = {
    "live:classes": "/",
    "live:class": "/classes/{room}/",
    "live:chat": "/classes/{room}/chat/",
    "live:events": "/classes/{room}/events/",
    "live:event": "/classes/{room}/events/{event}/",
    "live:details": "/classes/{room}/details/",
    "live:create": "/classes/new/",
    "live:command": "/classes/{room}/do/end/",
    "live:remove": "/classes/{room}/people/{person}/remove/",
    "live:let_back": "/classes/{room}/people/{person}/let-back/",
    "live:recording": "/classes/{room}/recording/start/",
    "live:add_file": "/classes/{room}/files/add/",
    "live:delete_files": "/classes/{room}/files/delete/",
    "people:list": "/people/",
    "people:create": "/people/new/",
    "people:unassigned": "/people/unassigned/",
    "people:person": "/people/2/",
    "settings:overview": "/settings/",
    "settings:audit": "/settings/audit/",
    "settings:sync": "/settings/sync/",
    "account_settings": "/account/settings/",
    "account_change_password": "/account/password/",
    "account_logout": "/sign-out/",
}
FOR_NOBODY = {
    "account_login": "/sign-in/",
    "account_inactive": "/account/inactive/",
    "404": "/nothing/like/this/",
}
# more states of pages that have several
MORE = {
    "all past": "/?when=past",
    "searched": "/?q=no-such-class",
    "close": "/classes/{room}/do/close/",
    "stop": "/classes/{room}/recording/stop/",
}
# parts of pages, what only acts, and what is no page
NO_PAGES = {
    "healthz",
    "live:classes_changes",
    "live:class_changes",
    "live:icons",
    "live:more_people",
    "people:assign",
    "people:unassign",
    "people:deactivate",
    "people:reactivate",
    "people:password",
    "settings:test",
    "account_language",
}


@dataclass(frozen=True, kw_only=True)
class Here:
    """What stands in the addresses of one furnished class."""

    room: str
    person: str
    event: str

    def paths(self) -> dict[str, str]:
        """All pages of who is signed in."""
        return {
            name: path.format(room=self.room, person=self.person, event=self.event)
            for name, path in (PAGES | MORE).items()
        }


def find(page: Page, room: Classroom) -> Here:
    """The keys of `room`, from its page."""
    open_class(page, room)
    expect(page.locator("#people-here > tr").nth(3)).to_be_attached()
    person = page.locator("#people-here > tr").nth(3).get_attribute("id")
    event = page.locator("#event-log > li").first.get_attribute("id")
    assert person, event
    return Here(room=page.url.rstrip("/").rsplit("/", 1)[1], person=person[1:], event=str(event)[1:])


def addresses() -> set[str]:
    """The names of all addresses that the product has."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Any, space: str) -> Any:
    for one in patterns:
        if isinstance(one, URLPattern):
            if one.name:
                yield f"{space}{one.name}"
        else:
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _names(one.url_patterns, inner)
