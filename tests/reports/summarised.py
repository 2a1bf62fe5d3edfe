"""Make the summary of a class in a test, and check that it is up to date."""

from __future__ import annotations

from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import Room


def summarised(room: Room) -> ClassSummary:
    """Make and return the summary of a class that is over. Fail if the summary is outdated at once."""
    summaries.refresh(room)
    assert not summaries.outdated(Room.objects.filter(pk=room.pk)).exists()
    return ClassSummary.objects.get(room=room)


def person(room: Room, key: str) -> PersonSummary:
    """Return the stored figures of the person with this `person_key`."""
    return PersonSummary.objects.get(room=room, person_key=key)
