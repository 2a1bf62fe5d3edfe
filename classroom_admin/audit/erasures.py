"""The recorded erasures of personal values, and the permission for them in the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from classroom_admin.audit import signing
from classroom_admin.audit.models import Entry, Permission, Record, Step

ACTION: Final = "audit.erase"
Place = tuple[str, int, str]
"""A personal part of a record: `entry` or `step`, its id, and the name of the part."""


@contextmanager
def permitted(kind: Permission.Kind, *, up_to: int = 0) -> Iterator[None]:
    """Let the triggers permit something in the block, which must be in a transaction."""
    permission = Permission.objects.create(kind=kind, up_to=up_to)
    yield
    permission.delete()


class Erasures:
    """The commitments of erased parts: before the first erasure, and after the last."""

    def __init__(self) -> None:
        self._before: dict[Place, str] = {}
        self._after: dict[Place, str] = {}

    @classmethod
    def load(cls) -> Self:
        """Read all recorded erasures. Ignore entries whose tag is not valid."""
        found = cls()
        for entry in Entry.objects.filter(action=ACTION).order_by("id").iterator():
            if not signing.is_signature(entry.tag, entry.signed_values()):
                continue
            for kind, pk, part, before, after in entry.params["records"]:
                place = (kind, pk, part)
                found._before.setdefault(place, before)
                found._after[place] = after
        return found

    def __bool__(self) -> bool:
        return bool(self._before)

    def original(self, row: Record, part: str) -> str:
        """Return the commitment of a part before the first erasure.

        Return "", which fits no tag, if the values are not those that the erasure left.
        """
        now = row.commitment(part)
        place = ("step" if isinstance(row, Step) else "entry", row.pk, part)
        if place not in self._before:
            return now
        return self._before[place] if self._after[place] == now else ""
