"""Create a class like an earlier one: with its people, class list, files and settings.

The form copies the settings and the list (`early_starts.settings_of`). This module carries over the rest when
the new class is created: the teachers and the files. If the earlier class had no list, this module makes a
list of its students.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists
from classroom_admin.actions.class_plans import TEACHERS
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import resources, uploads
from classroom_admin.actions.files.storage import storage_errors
from classroom_admin.actions.models import Upload
from classroom_admin.agora.parameters import DYNAMIC_EXTS, STATIC_EXTS
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess, NotAllowed, NotYours, access_to
from classroom_admin.rooms.class_list_files.people import MOST_PEOPLE, Person
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Resource, Role, Room, RoomTeacher

log = logging.getLogger(__name__)

MOST_FILES: Final = 50
FILES_OF: Final = "files_of"
"""The payload key for the class (its `Room.key`) whose files are shared with the scheduled class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOver:
    """What a new class gets from an earlier one, in addition to the values of the form.

    `students` are the students of the earlier class. It is empty if that class has a class list.
    """

    teachers: list[User]
    files: list[Resource]
    students: list[Person]


def carried_over(source: ClassAccess) -> CarriedOver:
    """Return what a new class gets from this class."""
    room = source.room
    students = students_of(room) if room.class_list_id is None else []
    return CarriedOver(teachers=_teachers_of(room), files=_files_of(room), students=students)


def students_of(room: Room) -> list[Person]:
    """Return up to `MOST_PEOPLE` students of a class, by name. Someone without a name gets their user id."""
    rows = room.participants.filter(role=Role.STUDENT, entered_at__isnull=False)
    found = [
        Person(name=name if has_visible_character(name) else user_uuid, user_uuid=user_uuid)
        for name, user_uuid in rows.order_by("name", "user_uuid").values_list("name", "user_uuid")
        if not problem_with_id(user_uuid)
    ]
    return found[:MOST_PEOPLE]


def list_of_students(source: ClassAccess) -> ClassList:
    """Return a class list of the students who were in a class. Create it if necessary.

    The list has the name of the class. If the person already has a list with this name and the same people,
    that list is returned.
    """
    person, students = source.person, students_of(source.room)
    name = source.room.name if has_visible_character(source.room.name) else _("Class list")
    name = name.strip()[: class_lists.LONGEST_NAME].strip()
    with transaction.atomic():
        Room.objects.select_for_update().only("pk").get(pk=source.room.pk)
        for known in visible_lists(person).filter(owner=person, name=name):
            if not class_lists.compare(class_lists.people_of(known), students).any:
                return known
        made = class_lists.make_list(actor=person, name=name)
        class_lists.set_people(actor=person, class_list=made, people=students, version=made.version)
    return made


def payload_for(source: ClassAccess, *, taught_by: User | None) -> dict[str, Any]:
    """Return the payload of a class that is created later with the teachers and files of `source`."""
    teachers = [teacher.pk for teacher in _teachers_for(source.room, taught_by)]
    return {TEACHERS: teachers, FILES_OF: source.room.key}


def carry_over(access: ClassAccess, *, source: ClassAccess, taught_by: User | None) -> list[Entry]:
    """Give a new class the teachers and files of an earlier class. Return the audit entry of each file.

    The teachers are not assigned if ``taught_by`` is a person who did not teach the earlier class.
    """
    access.require(Permission.SCHEDULE)
    for teacher in _teachers_for(source.room, taught_by):
        _assign(access, teacher)
    return copy_files(access, source=source)


def copy_files_later(room: Room, *, by: User, payload: Mapping[str, Any]) -> list[Entry]:
    """Share an earlier class's files with a class that a worker has created.

    ``payload`` has the earlier class. Do nothing if ``by`` may no longer see one of the classes. A second
    call shares no file twice.
    """
    source = Room.objects.filter(key=payload.get(FILES_OF, "")).first()
    if source is None:
        return []
    try:
        return copy_files(access_to(by, room), source=access_to(by, source))
    except (NotYours, NotAllowed):
        log.warning("files are not copied: %s may no longer see the class", by.pk)
        return []


def copy_files(access: ClassAccess, *, source: ClassAccess) -> list[Entry]:
    """Share the files of an earlier class with a new class. Return the audit entry of each file.

    A second call shares no file twice.
    """
    return [_copy(access, source.room, resource) for resource in _files_of(source.room)]


def _copy(access: ClassAccess, source: Room, resource: Resource) -> Entry:
    """Share one file. If it can't be shared, record why."""
    new_id = uuid5(NAMESPACE_URL, f"{access.room.room_uuid}/{resource.resource_uuid}").hex
    known: Entry | None = Entry.objects.filter(
        room_uuid=access.room.room_uuid, action="resource.put", target=new_id, steps__kind=Step.Kind.ACCEPTED
    ).first()
    if known is not None:
        return known
    upload = Upload.objects.filter(room=source, resource_uuid=resource.resource_uuid).first()
    conversion = _conversion_of(source, resource)
    try:
        if upload is None:
            return resources.put_resource_by_url(
                access,
                name=resource.name,
                url=resource.url,
                ext=resource.ext,
                size=resource.size or 0,
                conversion=conversion,
                resource_uuid=new_id,
            )
        copied = _copy_upload(access, upload, new_id)
        return uploads.share(access, upload=copied, name=resource.name, conversion=conversion)
    except ActionRefused as refused:
        why = refused.problem
    except storage_errors() as error:
        log.error("a file could not be copied: %s", error)
        why = Problem("file_not_copied")
    return record.done(
        actor=access.person,
        action="resource.put",
        room_uuid=access.room.room_uuid,
        target=new_id,
        target_name=resource.name,
        outcome=Step.Kind.FAILED,
        detail={"reason": why.as_json()},
    )


def _copy_upload(access: ClassAccess, upload: Upload, new_id: str) -> Upload:
    """Copy an uploaded file for the new class. Raise ``ActionRefused`` if its bytes were deleted."""
    if upload.forgotten_at is not None:
        raise ActionRefused(Problem("file_bytes_deleted"))
    known = Upload.objects.filter(room=access.room, resource_uuid=new_id, forgotten_at__isnull=True).first()
    if known is not None:
        return known
    copied = Upload(
        room=access.room,
        by=access.person,
        name=upload.name,
        ext=upload.ext,
        size=upload.size,
        resource_uuid=new_id,
    )
    with upload.content.open("rb") as content:
        copied.content.save(upload.name, File(content))
    return copied


def _conversion_of(source: Room, resource: Resource) -> Mapping[str, Any] | None:
    """Return the file's conversion from the audit log, or the usual conversion for its extension."""
    if resource.converted_percent is None:
        return None
    asked = Entry.objects.filter(
        room_uuid=source.room_uuid, action="resource.put", target=resource.resource_uuid
    ).order_by("-id")
    for params in asked.values_list("params", flat=True):
        if isinstance(params.get("conversion"), dict):
            return dict(params["conversion"])
    if resource.ext in DYNAMIC_EXTS:
        return {"type": "dynamic"}
    return {"type": "static"} if resource.ext in STATIC_EXTS else None


def _files_of(room: Room) -> list[Resource]:
    """Return up to `MOST_FILES` files that can be shared again, because their address and size are known."""
    shared = room.resources.filter(removed_at__isnull=True, size__gt=0).exclude(url="")
    return list(shared.order_by("put_sequence", "pk")[:MOST_FILES])


def _teachers_of(room: Room) -> list[User]:
    taught = RoomTeacher.objects.filter(room=room, user__is_active=True).select_related("user")
    return [one.user for one in taught.order_by("pk")]


def _teachers_for(room: Room, taught_by: User | None) -> list[User]:
    """Return the teachers of an earlier class, unless another teacher was chosen."""
    teachers = _teachers_of(room)
    return teachers if taught_by is None or taught_by in teachers else []


def _assign(access: ClassAccess, teacher: User) -> None:
    with transaction.atomic():
        _given, is_new = RoomTeacher.objects.get_or_create(room=access.room, user=teacher)
        if is_new:
            record.done(
                actor=access.person,
                action="room.assign",
                room_uuid=access.room.room_uuid,
                target=teacher.email,
                target_name=str(teacher),
            )
