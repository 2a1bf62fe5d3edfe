"""Which classes a report covers, and their stored figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.common.search_field import matches
from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.access import own_rooms, visible_rooms
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Which classes a report covers. `since` is inclusive, `until` exclusive; None means no limit.

    `viewer` is the person who reads the report: a teacher's reports cover only the teacher's classes.
    """

    viewer: User
    since: datetime | None = None
    until: datetime | None = None
    class_list: ClassList | None = None
    teacher: User | None = None
    words: str = ""

    def rooms(self) -> QuerySet[Room]:
        """Return the classes that the viewer may see and that match everything but the period."""
        rooms = visible_rooms(self.viewer)
        if self.teacher is not None:
            rooms = own_rooms(self.teacher, rooms)
        if self.words:
            rooms = rooms.filter(matches(self.words, field="name_search"))
        return rooms

    def summaries(self) -> QuerySet[ClassSummary]:
        """Return the stored figures of the matching classes that are over, newest first."""
        found = ClassSummary.objects.all()
        if not permissions.sees_all_classes(self.viewer) or self.teacher is not None or self.words:
            found = found.filter(room__in=self.rooms().values("pk"))
        if self.class_list is not None:
            found = found.filter(class_list=self.class_list)
        if self.since is not None:
            found = found.filter(starts_at__gte=self.since)
        if self.until is not None:
            found = found.filter(starts_at__lt=self.until)
        return found.order_by("-starts_at", "-pk")

    def people(self) -> QuerySet[PersonSummary]:
        """Return the stored figures of the people in the matching classes."""
        return PersonSummary.objects.filter(summary__in=self.summaries().order_by().values("pk"))

    def pending(self) -> int:
        """Return how many classes of the viewer have no up-to-date figures yet."""
        return summaries.outdated(self.rooms()).count()

    def as_json(self) -> dict[str, Any]:
        """Return the filter without the viewer as a JSON object, for `from_json`."""
        return {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "class_list": self.class_list and self.class_list.key,
            "teacher": self.teacher and self.teacher.pk,
            "words": self.words,
        }

    @classmethod
    def from_json(cls, viewer: User, stored: Mapping[str, Any]) -> ReportFilter:
        """Convert the result of `as_json` to a filter.

        Raise `ClassList.DoesNotExist` if the viewer may no longer see the class list, and
        `User.DoesNotExist` if the teacher has no account or the viewer may not choose a teacher.
        """
        class_list, teacher = stored.get("class_list"), stored.get("teacher")
        if teacher and not permissions.sees_all_classes(viewer):
            raise User.DoesNotExist
        return cls(
            viewer=viewer,
            since=_time(stored.get("since")),
            until=_time(stored.get("until")),
            class_list=visible_lists(viewer).get(key=class_list) if class_list else None,
            teacher=User.objects.get(pk=teacher) if teacher else None,
            words=stored.get("words") or "",
        )


def _time(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None
