"""Launch a class from a platform: begin the login, verify the platform's answer, and find what it opens.

The state does not depend on a cookie, because browsers block cookies in frames of other sites. Each state and
each ticket is a random secret that is stored as a hash, valid for minutes, and used once.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.db import transaction

from classroom_admin.accounts.models import User
from classroom_admin.actions.sign_ins import may_record_failure
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.lti import addresses, claims, links, people, teachers, tokens
from classroom_admin.integrations.lti.claims import Message
from classroom_admin.integrations.lti.ids import cloud_user_id, digest_of
from classroom_admin.integrations.lti.models import Launch, Member, Platform, ResourceLink
from classroom_admin.integrations.lti.problem import LtiRefused
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Room

log: Final = logging.getLogger(__name__)
STATE_VALID_FOR: Final = timedelta(minutes=10)
TICKET_VALID_FOR: Final = timedelta(minutes=10)
CHOICE_VALID_FOR: Final = timedelta(hours=1)
_MOST_HINT: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A verified launch. `ticket` is the secret for the next step of a teacher."""

    launch: Launch
    message: Message
    ticket: str
    room: Room | None

    @property
    def is_choice(self) -> bool:
        return self.launch.kind == Launch.Kind.CHOOSE

    @property
    def student_id(self) -> str:
        """Return the cloud user id with which the student joins."""
        return cloud_user_id(self.launch.platform.key, self.message.sub)


def begin(asked: Mapping[str, str]) -> tuple[str, str]:
    """Begin a login that a platform asks for. Return the state, and the platform's address to go to.

    Raise LtiRefused if the platform is not known or off, or if a parameter is missing.
    """
    platform = _platform_of(asked)
    for name in ("login_hint", "target_link_uri"):
        if not 0 < len(asked.get(name, "")) <= _MOST_HINT:
            raise LtiRefused("lti_claim", name=name)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    Launch.objects.create(
        platform=platform,
        state_digest=digest_of(state),
        nonce=nonce,
        valid_until=clock.now() + STATE_VALID_FOR,
    )
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": addresses.launch(),
        "login_hint": asked["login_hint"],
        "state": state,
        "nonce": nonce,
    }
    if hint := asked.get("lti_message_hint", "")[:_MOST_HINT]:
        query["lti_message_hint"] = hint
    joint = "&" if urlsplit(platform.login_url).query else "?"
    return state, f"{platform.login_url}{joint}{urlencode(query)}"


def finish(*, state: str, id_token: str) -> Launched:
    """Verify the platform's answer to `begin`, and return what the launch opens.

    Raise LtiRefused, or ProviderFailed if the platform's keys can't be read. The state is used up anyway.
    """
    launch = _take_state(state)
    platform = launch.platform
    _require_on(platform)
    message = claims.read(tokens.verified(platform, id_token, nonce=launch.nonce))
    deployments = platform.deployment_ids.split()
    if deployments and message.deployment_id not in deployments:
        raise LtiRefused("lti_deployment", deployment=message.deployment_id[:100])
    if not (message.is_teacher or (message.is_student and not message.is_deep_link)):
        raise LtiRefused("lti_role")
    user = people.account_of(platform, message) if message.is_teacher else None
    with transaction.atomic():
        return _resolved(launch, message, user)


def take(ticket: str, kind: Launch.Kind) -> Launch | None:
    """Return the launch of a ticket that is valid and was not used, or None. It is not used up."""
    rows = Launch.objects.select_related("platform", "user", "link__room", "course")
    found = rows.filter(
        ticket_digest=digest_of(ticket), ticket_used_at=None, kind=kind, valid_until__gt=clock.now()
    ).first()
    usable = found and found.user and people.is_openable(found.user) and found.platform.is_on
    return found if usable else None


def use(launch: Launch) -> bool:
    """Use up the ticket of a launch. Return False if someone else has just used it."""
    mine = Launch.objects.filter(pk=launch.pk, ticket_used_at=None).update(ticket_used_at=clock.now())
    return mine == 1


def record_refusal(platform: Platform | None, problem: Problem) -> None:
    """Record a launch that failed, unless too many come from the same network."""
    log.warning("A launch failed (%s): %s", platform.key if platform else "unknown platform", problem)
    if may_record_failure():
        record.done(
            actor=None,
            action="lti.launch_failed",
            target=platform.issuer if platform else "",
            target_name=platform.label if platform else "",
            outcome=Step.Kind.FAILED,
            detail={"reason": problem.as_json()},
        )


def platform_of_state(state: str) -> Platform | None:
    """Return the platform that the state belongs to, also after it was used, or None."""
    found = Launch.objects.filter(state_digest=digest_of(state)).select_related("platform").first()
    return found.platform if found else None


def _platform_of(asked: Mapping[str, str]) -> Platform:
    found = Platform.objects.filter(issuer=asked.get("iss", ""))
    if client_id := asked.get("client_id", ""):
        found = found.filter(client_id=client_id)
    if len(found) != 1:  # several client ids of a platform can't be told apart
        raise LtiRefused("lti_unknown_platform")
    _require_on(found[0])
    return found[0]


def _require_on(platform: Platform) -> None:
    if not platform.is_on:
        raise LtiRefused("lti_platform_off")


def _take_state(state: str) -> Launch:
    rows = Launch.objects.filter(
        state_digest=digest_of(state), state_used_at=None, valid_until__gt=clock.now()
    )
    if not state or rows.update(state_used_at=clock.now()) != 1:
        raise LtiRefused("lti_state")
    return Launch.objects.select_related("platform").get(state_digest=digest_of(state))


def _resolved(launch: Launch, message: Message, user: User | None) -> Launched:
    course = links.course_of(launch.platform, message)
    link = None if message.is_deep_link else links.link_of(course, message)
    room = links.room_of(link) if link else None
    launch.user, launch.course, launch.link = user, course, link
    if user is not None:
        teachers.note_launch(course, user)
    if user is None:
        assert link is not None
        _require_room(link, room)
        user_uuid = cloud_user_id(launch.platform.key, message.sub)
        Member.objects.get_or_create(course=course, sub=message.sub, defaults={"user_uuid": user_uuid})
    if message.is_deep_link or (link is not None and not link.room_uuid):
        launch.kind = Launch.Kind.CHOOSE
        launch.valid_until = clock.now() + CHOICE_VALID_FOR
    else:
        assert link is not None
        launch.kind = Launch.Kind.OPEN
        launch.valid_until = clock.now() + TICKET_VALID_FOR
        _require_room(link, room)
        if user is not None and room is not None:
            _require_theirs(user, room)
    ticket = secrets.token_urlsafe(32)
    launch.ticket_digest = digest_of(ticket) if user else ""
    launch.data = _data(message)
    launch.save()
    return Launched(launch=launch, message=message, ticket=ticket if user else "", room=room)


def _require_room(link: ResourceLink, room: Room | None) -> None:
    if room is None:
        raise LtiRefused("lti_not_created" if link.room_uuid else "lti_not_chosen")
    if room.gone_at is not None:
        raise LtiRefused("lti_class_gone")


def _require_theirs(user: User, room: Room) -> None:
    try:
        access_to(user, room)
    except NotYours as error:
        raise LtiRefused("lti_not_yours") from error


def _data(message: Message) -> dict[str, Any]:
    """Return what the choice of a class needs later."""
    if not message.is_deep_link:
        return {}
    return {
        "return_url": message.return_url,
        "data": message.deep_link_data,
        "deployment_id": message.deployment_id,
        "takes_line_item": message.takes_line_item,
    }
