"""Tiles are rendered once for each version of a class, and never shown stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from classroom_admin.rooms.models import Gap, Participant, Room
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.class_list.tiles import SHOWN, _rendered, tile
from tests.school import School


def shown(school: School) -> str:
    return tile(live_classes.tiles([school.room.pk])[0])


def test_a_tile_is_rendered_once_for_a_version(school: School) -> None:
    before = _rendered.cache_info().misses
    assert shown(school) == shown(school)
    assert _rendered.cache_info().misses == before + 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda room: Room.objects.update(hands_raised=9, version=room.version + 1), "9 hands"),
        (lambda room: Participant.objects.filter(was_teacher=True).update(name="Renamed"), "Renamed"),
        (lambda room: Gap.objects.create(room=room, stream="room", first=8, last=8), "Events missing"),
    ],
)
def test_what_a_tile_shows_is_never_an_older_one(
    school: School, change: Callable[[Room], object], words: str
) -> None:
    Gap.objects.all().delete()
    assert words not in shown(school)
    change(school.room)
    assert words in shown(school)


def test_a_tile_is_known_by_everything_that_its_templates_read() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "live"
    words = "".join((folder / f"_{name}.html").read_text() for name in ("tile", "marks", "state"))
    words += "".join((folder / "wall" / f"_{name}.html").read_text() for name in ("choose", "reasons"))
    read = set(re.findall(r"room\.(\w+)", words))
    # by clock, over_time and the name of the room itself
    by_tags = {
        "started_at",
        "planned_end_at",
        "now_state",
        "name",
    }
    assert read | by_tags == set(SHOWN)
