"""Quizzes and polls: bars, who answered what, who has not; on the class's page and on their own."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.rooms.models import Answer, Poll, Presence, Quiz
from classroom_admin.web.classroom.quizzes_polls import question
from classroom_admin.web.templatetags.web import took
from tests.school import HOSTILE, HTMX, School, make_person
from tests.web.classroom.test_page import changes, now, page

BEGAN = clock.from_ms(1_763_757_600_000)


def answer(
    who: str, *selected: Any, right: bool | None = None, after_s: float | None = 5, of: str = "quiz"
) -> Answer:
    return Answer(
        of=of,
        question_id="q",
        user_uuid=who,
        name=who.title(),
        selected=list(selected),
        is_correct=right,
        answered_at=None if after_s is None else BEGAN + timedelta(seconds=after_s),
        sequence=1,
    )


def quiz(**columns: Any) -> Quiz:
    columns = {"items": ["3", "4", "5"], "correct_items": ["5"], "started_at": BEGAN, **columns}
    return Quiz(pk=1, quiz_id="q", **columns)


# --- pure ------------------------------------------------------------------------------------------------


def test_bars_count_answers_and_mark_the_correct_one() -> None:
    told = question(
        quiz(), [answer("ann", "5"), answer("ben", "4"), answer("cyd", "5"), answer("dee", "3", "5")], None
    )
    assert [(bar.words, bar.count, bar.percent, bar.right) for bar in told.bars] == [
        ("3", 1, 25.0, False),
        ("4", 1, 25.0, False),
        ("5", 3, 75.0, True),
    ]
    assert (told.answered, told.right) == (4, 2)


def test_correctness_comes_from_the_cloud_else_from_the_correct_items() -> None:
    told = question(quiz(), [answer("ann", "4", right=True), answer("ben", "5"), answer("cyd", "3")], None)
    assert [one.right for one in told.answers] == [True, True, False]
    told = question(quiz(correct_items=[]), [answer("ann", "4")], None)
    assert [one.right for one in told.answers] == [None]


@pytest.mark.parametrize(
    ("after_s", "took_s"), [(5, 5.0), (0, 0.0), (-1, None), (None, None), (3600 * 13, None)]
)
def test_time_to_answer(after_s: float | None, took_s: float | None) -> None:
    assert question(quiz(), [answer("ann", "5", after_s=after_s)], None).answers[0].took_s == took_s
    assert question(quiz(started_at=None), [answer("ann", "5")], None).answers[0].took_s is None


def test_median_time_to_answer() -> None:
    given = [answer(str(n), "5", after_s=n) for n in (1, 2, 90)]
    assert question(quiz(), given, None).took_s == 2
    assert (took(2.4), took(59.6), took(125)) == ("2 s", "1 min 00 s", "2 min 05 s")


def test_poll_choices_are_shown_as_words() -> None:
    row = Poll(pk=1, poll_id="q", items=["yes", "no"], multiple=True, started_at=BEGAN)
    told = question(row, [answer("ann", 0, of="poll"), answer("ben", 0, 1, 7, of="poll")], None)
    assert [one.words for one in told.answers] == [["yes"], ["yes", "no", "7"]]
    assert [(bar.count, bar.percent) for bar in told.bars] == [(2, 100.0), (1, 50.0)]
    assert told.right is None


def test_cloud_sums_are_used_without_answers() -> None:
    told = question(quiz(selected_count=4, correct_count=3, total_count=9), None, None)
    assert (told.answered, told.right, told.total, told.bars) == (4, 3, 9, [])
    details = {"0": {"num": 3, "percentage": 0.75}, "1": {"num": 1, "percentage": 0.25}}
    told = question(Poll(pk=1, poll_id="q", items=["yes", "no"], details=details), None, None)
    assert (told.answered, [bar.percent for bar in told.bars]) == (4, [75.0, 25.0])


@pytest.mark.parametrize("odd", [None, 7, "x", {}, {"a": 1}, [None, {}]])
def test_malformed_questions_are_shown(odd: Any) -> None:
    row = Poll(pk=1, poll_id="q", items=odd, details=odd)
    assert question(
        row, [Answer(of="poll", question_id="q", user_uuid="a", selected=odd, sequence=1)], []
    ).answers
    assert question(quiz(items=odd, correct_items=odd), None, None).answered == 0


# --- the page --------------------------------------------------------------------------------------------


def ask(school: School, *, running: bool = True, pupils: int = 3) -> Quiz:
    """A quiz that began a minute ago, with pupils who are there."""
    began = clock.now() - timedelta(minutes=1)
    for number in range(pupils):
        make_person(school.room, 70 + number, name=f"Pupil {number}")
        Presence.objects.create(
            room=school.room, user_uuid=f"cloud-user-{70 + number}", entered_sequence=1, entered_at=began
        )
    Quiz.objects.all().delete()
    return Quiz.objects.create(
        room=school.room, quiz_id="q", version=1, running=running, items=["3", HOSTILE], correct_items=["3"],
        started_at=began, ended_at=None if running else clock.now(),
    )  # fmt: skip


def give(school: School, number: int, *selected: str, **columns: Any) -> Answer:
    given = Answer(
        room=school.room, of="quiz", question_id="q", user_uuid=f"cloud-user-{70 + number}",
        name=f"Pupil {number}", selected=list(selected), sequence=number + 1,
        answered_at=clock.now() - timedelta(seconds=30), **columns,
    )  # fmt: skip
    school.change(given)
    return given


def test_panel_shows_bars_and_missing_answers(school: School, admin: Client) -> None:
    ask(school)
    give(school, 0, "3", is_correct=True)
    html = page(admin, school).content.decode()
    assert "1 of 4 answered" in html or "1 of 3 answered" in html
    assert "1 correct" in html
    assert 'value="100.0"' in html
    missing = html[html.index("No answer yet:") :]
    assert "Pupil 1" in missing[:300]
    assert HOSTILE not in html


def test_answer_changes_only_its_question(school: School, admin: Client) -> None:
    one = ask(school)
    before = now(school)
    give(school, 1, HOSTILE, is_correct=False)
    html = changes(admin, school, before).content.decode()
    assert 'hx-swap-oob="upsert:#question-list"' in html
    assert re.findall(r'<li id="([qv]\d+)"', html) == [f"q{one.pk}"]


def question_page(client: Client, school: School, one: Quiz | Poll, **more: Any) -> Any:
    of = "quiz" if isinstance(one, Quiz) else "poll"
    return client.get(
        reverse("live:question", args=[school.room.key, of, one.pk]), more.pop("query", {}), **more
    )


def test_question_page_has_every_answer_and_the_missing_ones(school: School, admin: Client) -> None:
    one = ask(school, running=False)
    give(school, 0, "3", is_correct=True)
    give(school, 1, HOSTILE, is_correct=False)
    html = question_page(admin, school, one).content.decode()
    assert html.index("Correct</span>") < html.index("Incorrect</span>")
    assert "30 s" in html
    assert "Did not answer" in html
    assert "Pupil 2" in html[html.index("Did not answer") :]
    assert HOSTILE not in html
    assert "every 2s" not in html


def test_question_page_polls_while_the_question_runs(school: School, admin: Client) -> None:
    one = ask(school)
    html = question_page(admin, school, one).content.decode()
    version = re.search(r"\?v=([\d.-]+)", html)
    assert version
    assert question_page(admin, school, one, query={"v": version.group(1)}, **HTMX).status_code == 204
    give(school, 0, "3", is_correct=True)
    answer = question_page(admin, school, one, query={"v": version.group(1)}, **HTMX)
    assert answer.status_code == 200
    assert "Pupil 0" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_unchanged_question_is_not_rendered_again(school: School, admin: Client) -> None:
    one = ask(school)
    give(school, 0, "3", is_correct=True)
    shown = re.search(r"\?v=([\d.-]+)", question_page(admin, school, one).content.decode())
    assert shown

    def asked() -> tuple[int, int]:
        """The status, and how many queries it took."""
        with CaptureQueriesContext(connection) as found:
            answer = question_page(admin, school, one, query={"v": shown[1]}, **HTMX)
        return answer.status_code, len(found)

    assert asked() == (204, 3)
    school.change(make_person(school.room, 99, name="Waving"), hand_raised=True)
    assert asked() == (204, 4)
    Presence.objects.create(
        room=school.room, user_uuid="cloud-user-99", entered_sequence=9, entered_at=clock.now()
    )
    school.change(make_person(school.room, 98))
    assert asked()[0] == 200
    html = question_page(admin, school, one, query={"v": shown[1]}, **HTMX).content.decode()
    assert "Waving" in html
    shown = re.search(r"\?v=([\d.-]+)", html)
    give(school, 1, HOSTILE, is_correct=False)
    assert asked()[0] == 200
    school.change(one, running=False)
    html = question_page(admin, school, one, query={"v": shown[1]}, **HTMX).content.decode()
    assert "every 2s" not in html


def test_absent_students_are_not_missing(school: School, admin: Client) -> None:
    one = ask(school, running=False, pupils=0)
    for number, (entered, left) in enumerate(((60, None), (-300, -200), (-300, 10))):
        make_person(school.room, 80 + number, name=f"Person {number}")
        Presence.objects.create(
            room=school.room, user_uuid=f"cloud-user-{80 + number}", entered_sequence=1,
            entered_at=one.ended_at + timedelta(seconds=entered),
            left_at=left and one.ended_at + timedelta(seconds=left),
        )  # fmt: skip
    html = question_page(admin, school, one).content.decode()
    assert re.findall(r"Person \d", html) == ["Person 2"]


def test_queries_do_not_grow_with_the_number_of_questions(school: School, admin: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page(admin, school)
        return len(found)

    ask(school)
    page(admin, school)  # what a process reads once, such as the school's appearance
    few = queries()
    for number in range(20):
        Quiz.objects.create(room=school.room, quiz_id=f"more {number}", version=1, started_at=BEGAN)
        Poll.objects.create(room=school.room, poll_id=f"more {number}", version=1, started_at=BEGAN)
    assert queries() == few <= 13
