"""Messages to the whole room (cmd 3, 99, and 21 with a message)."""

from classroom_admin.sync.decode.kinds import Message
from classroom_admin.sync.fold.rows import MessageRow, Rows
from classroom_admin.sync.fold.times import EventTime


def complete(data: Message) -> bool:
    """Whether a message tells all about its sender, or nothing at all: then the roster isn't needed."""
    return data.sender is None or (bool(data.sender.name) and data.sender.role not in (None, "unknown"))


def fold_message(data: Message, sequence: int, time: EventTime, rows: Rows) -> None:
    """Keep the message; what it doesn't say of its sender is taken from the roster.

    Only written chat is counted.
    """
    row = MessageRow(sequence, time.at, data.kind, text=data.text, approximate=time.approximate)
    sender = data.sender
    if sender is not None:
        row.user_uuid = sender.user_uuid
        row.name = sender.name or ""
        row.role = sender.role or "unknown"
        known = None if complete(data) else rows.participants.get(sender.user_uuid)
        if known is not None:
            row.name = row.name or known.name
            row.role = known.role if row.role == "unknown" else row.role
    rows.messages[sequence] = row
    rows.dirty.add(("message", sequence))
    if data.kind == "chat":
        rows.room.chat_count += 1
