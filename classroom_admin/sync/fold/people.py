"""What all folds about people share: their rows, and the room's counters of them, kept by differences."""

from classroom_admin.sync.decode.kinds import Person
from classroom_admin.sync.fold.rows import ParticipantRow, Rows


def participant(rows: Rows, user_uuid: str) -> ParticipantRow:
    """The row of a person; a new one (not online) for somebody never seen before, whose entry was missed."""
    row = rows.participants.get(user_uuid)
    if row is None:
        row = rows.participants[user_uuid] = ParticipantRow(user_uuid)
        touch(rows, row)
    return row


def touch(rows: Rows, row: ParticipantRow) -> None:
    rows.dirty.add(("participant", row.user_uuid))


def introduce(rows: Rows, person: Person) -> ParticipantRow:
    """The row of a person whom an event names in passing: fills in a name or role that isn't known yet."""
    row = participant(rows, person.user_uuid)
    if not row.name and person.name:
        row.name = person.name
        touch(rows, row)
    if row.role == "unknown" and person.role is not None:
        set_role(rows, row, person.role)
    return row


def describe(rows: Rows, person: Person) -> ParticipantRow:
    """The row of a person of whom an event tells the name and role as they are from now on."""
    row = participant(rows, person.user_uuid)
    if person.name and person.name != row.name:
        row.name = person.name
        touch(rows, row)
    if person.role is not None:
        set_role(rows, row, person.role)
    return row


def set_role(rows: Rows, row: ParticipantRow, role: str) -> None:
    """Change a role and, while the person is online, the counters. An unknown role says nothing."""
    if role in (row.role, "unknown"):
        return
    if row.online:
        _count(rows, row, -1)
    row.role = role
    if row.online:
        _count(rows, row, 1)
    touch(rows, row)


def set_online(rows: Rows, row: ParticipantRow, online: bool) -> None:
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
    """Seen leaving and not back. (Not the same as not online: whose entry was missed is not gone.)"""
    return not row.online and row.left_at is not None
