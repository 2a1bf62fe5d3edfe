"""Shared files."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.files import ResourceState
from tests.events.lesson import ADA, Lesson, T, at, decoded, say


def test_decoding():
    progress = {
        "convertedPercentage": "40",
        "totalPageSize": 10,
        "convertedFileList": [{"taskToken": "secret"}],
    }
    full = {
        "resourceUuid": "f",
        "resourceName": "Slides",
        "ext": "pptx",
        "size": "2048",
        "url": "https://files.test/f",
        "updateTime": T,
        "taskUuid": "t",
        "taskToken": "secret",
        "taskProgress": progress,
    }
    read = decoded(1003, {"resources": [full], "action": 1, "operator": ADA})
    assert "secret" not in repr(read)
    assert read.ts_ms == T
    assert read.data.removed is False
    assert read.data.resources[0] == ResourceState(
        "f",
        "Slides",
        "pptx",
        2048,
        "https://files.test/f",
        {
            "taskUuid": "t",
            "taskProgress": {"convertedPercentage": "40", "totalPageSize": 10, "convertedFileList": [{}]},
        },
        40,
    )
    plain = decoded(
        1003, {"resources": [{"resourceUuid": "f", "taskUuid": "", "taskProgress": None}], "action": 2}
    )
    assert plain.data.removed
    assert plain.data.resources == [ResourceState("f")]
    waiting = decoded(1003, {"resources": [{"resourceUuid": "f", "taskUuid": "t"}]})
    assert waiting.data.resources[0].converted_percent == 0
    pages = {"resourceUuid": "f", "taskProgress": {"convertedPageSize": 1, "totalPageSize": "3"}}
    assert decoded(1003, {"resources": [pages]}).data.resources[0].converted_percent == 33
    with pytest.raises(Undecodable):
        decoded(1003, {"resources": [], "action": 3})
    huge = decoded(1003, {"resources": [{"resourceUuid": "f", "size": 2**64}]})
    assert huge.data.resources == []
    assert "too large" in huge.odd[0]


def test_files_come_change_and_go():
    lesson = Lesson()
    file = {
        "resourceUuid": "f",
        "resourceName": "Notes",
        "ext": "pdf",
        "size": "10",
        "url": "https://x.test/1",
    }
    lesson.apply(1003, {"resources": [file], "action": 1}, second=5)
    row = lesson.rows.resources["f"]
    assert (row.name, row.ext, row.size, row.url) == ("Notes", "pdf", 10, "https://x.test/1")
    assert (row.put_sequence, row.put_at, row.converted_percent, row.task) == (1, at(5), None, {})
    lesson.apply(1003, {"resources": [{"resourceUuid": "f", "resourceName": "Notes 2"}]}, second=6)
    assert (row.name, row.size, row.put_sequence) == ("Notes 2", 10, 1)
    lesson.apply(1003, {"resources": [{"resourceUuid": "f"}], "action": 2}, second=7)
    lesson.apply(1003, {"resources": [{"resourceUuid": "f"}], "action": 2}, second=8)
    assert row.removed_at == at(7)
    lesson.apply(1003, {"resources": [file], "action": 1}, second=9)
    assert (row.removed_at, row.put_sequence, row.put_at) == (None, 5, at(9))
    lesson.apply(1003, {"resources": [file | {"url": "https://x.test/2"}]}, second=10)
    assert (row.url, row.put_sequence) == ("https://x.test/2", 6)
    lesson.apply(1003, {"resources": [{"resourceUuid": "never-seen"}], "action": "2"}, second=11)
    assert lesson.rows.resources["never-seen"].removed_at == at(11)


def test_sharer_is_the_person_who_shared_the_file_first():
    lesson = Lesson()
    file = {"resourceUuid": "f", "url": "https://x.test/1"}
    server = {"userUuid": "server", "userName": "server", "role": "server"}
    lesson.apply(1003, {"resources": [file], "operator": ADA})
    row = lesson.rows.resources["f"]
    assert row.put_by == ADA["userName"]
    lesson.apply(1003, {"resources": [file], "operator": server})
    assert row.put_by == ADA["userName"], "only its conversion goes on"
    lesson.apply(1003, {"resources": [file | {"url": "https://x.test/2"}], "operator": server})
    assert row.put_by == "", "a server is no person"
    lesson.apply(1003, {"resources": [{"resourceUuid": "g"}]})
    assert lesson.rows.resources["g"].put_by == ""


def test_conversion():
    lesson = Lesson()

    def news(percent=None, task="t", **more):
        progress = {} if percent is None else {"taskProgress": {"convertedPercentage": percent}}
        file = {"resourceUuid": "f", "taskUuid": task, "taskToken": "secret", **progress, **more}
        lesson.apply(1003, {"resources": [file], "action": 1})
        return lesson.rows.resources["f"].converted_percent

    assert news() == 0
    assert news("25") == 25
    assert news(100.0) == 100
    row = lesson.rows.resources["f"]
    assert row.put_sequence == 1
    assert row.task == {"taskUuid": "t", "taskProgress": {"convertedPercentage": 100.0}}
    assert news() == 100, "no news of it"
    assert news(250) == 100
    assert news(task="another") == 0
    assert row.put_sequence == 6
    assert "secret" not in repr(lesson.rows)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({}, "W.pdf was shared"),
        ({"taskProgress": None}, "W.pdf was shared"),
        ({"taskUuid": "t"}, "W.pdf was shared and is being converted"),
        ({"taskProgress": {"convertedPercentage": 0}}, "W.pdf was shared and is being converted"),
        ({"taskProgress": {"convertedPercentage": "40", "totalPageSize": 5}}, "W.pdf is 40 % converted"),
        (
            {"taskProgress": {"convertedPercentage": 100, "totalPageSize": 1}},
            "W.pdf has been converted: 1 page",
        ),
        (
            {"taskProgress": {"convertedPercentage": 100, "totalPageSize": 5}},
            "W.pdf has been converted: 5 pages",
        ),
        ({"taskProgress": {"convertedPercentage": 100}}, "W.pdf has been converted"),
        ({"taskProgress": {"convertedPercentage": 100, "totalPageSize": "x"}}, "W.pdf has been converted"),
        ({"taskProgress": ["odd"]}, "W.pdf was shared"),
    ],
)
def test_each_step_of_a_file_is_a_sentence(file, words):
    files = [{"resourceUuid": "f", "resourceName": "W.pdf", **file}]
    assert say(1003, {"action": 1, "resources": files}) == words
    assert say(1003, {"action": 2, "resources": files}) == "W.pdf was deleted"


def test_several_files_in_one_sentence():
    files = [{"resourceUuid": "f", "resourceName": "W.pdf"}, {"resourceUuid": "g"}]
    assert say(1003, {"resources": files}) == "W.pdf, a file were shared"
    converted = [*files, {"resourceUuid": "h", "taskUuid": "t", "resourceName": "X"}]
    assert say(1003, {"resources": converted}) == "W.pdf, a file, X were shared or changed"
    assert say(1003, {"action": 2, "resources": files}) == "W.pdf, a file were deleted"
    assert say(1003, {}) == "Files were shared"
