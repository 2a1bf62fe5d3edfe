"""Queries for join pages, the people who wait, and their stages."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.integrations.joining.identities import Identity, of_list
from classroom_admin.integrations.joining.models import JoinPage, JoinRequest, PersonalLink
from classroom_admin.integrations.joining.stages import ClassFacts, Stage, stage_of
from classroom_admin.rooms import bans, class_lists
from classroom_admin.rooms.models import Room

SHOWN: Final = 30
"""The number of waiting people that the class page names. A button lets in all of them."""
KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPeople:
    """The people who wait, the longest wait first: the first `SHOWN` of them, and how many there are.

    `newest` is the highest id of all of them, with which `actions.let_all_in` lets in only these people.
    """

    shown: list[JoinRequest]
    count: int
    newest: int

    @property
    def beyond(self) -> int:
        return self.count - len(self.shown)


NONE_WAIT: Final = WaitingPeople(shown=[], count=0, newest=0)


def page_for(room: Room) -> JoinPage | None:
    """Return the join page of a class, or None if it has none."""
    return JoinPage.objects.filter(room=room).first()


def page_with_code(code: str) -> JoinPage | None:
    """Return the join page whose link has this code, with its room, or None."""
    return JoinPage.objects.select_related("room").filter(code=code).first() if code else None


def waiting(room: Room) -> WaitingPeople:
    """Return the people who wait for a class and whose page is open."""
    found = waiting_requests(room)
    numbers = found.aggregate(count=Count("pk"), newest=Max("pk"))
    shown = list(found.order_by("asked_at", "pk")[:SHOWN]) if numbers["count"] else []
    return WaitingPeople(shown=shown, count=numbers["count"], newest=numbers["newest"] or 0)


def not_let_in(room: Room) -> QuerySet[JoinRequest]:
    """Return the people who wait and whose page is open, then the people who were refused."""
    found = JoinRequest.objects.filter(page__room=room, asked_at__gt=clock.now() - KEPT_FOR)
    waits = Q(state=JoinRequest.State.WAITING, is_here=True)
    return found.filter(waits | Q(state=JoinRequest.State.REFUSED)).order_by("-state", "asked_at", "pk")


def waiting_requests(room: Room) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(page__room=room, state=JoinRequest.State.WAITING, is_here=True)


def request_with(ticket: str) -> JoinRequest | None:
    """Return the request with this ticket, or None. It ends after `KEPT_FOR`, or if its link was revoked."""
    found = (
        JoinRequest.objects.select_related("page__room", "personal_link")
        .filter(ticket=ticket, asked_at__gt=clock.now() - KEPT_FOR)
        .first()
    )
    if found is None or (found.personal_link is not None and found.personal_link.revoked_at is not None):
        return None
    return found


def facts_of(room: Room) -> ClassFacts:
    return ClassFacts(state=room.current_state, is_gone=room.gone_at is not None)


def stage(request: JoinRequest, *, has_app: bool) -> tuple[Stage, bans.Until | None]:
    """Return what the person sees, and until when they are banned."""
    ban = ban_of(request.page.room, request.user_id)
    return stage_of(request.state, facts_of(request.page.room), ban=ban, has_app=has_app), ban


def ban_of(room: Room, user_id: str) -> bans.Until | None:
    """Return until when a person is banned from a class, or None."""
    return bans.kicked_until(room).get(user_id)


def marks_of(tickets: Collection[str]) -> dict[str, str]:
    """Return a mark for each person with a ticket. It differs if what the person sees may have changed.

    One query serves up to 500 people.
    """
    found: dict[str, str] = {}
    for some in chunks(tickets):
        rows = JoinRequest.objects.filter(ticket__in=some).values_list(
            "ticket",
            "state",
            Coalesce("page__room__state", "page__room__profile_state"),
            "page__room__gone_at",
            "page__room__planned_start_at",
            "personal_link__revoked_at",
        )
        found |= {ticket: f"{zlib.crc32(repr(rest).encode()):x}" for ticket, *rest in rows}
    return found


def people_of(room: Room) -> list[Identity]:
    """Return the people on the class list of a class, with the ids with which they join."""
    if room.class_list is None:
        return []
    return of_list(class_lists.listed(room), list_key=room.class_list.key)


def personal_links(page: JoinPage) -> list[PersonalLink]:
    """Return the personal links that work, by name."""
    links = PersonalLink.objects.filter(page=page, revoked_at=None)
    return sorted(links, key=lambda link: (link.name.casefold(), link.pk))
