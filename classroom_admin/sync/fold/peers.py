"""Messages from one person to another (stream peer).

They have no number and touch no other row, so that they can be folded in any order among the other streams:
names that a message doesn't tell are looked up where it is shown.
"""

from classroom_admin.sync.decode.kinds import Message
from classroom_admin.sync.fold.rows import PeerRow, Rows
from classroom_admin.sync.fold.times import EventTime


def fold_peer(data: Message, digest: str, arrived: int, time: EventTime, rows: Rows) -> None:
    """Keep the message under its digest, once."""
    row = PeerRow(digest, arrived, time.at, data.kind, text=data.text, approximate=time.approximate)
    row.to_user_uuid = data.to or ""
    if data.sender is not None:
        row.user_uuid = data.sender.user_uuid
        row.name = data.sender.name or ""
        row.role = data.sender.role or "unknown"
    rows.peers[digest] = row
    rows.dirty.add(("peer", digest))
