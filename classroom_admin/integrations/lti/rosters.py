"""Keep class lists in step with the members of courses (Names and Role Provisioning Services 2.0)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.db import transaction
from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import NotAllowed
from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Changes
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common import clock
from classroom_admin.common.cloud_ids import ID_BYTES
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.integrations.lti import claims, services, teachers
from classroom_admin.integrations.lti.ids import cloud_user_id
from classroom_admin.integrations.lti.models import Course, Member, ResourceLink
from classroom_admin.integrations.lti.problem import LtiRefused
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.class_list_files.people import MOST_PEOPLE, Person
from classroom_admin.rooms.models import ClassList, Room

log: Final = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
READ_EVERY: Final = timedelta(hours=6)
FIRST_WAIT: Final = timedelta(minutes=1)
GIVE_UP_AFTER: Final = 50
"""How many failures in a row mean that the course no longer exists. This takes more than ten days."""
MOST_PAGES: Final = 200
LONGEST_READ_S: Final = 60.0
"""How long (s) all pages of a course may take, because a person may wait for them."""
_LONGEST: Final = {"name": 255, "email": 254}
assert ID_BYTES > 30  # `cloud_user_id` is an id of the cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A learner of a course."""

    sub: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The members of a course. `teachers` has the platform's ids of those who teach it."""

    students: list[Student]
    teachers: frozenset[str]


def ask(course: Course) -> None:
    """Make the course due, so that its members are read soon."""
    if course.members_url:
        Course.objects.filter(pk=course.pk).update(members_due_at=clock.now(), members_attempts=0)


def due() -> list[int]:
    """Return the ids of the courses whose members are due, the longest-waiting first."""
    rows = Course.objects.filter(
        members_due_at__lte=clock.now(), platform__is_on=True, owner__isnull=False
    ).exclude(members_url="")
    return list(rows.order_by("members_due_at").values_list("pk", flat=True))


def keep_in_step(course: Course) -> Changes | None:
    """Read the members of a course, and change its class list and its teachers.

    Return the changes of the list, or None if this failed. A failure is stored with the course, and is tried
    again later, at growing intervals. After GIVE_UP_AFTER failures, the course counts as deleted, and nothing
    is asked until someone opens one of its activities.
    """
    try:
        members = members_in(course)
        changes = _apply(course, members.students)
        teachers.keep_in_step(course, members.teachers)
    except (LtiRefused, ProviderFailed) as failure:
        _note(course, failure.problem)
        return None
    Course.objects.filter(pk=course.pk).update(
        members_read_at=clock.now(),
        members_due_at=clock.now() + READ_EVERY,
        members_attempts=0,
        members_problem="",
    )
    return changes


def members_in(course: Course) -> Members:
    """Return the active members of a course, from all pages of the platform's answer."""
    token = services.access_token(course.platform, [services.MEMBERS])
    students: dict[str, Student] = {}
    found: set[str] = set()
    for page in _pages(course, token):
        members = page.get("members") if isinstance(page, dict) else None
        if not isinstance(members, list):
            raise LtiRefused("lti_service_answer", address=course.members_url[:200], what="members")
        for one in members:
            student = student_in(one)
            if student is not None:
                students[student.sub] = student
            elif sub := teacher_in(one):
                found.add(sub)
        if len(students) > MOST_PEOPLE or len(found) > MOST_PEOPLE:
            raise LtiRefused("lti_too_many", most=MOST_PEOPLE)
    return Members(students=list(students.values()), teachers=frozenset(found))


def student_in(member: object) -> Student | None:
    """Return the learner, or None for teachers, people who left, and entries without an id or a name."""
    sub, roles = _active(member)
    if not isinstance(member, dict) or not sub or not claims.is_student(roles):
        return None
    name = claims.name_of(member)
    if not name:
        return None
    email = member.get("email")
    email = email.strip() if isinstance(email, str) and len(email) <= _LONGEST["email"] else ""
    return Student(sub=sub, name=name[: _LONGEST["name"]], email=email)


def teacher_in(member: object) -> str:
    """Return the platform's id of an active teacher of the course, or "" for other entries."""
    sub, roles = _active(member)
    return sub if claims.is_teacher(roles) else ""


def _active(member: object) -> tuple[str, frozenset[str]]:
    """Return the id and the roles of an active member, or "" and no roles if the entry is of no use."""
    if not isinstance(member, dict) or member.get("status", "Active") != "Active":
        return "", frozenset()
    sub, roles = member.get("user_id"), member.get("roles")
    usable = isinstance(sub, str) and 0 < len(sub) <= 255 and sub.isprintable()
    if not usable or not isinstance(roles, list):
        return "", frozenset()
    return str(sub), frozenset(_full(one) for one in roles if isinstance(one, str))


def _full(role: str) -> str:
    """Return the role with the beginning that launches have. Services may shorten it."""
    return role if "#" in role else f"{claims.MEMBERSHIP}#{role}"


def _pages(course: Course, token: str) -> Iterator[Any]:
    """Yield the pages of members. Each names the next one in its header `Link`, on the same host."""
    address = course.members_url
    ends_at = time.monotonic() + LONGEST_READ_S
    for _number in range(MOST_PAGES):
        if time.monotonic() > ends_at:
            raise LtiRefused("lti_too_slow", address=course.members_url[:200])
        page, headers = services.call(course.platform, "GET", address, token=token, accept=MEDIA_TYPE)
        yield page
        following = _next_in(headers)
        if not following:
            return
        if _origin(following) != _origin(course.members_url):
            raise LtiRefused("lti_other_host", address=following[:200])
        address = following
    raise LtiRefused("lti_service_answer", address=course.members_url[:200], what="Link")


def _next_in(headers: Mapping[str, str]) -> str:
    links = requests.utils.parse_header_links(headers.get("link", ""))
    return next((one["url"] for one in links if one.get("rel") == "next"), "")


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _apply(course: Course, students: list[Student]) -> Changes:
    owner = course.owner
    if owner is None or not owner.is_active:
        raise LtiRefused("lti_no_owner")
    platform = course.platform
    ids = {one.sub: cloud_user_id(platform.key, one.sub) for one in students}
    people = [Person(name=one.name, user_uuid=ids[one.sub], email=one.email) for one in students]
    try:
        with transaction.atomic():
            held = _list_of(course, owner)
            changes = class_lists.set_people(
                actor=owner, class_list=held, people=people, version=held.version
            )
            rows = [Member(course=course, sub=sub, user_uuid=user_uuid) for sub, user_uuid in ids.items()]
            known = course.members.count()
            Member.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
            if course.members.count() != known:  # they may have scores in classes that are over
                ResourceLink.objects.filter(course=course).update(graded_at=None)
            _give_to_classes(course, held, owner)
    except ActionRefused as refused:
        raise LtiRefused("lti_people", what=refused.problem) from refused
    except (NotYours, NotAllowed) as error:
        raise LtiRefused("lti_no_owner") from error
    return changes


def _list_of(course: Course, owner: User) -> ClassList:
    """Return the class list of the course, with its newest version. Make it if there is none."""
    if course.class_list_id is not None:
        return ClassList.objects.get(pk=course.class_list_id)
    name = (course.title or gettext("Course"))[: class_lists.LONGEST_NAME]
    course.class_list = class_lists.make_list(actor=owner, name=name)
    course.save(update_fields=["class_list"])
    return course.class_list


def _give_to_classes(course: Course, held: ClassList, owner: User) -> None:
    """Give the list to the classes of the course that have none. A list that someone chose stays."""
    rooms = ResourceLink.objects.filter(course=course, room__class_list=None).exclude(room=None)
    for room in Room.objects.filter(pk__in=rooms.values("room")):
        class_lists.use_planned_list(room, actor=owner, class_list=held)


def _note(course: Course, problem: Problem) -> None:
    """Store a failure. The next attempt is after 1, 2, 4 … minutes, at most after READ_EVERY."""
    log.warning("The members of course %s can't be read: %s", course.pk, problem)
    wait = min(FIRST_WAIT * 2 ** min(course.members_attempts, 20), READ_EVERY)
    attempts = course.members_attempts + 1
    Course.objects.filter(pk=course.pk).update(
        members_attempts=attempts,
        members_due_at=None if attempts >= GIVE_UP_AFTER else clock.now() + wait,
        members_problem=to_text(problem),
    )
