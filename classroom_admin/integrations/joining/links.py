"""The addresses with which people join a class: the link of the class, and personal links.

A personal link is signed, and its row can be revoked. No address contains an id of the cloud.
"""

from __future__ import annotations

from typing import Final

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.signed_addresses import signer
from classroom_admin.integrations.joining.models import JoinPage, PersonalLink, new_ticket
from classroom_admin.rooms.models import Room

SEPARATOR: Final = "~"


def page_of(room: Room) -> JoinPage:
    """Return the join page of a class. If it has none, make one without a link."""
    page, _is_new = JoinPage.objects.get_or_create(room=room, defaults={"made_at": clock.now()})
    return page


def class_link(page: JoinPage) -> str:
    """Return the absolute path of the link of the class, or "" if the link is off."""
    return reverse("joining:page", args=[page.code]) if page.code else ""


def personal_link(room: Room, *, user_id: str, name: str) -> str:
    """Return the absolute path of a signed link with which one person joins the class.

    `user_id` is the person's cloud user id, and `name` the name that the classroom shows. The same person
    always gets the same link, until it is revoked. Raise ValueError if `user_id` is no valid cloud id.
    """
    return path_of(personal_link_row(page_of(room), user_id=user_id, name=name))


def personal_link_row(page: JoinPage, *, user_id: str, name: str) -> PersonalLink:
    """Return the valid personal link of a person, and make it if there is none. See `personal_link`."""
    if problem_with_id(user_id):
        raise ValueError(f"{user_id!r} is not a valid cloud user id.")
    name = name[:255]
    link, is_new = PersonalLink.objects.get_or_create(
        page=page, user_id=user_id, defaults={"name": name, "made_at": clock.now()}
    )
    if not is_new and link.revoked_at is not None:
        link.secret, link.made_at, link.revoked_at = new_ticket(), clock.now(), None
        link.name = name
        link.save(update_fields=["secret", "made_at", "revoked_at", "name"])
    elif link.name != name:
        link.name = name
        link.save(update_fields=["name"])
    return link


def path_of(link: PersonalLink) -> str:
    """Return the absolute path of a personal link."""
    return reverse("joining:personal", args=[_signer().sign(link.secret)])


def personal_link_of(signed: str) -> PersonalLink | None:
    """Return the personal link of an address, or None if the signature is wrong or the link was revoked."""
    try:
        secret = _signer().unsign(signed)
    except BadSignature:
        return None
    links = PersonalLink.objects.select_related("page__room")
    return links.filter(secret=secret, revoked_at=None).first()


def _signer() -> Signer:
    return signer(salt="classroom_admin.integrations.joining", sep=SEPARATOR)
