"""Weekly summaries: when they are due, what they say, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.integrations.mail import choices, schedule, tasks, weekly
from classroom_admin.integrations.mail.models import Mail, MailKind
from tests.integrations.mail.small_mail_server import MailServer, parts_of
from tests.stepped_clock import SteppedClock
from tests.web.reports.classes_over import HOUR, class_over

pytestmark = pytest.mark.django_db
MADRID, AUCKLAND = ZoneInfo("Europe/Madrid"), ZoneInfo("Pacific/Auckland")
MONDAY = date(2026, 9, 14)


@pytest.mark.parametrize(
    ("now", "zone", "due"),
    [
        (datetime(2026, 9, 14, 4, 59, tzinfo=UTC), MADRID, None),
        (datetime(2026, 9, 14, 5, 0, tzinfo=UTC), MADRID, MONDAY),
        (datetime(2026, 9, 14, 16, 59, tzinfo=UTC), MADRID, MONDAY),
        (datetime(2026, 9, 14, 17, 0, tzinfo=UTC), MADRID, None),
        (datetime(2026, 9, 13, 19, 0, tzinfo=UTC), AUCKLAND, MONDAY),  # it is Monday there already
        (
            datetime(2026, 10, 26, 6, 0, tzinfo=UTC),
            MADRID,
            date(2026, 10, 26),
        ),  # after the end of summer time
        (datetime(2026, 10, 26, 5, 59, tzinfo=UTC), MADRID, None),
    ],
)
def test_summary_is_due_on_monday_at_seven_in_the_persons_time_zone(
    now: datetime, zone: ZoneInfo, due: date | None
) -> None:
    found = schedule.summary_due(now, zone)
    assert (found and found[0]) == due


def test_week_has_an_hour_more_when_summer_time_ends() -> None:
    start, end = schedule.week_before(date(2026, 10, 26), MADRID)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=7, hours=1)


@pytest.fixture
def teacher(db: None) -> User:
    made = User.objects.create_user("ana@school.test", "x", name="Ana", time_zone="Europe/Madrid")
    choices.choose(person=made, kinds=[MailKind.WEEKLY_SUMMARY])
    return made


def classes(teacher: User, *numbers: int) -> None:
    """Make classes in the week before `MONDAY`. Events of the first are missing."""
    for number in numbers:
        at = datetime(2026, 9, 7, 9, tzinfo=UTC) + timedelta(hours=12 * number)
        class_over(
            f"Class {number}", at, {"Ada": HOUR, "Ben": (0, 0.1)}, teacher=teacher, has_gap=number == 0
        )


def test_summary_says_attendance_and_what_needs_attention_and_is_sent_once(
    teacher: User, server: MailServer, time: SteppedClock
) -> None:
    classes(teacher, 0, 1, 2)
    other = User.objects.create_user("other@school.test", "x")
    class_over("Not hers", datetime(2026, 9, 8, 9, tzinfo=UTC), {"Eve": HOUR}, teacher=other)
    class_over("Earlier", datetime(2026, 9, 6, 21, 59, tzinfo=UTC), {"Ada": HOUR}, teacher=teacher)
    time.set_wall(datetime(2026, 9, 14, 5, tzinfo=UTC))
    for _ in range(2):
        tasks.plan_summaries()
        tasks.send()
    [mail] = server.mails
    assert mail["Subject"] == "Your classes from 7 Sep to 13 Sep"
    text, html = parts_of(mail)
    assert "You had 3 classes last week. Attendance: " in text
    assert "Mon 7 Sep, 11:00: Class 0:" in text
    assert "Events of 1 class are missing" in text
    assert "https://classes.school.test/reports/attendance/?since=2026-09-07&until=2026-09-13" in text
    for absent in ("Not hers", "Earlier", "Ada", "Ben"):
        assert absent not in text + html
    assert "Europe/Madrid" in text


def test_week_without_classes_and_people_who_did_not_choose_it_get_no_summary(
    teacher: User, server: MailServer, time: SteppedClock
) -> None:
    silent = User.objects.create_user("silent@school.test", "x", time_zone="Europe/Madrid")
    class_over("Hers", datetime(2026, 9, 8, 9, tzinfo=UTC), {"Eve": HOUR}, teacher=silent)
    time.set_wall(datetime(2026, 9, 14, 5, tzinfo=UTC))
    tasks.plan_summaries()
    tasks.send()
    assert server.mails == []
    assert [mail.state for mail in Mail.objects.all()] == [Mail.State.DROPPED]


def test_students_who_missed_half_of_the_classes_are_counted_without_names(
    teacher: User, time: SteppedClock
) -> None:
    for number in range(3):
        at = datetime(2026, 9, 7, 9, tzinfo=UTC) + timedelta(days=number)
        summary = class_over(f"Class {number}", at, {"Ada": HOUR, "Ben": HOUR}, teacher=teacher)
        summary.people.filter(name="Ben").update(status="absent" if number < 2 else "present")
    found = weekly.summary_of(teacher, MONDAY, MADRID)
    assert "1 student missed at least half of your classes." in [one.words for one in found.attention]
    assert found.rate == pytest.approx(4 / 6)


def test_number_of_queries_does_not_grow_with_the_classes(
    teacher: User, time: SteppedClock, django_assert_num_queries: Callable[..., Any]
) -> None:
    classes(teacher, 0, 1)
    with django_assert_num_queries(7):
        assert weekly.summary_of(teacher, MONDAY, MADRID).classes == 2
    classes(teacher, *range(2, 9))
    with django_assert_num_queries(7):
        assert weekly.summary_of(teacher, MONDAY, MADRID).classes == 9
