"""Let people in or refuse them, and change the links and settings of a join page.

The people of the school act with a `ClassAccess`. Students act without an account: `ask` and `ask_again`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.random_text import new_key
from classroom_admin.integrations.joining import selectors
from classroom_admin.integrations.joining.identities import Identity
from classroom_admin.integrations.joining.links import page_of, personal_link_row
from classroom_admin.integrations.joining.models import JoinPage, JoinRequest, PersonalLink
from classroom_admin.rooms.access import ClassAccess

State = JoinRequest.State
MOST_REQUESTS: Final = 2_000
"""The most people who can ask to join one class with its link within `PERIOD`."""
PERIOD: Final = timedelta(hours=1)
ASK_AGAIN_AFTER: Final = timedelta(minutes=2)
AWAY_AFTER: Final = timedelta(seconds=90)
"""The time after which a person whose page is closed is no longer shown as waiting."""


class TooManyRequests(Exception):
    """Raised if too many people asked to join a class in a short time."""


# --- students ---
def ask(
    page: JoinPage, person: Identity, *, browser: str = "", personal_link: PersonalLink | None = None
) -> JoinRequest:
    """Ask to join. Return the request, which has been admitted if the settings let the person in at once.

    `browser` is a keyed hash. A person who comes back with the same browser or the same personal link gets
    their earlier request. Raise ``TooManyRequests`` if too many people used the link of the class. Personal
    links have no limit, because each makes one request, so strangers can't use up the places of their people.
    """
    now = clock.now()
    mine = Q(personal_link=personal_link) if personal_link else Q(personal_link=None, browser=browser)
    earlier = JoinRequest.objects.filter(
        mine, page=page, user_id=person.user_id, asked_at__gt=now - selectors.KEPT_FOR
    )
    found = earlier.order_by("-pk").first() if browser or personal_link else None
    if found is not None:
        seen([found.ticket])
        return found
    recent = JoinRequest.objects.filter(page=page, personal_link=None, asked_at__gt=now - PERIOD)
    if personal_link is None and recent.count() >= MOST_REQUESTS:
        raise TooManyRequests
    waits = page.personal_waits if personal_link else page.link_waits
    made = JoinRequest.objects.create(
        page=page,
        personal_link=personal_link,
        browser=browser,
        user_id=person.user_id,
        name=person.name,
        state=State.WAITING if waits else State.ADMITTED,
        asked_at=now,
        seen_at=now,
    )
    if waits:
        touch([page.pk])
    return made


def ask_again(request: JoinRequest) -> bool:
    """Wait again after a refusal. Return False if the refusal is too recent."""
    now = clock.now()
    refused = JoinRequest.objects.filter(
        pk=request.pk, state=State.REFUSED, decided_at__lte=now - ASK_AGAIN_AFTER
    )
    again = refused.update(
        state=State.WAITING, asked_at=now, seen_at=now, is_here=True, decided_at=None, decided_by=None
    )
    if again:
        touch([request.page_id])
    return bool(again)


def entered(request: JoinRequest) -> None:
    """Store when the person was sent on to the classroom."""
    JoinRequest.objects.filter(pk=request.pk).update(entered_at=clock.now(), seen_at=clock.now())


def seen(tickets: Collection[str]) -> None:
    """Store that the pages of these people are open. The people who came back are shown as waiting again."""
    for some in chunks(tickets):
        rows = JoinRequest.objects.filter(ticket__in=some)
        back = set(rows.filter(is_here=False).values_list("page", flat=True))
        rows.update(seen_at=clock.now(), is_here=True)
        touch(back)


def tidy() -> None:
    """Hide the waiting people whose pages were closed, and delete requests that are a day old."""
    now = clock.now()
    away = JoinRequest.objects.filter(state=State.WAITING, is_here=True, seen_at__lt=now - AWAY_AFTER)
    pages = set(away.values_list("page", flat=True))
    if pages:
        away.update(is_here=False)
        touch(pages)
    old = JoinRequest.objects.filter(asked_at__lt=now - selectors.KEPT_FOR)
    pages = set(old.values_list("page", flat=True))
    if pages:
        old.delete()
        touch(pages)


def touch(pages: Collection[int]) -> None:
    """Update the open class pages of these join pages."""
    if pages:
        JoinPage.objects.filter(pk__in=pages).update(revision=F("revision") + 1)


# --- people of the school: the waiting room ---
def let_in(access: ClassAccess, *, pks: Collection[int]) -> int:
    """Let waiting or refused people in. Return how many."""
    return _decide(access, _of_class(access).filter(pk__in=pks), State.ADMITTED, "joining.let_in")


def let_all_in(access: ClassAccess, *, until: int) -> int:
    """Let in all who wait, up to the request with the id `until`: the newest one that the page showed.

    So the person lets in only people whom they have seen. Return how many were let in.
    """
    waiting = selectors.waiting_requests(access.room).filter(pk__lte=until)
    return _decide(access, waiting, State.ADMITTED, "joining.let_in")


def refuse(access: ClassAccess, *, pks: Collection[int]) -> int:
    """Refuse people who wait. Return how many."""
    return _decide(access, _of_class(access).filter(pk__in=pks), State.REFUSED, "joining.refuse")


def _of_class(access: ClassAccess) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(page__room=access.room, state__in=(State.WAITING, State.REFUSED))


def _decide(access: ClassAccess, requests: QuerySet[JoinRequest], state: State, action: str) -> int:
    access.require(Permission.RUN)
    with transaction.atomic():
        found = list(requests.exclude(state=state).select_for_update().order_by("pk"))
        if not found:
            return 0
        JoinRequest.objects.filter(pk__in=[one.pk for one in found]).update(
            state=state, decided_at=clock.now(), decided_by=access.person
        )
        touch({one.page_id for one in found})
        if len(found) == 1:
            _record(access, action, target=found[0].user_id, target_name=found[0].name)
        else:
            people = [{"user_id": one.user_id, "name": one.name} for one in found]
            _record(access, action, params={"people": people, "count": len(people)})
    return len(found)


# --- people of the school: links and settings ---
def renew_link(access: ClassAccess) -> JoinPage:
    """Give the class a new link. The earlier one no longer works.

    People who asked with it, and are not in the classroom yet, are sent away.
    """
    access.require(Permission.SCHEDULE)
    with transaction.atomic():
        page = page_of(access.room)
        was_on = page.code is not None
        page.code = new_key()
        page.save(update_fields=["code"])
        _send_away(page)
        _record(access, "joining.renew_link" if was_on else "joining.make_link")
    return page


def turn_link_off(access: ClassAccess) -> None:
    """Turn the link of the class off. Personal links still work."""
    access.require(Permission.SCHEDULE)
    with transaction.atomic():
        page = page_of(access.room)
        if page.code is None:
            return
        page.code = None
        page.save(update_fields=["code"])
        _send_away(page)
        _record(access, "joining.link_off")


def _send_away(page: JoinPage) -> None:
    """Delete the requests with the link of people who did not enter. They then leave room for others."""
    page.requests.filter(personal_link=None, entered_at=None).exclude(state=State.REFUSED).delete()
    touch([page.pk])


def change_settings(access: ClassAccess, *, who: str, link_waits: bool, personal_waits: bool) -> bool:
    """Change who may join and who must wait. Return False if nothing changed.

    Raise ``ActionRefused`` if only people on the class list may join, but the class has no list.
    """
    access.require(Permission.SCHEDULE)
    if who == JoinPage.Who.LISTED and access.room.class_list_id is None:
        raise ActionRefused(gettext("Choose a class list for the class first."), "who")
    changed = {"who": who, "link_waits": link_waits, "personal_waits": personal_waits}
    with transaction.atomic():
        page = page_of(access.room)
        before = {name: getattr(page, name) for name in changed}
        if before == changed:
            return False
        JoinPage.objects.filter(pk=page.pk).update(**changed)
        touch([page.pk])
        _record(access, "joining.settings", params=changed)
    return True


def make_personal_links(access: ClassAccess) -> int:
    """Make a personal link for each person on the class list. Return how many are new.

    Raise ``ActionRefused`` if the class has no class list with people.
    """
    access.require(Permission.SCHEDULE)
    people = selectors.people_of(access.room)
    if not people:
        raise ActionRefused(gettext("Choose a class list with people for the class first."))
    with transaction.atomic():
        page = page_of(access.room)
        known = {link.user_id for link in selectors.personal_links(page)}
        for person in people:
            personal_link_row(page, user_id=person.user_id, name=person.name)
        new = len({person.user_id for person in people} - known)
        if new:
            _record(access, "joining.make_personal_links", params={"count": new})
    return new


def revoke_personal_links(access: ClassAccess, *, pk: int | None = None) -> int:
    """Revoke the personal link with this id, or all of the class. Return how many were revoked."""
    access.require(Permission.SCHEDULE)
    links = PersonalLink.objects.filter(page__room=access.room, revoked_at=None)
    links = links if pk is None else links.filter(pk=pk)
    with transaction.atomic():
        found = list(links.select_for_update())
        if not found:
            return 0
        ids = [link.pk for link in found]
        PersonalLink.objects.filter(pk__in=ids).update(revoked_at=clock.now())
        JoinRequest.objects.filter(personal_link__in=ids).delete()
        touch({link.page_id for link in found})
        if pk is not None:
            link = found[0]
            _record(access, "joining.revoke_personal_link", target=link.user_id, target_name=link.name)
        else:
            _record(access, "joining.revoke_personal_links", params={"count": len(found)})
    return len(found)


def _record(access: ClassAccess, action: str, **more: Any) -> None:
    target = {"target_name": access.room.name} if "target" not in more else {}
    record.done(actor=access.person, action=action, room_uuid=access.room.room_uuid, **{**target, **more})
