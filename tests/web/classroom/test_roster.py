"""The order of the roster, and its rows, which all pages share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant
from classroom_admin.web.classroom.roster import SHOWN
from classroom_admin.web.render_once import _rendered
from classroom_admin.web.templatetags.web import roster_order
from tests.school import School, make_person
from tests.web.classroom.test_page import changes, now, page


def test_roster_has_teachers_then_names_and_a_raised_hand_moves_no_row() -> None:
    at = clock.now()

    def person(name: str, role: str = "student", **columns: Any) -> Participant:
        return Participant(name=name, role=role, online=True, **columns)

    people = [
        person("Zoe", "teacher"),
        person("Yan", "assistant"),
        person("ada"),
        person("Bob"),
        person("Waits", hand_raised=True, hand_raised_at=at),
        person("Waits long", hand_raised=True, hand_raised_at=at - timedelta(minutes=2)),
    ]
    mixed = people[::2] + people[1::2]
    assert sorted(mixed, key=roster_order) == people


def templates_of(name: str) -> dict[str, str]:
    """Return the text of a template and of all templates that it includes."""
    found = {name: (Path(settings.BASE_DIR) / "templates" / name).read_text()}
    for included in re.findall(r'{% include "([^"]+)"', found[name]):
        found |= templates_of(included)
    return found


def test_cache_key_of_a_row_contains_everything_that_its_template_reads() -> None:
    words = "".join(templates_of("classroom/_roster_row.html").values())
    assert set(re.findall(r"\bperson\.(\w+)", words)) | {"name"} == set(
        SHOWN
    )  # the name is the person itself
    assert set(re.findall(r"\broom\.(\w+)", words)) == {"key"}
    assert not re.findall(r"\b(presenter|request|user|now)\b[.|]", words)


def test_rows_are_rendered_once_for_all_pages_and_again_when_they_change(
    school: School, admin: Client
) -> None:
    person = make_person(school.room, 20)
    page(admin, school)
    before = _rendered.cache_info().misses
    page(school.signed_in(school.teacher), school)
    assert _rendered.cache_info().misses == before
    version = now(school)
    school.change(person, camera_on=True)
    changes(admin, school, version)
    page(admin, school)
    assert _rendered.cache_info().misses == before + 1, "the fragment and the page share the row"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: {"name": "Renamed"}, "Renamed"),
        (lambda one: {"rewards": 7}, "</span>7</span>"),
        (lambda one: {"times_left": 1}, "Reconnects"),
        (lambda one: {"microphone_on": True}, 'title="Mute Student 20"'),
        (lambda one: {"muted_in_agora_chat": True}, "Unmute Student 20 in chat"),
        (lambda one: {"online": False, "left_at": one.online_since}, "left"),
    ],
)
def test_row_shows_every_change(
    school: School, admin: Client, change: Callable[[Participant], dict[str, Any]], words: str
) -> None:
    person = make_person(school.room, 20)

    def row() -> str:
        return page(admin, school).content.decode().partition(f'id="p{person.pk}"')[2].partition("</tr>")[0]

    assert words not in row()
    Participant.objects.filter(pk=person.pk).update(**change(person))
    assert words in row()
