"""Let a teacher choose or create the class of an activity, and answer a deep linking request."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from django.db import transaction
from django.db.models import QuerySet

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_state, runner, scheduling
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.series_selectors import scheduled_classes
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import reason_in
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.lti import addresses, keys, rosters, teachers
from classroom_admin.integrations.lti.claims import CLAIM, DEEP_LINKING, VERSION
from classroom_admin.integrations.lti.launches import use
from classroom_admin.integrations.lti.models import Launch, ResourceLink
from classroom_admin.rooms.access import access_by_key, visible_rooms
from classroom_admin.rooms.models import Room, RoomState

MOST_SHOWN: Final = 50
SMALL_CLASS: Final = 4
ANSWER_VALID_S: Final = 300
FULL_SCORE: Final = 100


def classes_of(user: User) -> QuerySet[Room]:
    """Return the classes from which the teacher can choose, the newest first."""
    rooms = visible_rooms(user).filter(gone_at=None).exclude(state__in=(RoomState.ENDED, RoomState.CLOSED))
    return rooms.order_by("-known_since", "-pk")[:MOST_SHOWN]


def may_score(launch: Launch) -> bool:
    """Return whether the platform offers a gradebook for the activity."""
    if launch.link is not None:
        return launch.link.has_gradebook
    return bool(launch.data.get("takes_line_item"))


def choose(launch: Launch, *, key: str, grade: str) -> ResourceLink:
    """Choose an existing class. Raise ``NotYours`` for a class that the teacher does not see."""
    user = _user(launch)
    access = access_by_key(user, key, to=Permission.CHOOSE_LIST)
    return _stored(
        launch, room=access.room, room_uuid=access.room.room_uuid, name=access.room.name, grade=grade
    )


def create(
    launch: Launch, *, name: str, starts_at: datetime | None, minutes: int, zone: str, grade: str
) -> ResourceLink:
    """Create a class, or schedule it if it begins too late for the cloud. None waits until someone starts it.

    Raise ``ActionRefused`` if a value is not valid or the cloud refuses. The ticket is not used up then.
    """
    user = _user(launch)
    permissions.require(user, Permission.SCHEDULE)
    asked: dict[str, Any] = {"room_type": SMALL_CLASS, "duration_s": minutes * 60}
    far = starts_at is not None and scheduling.due_at(starts_at, now=clock.now()) > clock.now() + timedelta(
        minutes=1
    )
    if far and starts_at is not None:
        series = scheduling.plan(
            actor=user,
            request_id=f"lti-{launch.pk}",
            name=name,
            starts=[starts_at],
            zone=zone,
            asked=asked,
        )
        room_uuid = scheduled_classes().filter(series=series)[0].key
    else:
        # Two presses of the button are the same class.
        room_uuid = uuid5(NAMESPACE_OID, f"{launch.ticket_digest} {name} {starts_at} {minutes}").hex
        if starts_at is None:
            asked.pop("duration_s")
        entry = class_state.create_class(user, name=name, starts_at=starts_at, room_uuid=room_uuid, **asked)
        if runner.has_failed(entry):
            last = entry.steps.order_by("pk").last()
            raise ActionRefused((reason_in(last.detail) if last else "") or Problem("lti_not_created"))
        room_uuid = entry.room_uuid
    return _stored(launch, room=None, room_uuid=room_uuid, name=name, grade=grade)


def deep_link_answer(launch: Launch, link: ResourceLink, *, name: str) -> str:
    """Return the signed answer to a deep linking request, for the platform's return address."""
    now = int(time.time())
    item: dict[str, Any] = {
        "type": "ltiResourceLink",
        "title": name,
        "url": addresses.launch(),
        "window": {"targetName": "_blank"},
        "custom": {"class_link": link.key},
    }
    if link.grade != ResourceLink.Grade.NONE:
        item["lineItem"] = {"label": name, "scoreMaximum": FULL_SCORE, "resourceId": link.key}
    answer = {
        "iss": launch.platform.client_id,
        "aud": launch.platform.issuer,
        "iat": now,
        "exp": now + ANSWER_VALID_S,
        "nonce": secrets.token_urlsafe(24),
        CLAIM + "deployment_id": launch.data["deployment_id"],
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": VERSION,
        DEEP_LINKING + "content_items": [item],
    }
    if launch.data.get("data"):
        answer[DEEP_LINKING + "data"] = launch.data["data"]
    return keys.signed(answer)


def _user(launch: Launch) -> User:
    assert launch.user is not None
    return launch.user


@transaction.atomic
def _stored(launch: Launch, *, room: Room | None, room_uuid: str, name: str, grade: str) -> ResourceLink:
    user, course = _user(launch), launch.course
    assert course is not None
    if not use(launch):
        raise ActionRefused(Problem("lti_state"))
    link = launch.link or ResourceLink(platform=launch.platform, course=course, title=name[:255])
    link.room = room or Room.objects.filter(room_uuid=room_uuid).first()
    link.room_uuid, link.made_by, link.grade = room_uuid, user, grade
    link.save()
    if course.owner is None:
        course.owner = user
        course.save(update_fields=["owner"])
    teachers.give_classes(course)
    rosters.ask(course)
    record.done(
        actor=user,
        action="lti.link",
        room_uuid=room_uuid,
        target=course.context_id,
        target_name=course.title,
        params={"through": launch.platform.label, "grade": grade},
    )
    return link
