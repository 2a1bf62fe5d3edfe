"""Projecting one event costs the same in a room of ten and in a room of ten thousand."""

import sys
from pathlib import Path

import classroom_admin
from tests.events.lesson import Lesson, named, person

PROJECT = str(Path(classroom_admin.__file__).parent)

EVENTS = [
    (20, {"onlineUsers": [person("new")]}),
    (20, {"offlineUsers": [person("u5")]}),
    (3, {"fromUser": person("u1"), "message": "hi"}),
    (21, person("u2") | {"muteChat": 1}),
    (40, {"fromUser": person("u2"), "streamUuid": "s", "videoState": 1}),
    (1101, {"rewardDetails": [{"userUuid": "u3", "changedReward": 1}]}),
    (1501, {"acceptedUsers": named("u1", "u4"), "addAcceptedUsers": named("u4")}),
    (1502, {"progressUsers": named("u1"), "addProgressUsers": named("u1")}),
    (1001, {"state": 1, "recordId": "r"}),
    (4, {"changeProperties": {"a.b": 1}}),
]


def _steps(people):
    """How many of our lines each event takes in a room of so many people, and which rows it changes.

    Lines of libraries are not counted: the garbage collector runs some of them at any moment.
    """
    lesson = Lesson()
    lesson.online(*(person(f"u{number}") for number in range(people)))
    found = []
    for cmd, data in EVENTS:
        count = 0

        def trace(frame, kind, argument):
            nonlocal count
            if not frame.f_code.co_filename.startswith(PROJECT):
                return None
            count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            changed = lesson.apply(cmd, data)
        finally:
            sys.settrace(before)
        found.append((count, sorted(map(str, changed))))
    return found


def test_the_work_does_not_grow_with_the_room():
    few, many = _steps(10), _steps(2000)
    assert few == many
    assert all(count > 50 for count, _ in few), "the lines were counted"
