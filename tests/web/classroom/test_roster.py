"""The order of the roster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant
from classroom_admin.web.templatetags.web import roster_order


def test_roster_has_teachers_then_raised_hands_then_names() -> None:
    at = clock.now()

    def person(name: str, role: str = "student", **columns: Any) -> Participant:
        return Participant(name=name, role=role, online=True, **columns)

    people = [
        person("Zoe", "teacher"),
        person("Yan", "assistant"),
        person("Waits long", hand_raised=True, hand_raised_at=at - timedelta(minutes=2)),
        person("Waits", hand_raised=True, hand_raised_at=at),
        person("ada"),
        person("Bob"),
    ]
    mixed = people[::2] + people[1::2]
    assert sorted(mixed, key=roster_order) == people
