"""Tiles are rendered once for each version of a class, and never shown stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from classroom_admin.rooms.models import Gap, Participant, Room, RoomState
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.class_list.live_classes import SHOWN, tile
from classroom_admin.web.render_once import _rendered
from tests.school import School


def shown(school: School) -> str:
    return tile(live_classes.live_classes_by_id([school.room.pk])[0])


def test_tile_is_rendered_once_while_it_shows_the_same(school: School) -> None:
    before = _rendered.cache_info().misses
    assert shown(school) == shown(school)
    assert _rendered.cache_info().misses == before + 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda room: Room.objects.update(hands_raised=9, version=room.version + 1), "9 raised hands"),
        (lambda room: Participant.objects.filter(was_teacher=True).update(name="Renamed"), "Renamed"),
        (lambda room: Gap.objects.create(room=room, stream="room", first=8, last=8), "Events missing"),
    ],
)
def test_tile_shows_every_change(school: School, change: Callable[[Room], object], words: str) -> None:
    Gap.objects.all().delete()
    assert words not in shown(school)
    change(school.room)
    assert words in shown(school)


def test_cache_key_contains_everything_that_the_templates_read() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    names = (
        "class_list/_tile.html",
        "shared/_state.html",
        "class_list/_choose.html",
    )
    words = "".join((folder / name).read_text() for name in names)
    read = set(re.findall(r"room\.(\w+)", words))
    # by time_left, time_bar and the name of the room itself
    by_tags = {
        "started_at",
        "planned_end_at",
        "now_state",
        "name",
    }
    derived = {"order", "long_wait"}
    assert read - derived | by_tags == set(SHOWN)


def test_cache_key_of_an_alert_contains_everything_that_its_template_reads() -> None:
    words = (Path(settings.BASE_DIR) / "templates/class_list/_alert.html").read_text()
    read = set(re.findall(r"room\.(\w+)", words))
    assert read | {"name"} == set(live_classes.OFFERED)  # the name is the room itself


def test_a_class_that_ends_while_the_page_is_read_is_left_out(school: School) -> None:
    live = live_classes.LiveClasses(school.administrator, most=60)
    assert school.room.pk in live.briefs
    Room.objects.filter(pk=school.room.pk).update(state=RoomState.CLOSED)
    assert school.room.pk not in [room.pk for room in live.tiles]
    assert school.room.pk not in live.briefs
    assert live.limit == live_classes.LAST
