"""Properties of the room and of people."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.people import Person
from classroom_admin.events.property_changes import Change
from tests.events.lesson import ADA, BEN, Lesson, decoded, person, say


def test_decoding_room_properties():
    data = {"action": 0, "changeProperties": {"a.b": 1, "c": {"d": [float("nan")]}}, "cause": "why"}
    expected = [Change(("a", "b"), 1), Change(("c",), {"d": [None]})]
    assert decoded(4, data).data.changes == expected
    assert decoded(5, data).data.changes == expected
    assert decoded(4, {"changeProperties": '{"x": 1}'}).data.changes == [Change(("x",), 1)]
    batch = decoded(
        5, {"action": 0, "changes": [{"changeProperties": {"a": 1}}, {"changeProperties": {"b": 2}}]}
    )
    assert batch.data.changes == [Change(("a",), 1), Change(("b",), 2)]
    for data in ({}, {"changeProperties": 5}, {"changeProperties": ["a"], "action": 0}):
        with pytest.raises(Undecodable):
            decoded(4, data)


def test_what_action_1_deletes():
    def deleted(properties):
        return decoded(4, {"action": "1", "changeProperties": properties}).data.changes

    assert deleted({"a": 1, "b.c": None}) == [
        Change(("a",), deleted=True),
        Change(("b", "c"), deleted=True),
    ]
    assert deleted(["a", "b.c"]) == deleted({"a": 1, "b.c": None})
    assert deleted({"a": {"x": 1}}) == [Change(("a",), deleted=True)], "all of it goes"
    assert deleted({"extApps": {"clock": {"running": 1}}}) == [
        Change(("extApps", "clock", "running"), deleted=True)
    ]
    assert deleted({"widgets": {"poll": {"state": 1}}}) == [Change(("widgets",), {"poll": {"state": 1}})]
    assert deleted({"widgets.poll": None}) == [Change(("widgets", "poll"), deleted=True)]


def test_too_deep_a_property_is_named():
    read = decoded(4, {"changeProperties": {"a." * 100 + "b": 1, "c": 2}})
    assert read.data.changes == [Change(("c",), 2)]
    assert len(read.odd) == 1


def test_decoding_user_properties():
    data = {"fromUser": BEN, "action": 0, "changeProperties": {"k": "v"}, "operator": ADA}
    expected = [(Person("ben", "Ben", "student"), [Change(("k",), "v")])]
    assert decoded(22, data).data.changes == expected
    assert decoded(23, data).data.changes == expected
    both = {"users": [data, {**data, "fromUser": ADA, "action": 2}], "cause": {}}
    assert decoded(23, both).data.changes == [
        *expected,
        (Person("ada", "Ada", "teacher"), [Change(("k",), deleted=True)]),
    ]
    assert decoded(23, [data]).data.changes == expected
    with pytest.raises(Undecodable):
        decoded(22, {"changeProperties": {"k": 1}, "operator": ADA})


def test_room_properties():
    lesson = Lesson()
    lesson.apply(4, {"action": 0, "changeProperties": {"flex": {"a": 1, "b": 2}, "record": {"state": 1}}})
    lesson.apply(4, {"action": 0, "changeProperties": {"flex": {"a": 3}}})
    assert lesson.room.properties == {"flex": {"a": 3}, "record": {"state": 1}}
    assert lesson.room.recording_state == "recording"
    lesson.apply(5, {"action": 0, "changeProperties": {"flex.c.d": [1], "top": "x"}})
    lesson.apply(
        4, {"action": 1, "changeProperties": {"flex.c": None, "record": {"state": 1}, "none.there": 1}}
    )
    assert lesson.room.properties == {"flex": {"a": 3}, "top": "x"}


def test_ext_apps_widgets_and_groups_are_told_in_parts():
    lesson = Lesson()
    lesson.apply(
        4, {"changeProperties": {"extApps": {"clock": {"a": 1, "common": {"state": 1}}, "dice": {"n": 6}}}}
    )
    lesson.apply(4, {"changeProperties": {"extApps": {"clock": {"a": {"x": 2}}}}})
    lesson.apply(4, {"changeProperties": {"extApps.clock.b": 3}})
    assert lesson.room.ext_apps == {
        "clock": {"a": {"x": 2}, "b": 3, "common": {"state": 1}},
        "dice": {"n": 6},
    }
    lesson.apply(4, {"action": 1, "changeProperties": {"extApps": {"clock": {"a": None}}}})
    lesson.apply(4, {"action": 1, "changeProperties": {"extApps.dice": None}})
    assert lesson.room.ext_apps == {"clock": {"b": 3, "common": {"state": 1}}}
    lesson.apply(4, {"action": 1, "changeProperties": {"widgets": {"poll": {"state": 1, "extra": {"a": 1}}}}})
    lesson.apply(
        4, {"action": 1, "changeProperties": {"widgets.poll.extra.b": 2, "widgets.quiz": {"state": 1}}}
    )
    lesson.apply(4, {"action": 1, "changeProperties": {"widgets": {"poll": {"extra": {"a": 5}}}}})
    assert lesson.room.properties == {
        "widgets": {"poll": {"state": 1, "extra": {"a": 5, "b": 2}}, "quiz": {"state": 1}}
    }
    lesson.apply(4, {"changeProperties": {"groups": {"state": 1, "details": {"g": {"groupName": "G"}}}}})
    lesson.apply(4, {"changeProperties": {"groups": {"details": {"h": {"groupName": "H"}}}}})
    assert lesson.room.groups == {"state": 1, "details": {"h": {"groupName": "H"}}}
    lesson.apply(4, {"changeProperties": {"groups": None}})
    assert lesson.room.groups == {}


def test_user_properties():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(22, {"fromUser": person("ben"), "action": 0, "changeProperties": {"a": {"x": 1}, "b": 2}})
    users = [
        {"fromUser": person("ben"), "changeProperties": {"a.y": 3}},
        {"fromUser": person("cat"), "changeProperties": {"z": 1}},
    ]
    changed = lesson.apply(23, {"users": users})
    assert changed == {("room",), ("participant", "ben"), ("participant", "cat")}
    assert lesson.who("ben").properties == {"a": {"x": 1, "y": 3}, "b": 2}
    assert (lesson.who("cat").properties, lesson.who("cat").online) == ({"z": 1}, False)
    lesson.apply(22, {"fromUser": person("ben"), "action": 1, "changeProperties": {"a": None, "nothing": 1}})
    assert lesson.who("ben").properties == {"b": 2}


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (
            4,
            {"changeProperties": {"muteChat": 1, "page": 3}},
            "Class settings changed: chat permissions, page",
        ),
        (4, {"changeProperties": {"widgets": {"poll": {}}}}, "Class settings changed: poll"),
        (4, {"changeProperties": {"extApps": {"mine": 1}}}, "Class settings changed: extApps.mine"),
        (
            4,
            {"action": 1, "changeProperties": {"extApps": {"mine": {"state": 1}}}},
            "Class settings changed: extApps.mine",
        ),
        (
            4,
            {"changeProperties": {"processes.handsUp": {}}},
            "Class settings changed: rules for raised hands and the stage",
        ),
        (4, {"changeProperties": {}}, "A class setting changed"),
        (22, {"fromUser": ADA, "changeProperties": {"device": 1}}, "A setting of Ada changed: device"),
        (23, {"users": [{"fromUser": ADA, "changeProperties": {}}]}, "A setting of Ada changed"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
