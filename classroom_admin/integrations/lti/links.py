"""The courses and links of a platform: store what a launch says about them, and find their class."""

from __future__ import annotations

from classroom_admin.common import clock
from classroom_admin.integrations.lti.claims import Message
from classroom_admin.integrations.lti.models import Course, Platform, ResourceLink
from classroom_admin.rooms.models import Room


def course_of(platform: Platform, message: Message) -> Course:
    """Return the course of a launch, with the title and address of members that the launch has."""
    course, _is_new = Course.objects.get_or_create(
        platform=platform, deployment_id=message.deployment_id, context_id=message.context_id
    )
    course.title = message.context_title or course.title
    course.members_url = message.members_url or course.members_url
    course.updated_at = clock.now()
    changed = ["title", "members_url", "updated_at"]
    if course.members_due_at is None and course.members_problem:  # the course exists after all
        course.members_due_at, course.members_attempts = clock.now(), 0
        changed += ["members_due_at", "members_attempts"]
    course.save(update_fields=changed)
    return course


def link_of(course: Course, message: Message) -> ResourceLink:
    """Return the link of a launch, with the gradebook addresses that the launch has.

    The first launch after deep linking is found by the key in our answer. If a course was copied with it, its
    link opens the same class. A link that is not known at all has no class yet.
    """
    link = ResourceLink.objects.filter(course=course, resource_link_id=message.resource_link_id).first()
    if link is None:
        link = _of_key(course, message.link_key) or ResourceLink(platform=course.platform, course=course)
        link.resource_link_id = message.resource_link_id
    link.title = message.resource_title or link.title
    link.line_items_url = message.line_items_url
    if message.line_item_url:
        link.line_item_url = message.line_item_url
    link.scopes = list(message.scopes)
    link.save()
    return link


def room_of(link: ResourceLink) -> Room | None:
    """Return the class of a link, or None if none was chosen or the cloud has not created it yet."""
    if link.room is None and link.room_uuid:
        link.room = Room.objects.filter(room_uuid=link.room_uuid).first()
        if link.room is not None:
            link.save(update_fields=["room"])
    return link.room


def _of_key(course: Course, key: str) -> ResourceLink | None:
    chosen = ResourceLink.objects.filter(platform=course.platform, key=key).first() if key else None
    if chosen is None:
        return None
    if chosen.course_id == course.pk and not chosen.resource_link_id:
        return chosen
    return ResourceLink(
        platform=course.platform,
        course=course,
        room=chosen.room,
        room_uuid=chosen.room_uuid,
        made_by=chosen.made_by,
        grade=chosen.grade,
    )
