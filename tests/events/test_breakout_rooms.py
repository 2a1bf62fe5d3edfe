"""Breakout rooms: the property `groups`."""

import pytest

from tests.events.lesson import Lesson, say


def test_the_sequence_of_the_last_change_is_kept():
    lesson = Lesson()
    lesson.apply(4, {"changeProperties": {"groups": {"state": 1}}})
    lesson.apply(4, {"changeProperties": {"page": 1}})
    assert (lesson.room.groups, lesson.room.groups_sequence) == ({"state": 1}, 1)
    lesson.apply(5, {"action": 2, "changeProperties": {"groups.state": 1}})
    assert (lesson.room.groups, lesson.room.groups_sequence) == ({}, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"groups": {"state": 1}}, "The breakout rooms changed"),
        ({"groups.state": "0"}, "The breakout rooms were closed"),
        ({"groups": None}, "The breakout rooms changed"),
        ({"groups.details": {}, "page": 1}, "Class settings changed: breakout rooms, page"),
    ],
)
def test_sentence(changes, words):
    assert say(4, {"changeProperties": changes}) == words
