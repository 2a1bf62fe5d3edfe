"""Decode the people in events, change their rows, and update the room's counters."""

from dataclasses import dataclass

from classroom_admin.common.text_matching import stored_key
from classroom_admin.events.rows import ParticipantRow, Rows
from classroom_admin.events.values import Raw, identifier, name_text, role


@dataclass(slots=True)
class Person:
    """A person in an event. `role` is a `rooms.models.Role` value, or None if the event has no role."""

    user_uuid: str
    name: str | None = None
    role: str | None = None


def read_person(value: object) -> Person | None:
    """Return the person in an object, or None if the value has no `userUuid`."""
    if not isinstance(value, dict):
        return None
    user_uuid = identifier(value.get("userUuid"))
    if user_uuid is None:
        return None
    raw_role = value.get("role")
    return Person(
        user_uuid,
        name_text(value.get("userName")),
        None if raw_role is None else role(raw_role),
    )


def read_subject(data: Raw) -> Person | None:
    """Return the person in `fromUser`. If it is missing, return the person in the data itself."""
    return read_person(data.get("fromUser")) or read_person(data)


def participant(rows: Rows, user_uuid: str) -> ParticipantRow:
    """Return the row of a person. If they have none, create one that is not online."""
    row = rows.participants.get(user_uuid)
    if row is None:
        row = rows.participants[user_uuid] = ParticipantRow(user_uuid)
        touch(rows, row)
    return row


def touch(rows: Rows, row: ParticipantRow) -> None:
    """Mark a row as changed."""
    rows.dirty.add(("participant", row.user_uuid))


def introduce(rows: Rows, person: Person) -> ParticipantRow:
    """Return the row of a person. If the name or role is unknown, take it from the event."""
    row = participant(rows, person.user_uuid)
    if not row.name and person.name:
        _rename(rows, row, person.name)
    if row.role == "unknown" and person.role is not None:
        set_role(rows, row, person.role)
    return row


def describe(rows: Rows, person: Person) -> ParticipantRow:
    """Return the row of a person, with the name and role from the event."""
    row = participant(rows, person.user_uuid)
    if person.name and person.name != row.name:
        _rename(rows, row, person.name)
    if person.role is not None:
        set_role(rows, row, person.role)
    return row


def _rename(rows: Rows, row: ParticipantRow, name: str) -> None:
    row.name, row.name_search = name, stored_key(name)
    touch(rows, row)


def set_role(rows: Rows, row: ParticipantRow, role: str) -> None:
    """Change a person's role, and the room's counters if they are online. Ignore an unknown role."""
    if role in (row.role, "unknown"):
        return
    if row.online:
        _count(rows, row, -1)
    row.role = role
    if row.online:
        _count(rows, row, 1)
    touch(rows, row)


def set_online(rows: Rows, row: ParticipantRow, online: bool) -> None:
    """Set whether a person is online, and update the room's counters."""
    if row.online == online:
        return
    row.online = online
    if online:
        rows.online.add(row.user_uuid)
    else:
        rows.online.discard(row.user_uuid)
    _count(rows, row, 1 if online else -1)
    touch(rows, row)


def _count(rows: Rows, row: ParticipantRow, by: int) -> None:
    rows.room.people_online += by
    if row.role == "teacher":
        rows.room.teachers_online += by
    elif row.role == "student":
        rows.room.students_online += by


def gone(row: ParticipantRow) -> bool:
    """Return whether a person left and has not returned.

    It is False if no event reported that they joined.
    """
    return not row.online and row.left_at is not None
