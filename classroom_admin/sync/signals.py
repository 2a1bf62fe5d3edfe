"""Signals about changes of classes, for packages above `sync`.

Each is sent inside of the transaction of the change, while the room is locked. So a receiver's rows are
stored if and only if the change is. Receivers must be quick, and must not raise errors: the change would be
undone.
"""

from typing import Final

from django.dispatch import Signal

projected: Final = Signal()
"""Events of a class were projected. Arguments: `room`, `before` (RoomRow), `rows` (Rows). The keys of changed
rows are in `rows.dirty`.
"""
recording_files_found: Final = Signal()
"""A recording got its first file. Arguments: `room`, `recording`."""
gone: Final = Signal()
"""The cloud no longer has the room. Argument: `room`."""
