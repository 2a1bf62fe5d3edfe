"""Who is on stage and who raises a hand."""

import pytest

from classroom_admin.events.hands_and_stage import ListChange
from tests.events.lesson import Lesson, at, decoded, named, say


def test_decoding():
    def users(*names):
        return [{"userUuid": name, "payload": {}} for name in names]

    read = decoded(
        1501,
        {"acceptedUsers": users("a", "b"), "addAcceptedUsers": users("b"), "removeAcceptedUsers": users("c")},
    )
    assert read.data == ListChange(["a", "b"], ["b"], ["c"])
    assert decoded(1501, {"addAcceptedUsers": ["b"]}).data == ListChange(None, ["b"], [])
    assert decoded(1501, {"acceptedUsers": []}).data == ListChange([], [], [])
    read = decoded(1502, {"progressUsers": users("a"), "addProgressUsers": users("a")})
    assert read.data == ListChange(["a"], ["a"], [])
    assert decoded(1502, {"removeProgressUsers": users("a")}).data == ListChange(None, [], ["a"])


def test_stage_by_changes_and_by_the_full_list():
    lesson = Lesson()
    for uuid in ("ada", "ben", "cat"):
        lesson.enter(uuid)
    lesson.apply(1501, {"acceptedUsers": named("ada"), "addAcceptedUsers": named("ada")})
    lesson.apply(1501, {"addAcceptedUsers": named("ben")})
    assert lesson.room.on_stage == 2
    changed = lesson.apply(1501, {"acceptedUsers": named("cat", "ben"), "removeAcceptedUsers": named("ada")})
    assert changed == {("room",), ("participant", "ada"), ("participant", "cat")}
    assert [lesson.who(uuid).on_stage for uuid in ("ada", "ben", "cat")] == [False, True, True]
    assert lesson.room.on_stage == 2
    lesson.apply(1501, {"acceptedUsers": []})
    assert lesson.room.on_stage == 0
    assert lesson.apply(1501, {"removeAcceptedUsers": named("ada", "nobody")}) == {("room",)}


def test_hands():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(1502, {"progressUsers": named("ben"), "addProgressUsers": named("ben")}, second=10)
    lesson.apply(1502, {"progressUsers": named("ben", "cat"), "addProgressUsers": named("cat")}, second=20)
    assert (lesson.who("ben").hand_raised_at, lesson.who("cat").hand_raised_at) == (at(10), at(20))
    assert lesson.room.hands_raised == 2
    lesson.apply(1502, {"progressUsers": named("cat"), "removeProgressUsers": named("ben")})
    assert (lesson.who("ben").hand_raised, lesson.who("ben").hand_raised_at) == (False, None)
    assert lesson.room.hands_raised == 1
    lesson.apply(1502, {"progressUsers": []})
    assert lesson.room.hands_raised == 0


def test_a_full_list_does_not_bring_back_who_left():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.leave("ben")
    lesson.apply(1502, {"progressUsers": named("ben")})
    lesson.apply(1501, {"acceptedUsers": named("ben")})
    assert (lesson.room.hands_raised, lesson.room.on_stage) == (0, 0)
    lesson.apply(1502, {"addProgressUsers": named("ben")})
    assert lesson.room.hands_raised == 1, "told by name: their coming back was missed"


def test_the_last_moment_on_stage_is_kept():
    lesson = Lesson()
    lesson.enter("ada", second=1)
    assert lesson.who("ada").last_on_stage_at is None
    lesson.apply(1501, {"addAcceptedUsers": named("ada")}, second=5)
    assert lesson.who("ada").last_on_stage_at == at(5)
    lesson.apply(1501, {"removeAcceptedUsers": named("ada")}, second=9)
    assert lesson.who("ada").last_on_stage_at == at(9)
    lesson.apply(1501, {"addAcceptedUsers": named("ada")}, second=20)
    lesson.leave("ada", second=30)
    assert lesson.who("ada").last_on_stage_at == at(30)
    lesson.enter("ben", second=40)
    lesson.leave("ben", second=50)
    assert lesson.who("ben").last_on_stage_at is None


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (1501, {"addAcceptedUsers": [{"userUuid": "ada"}]}, "Ada went on stage"),
        (1501, {"removeAcceptedUsers": [{"userUuid": "x"}]}, "1 person left the stage"),
        (1501, {"acceptedUsers": []}, "The stage changed"),
        (1502, {"addProgressUsers": [{"userUuid": "ada"}]}, "Ada raised a hand"),
        (1502, {"addProgressUsers": ["ada", "ada"]}, "Ada, Ada raised their hands"),
        (1502, {"addProgressUsers": ["ada", "x"]}, "2 people raised their hands"),
        (1502, {"removeProgressUsers": [{"userUuid": "ada"}]}, "Ada lowered their hand"),
        (1502, {"progressUsers": []}, "Raised hands changed"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
