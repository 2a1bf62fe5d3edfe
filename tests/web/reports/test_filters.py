"""The filter of all reports."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from classroom_admin.common import clock
from classroom_admin.reports.models import ClassSummary
from classroom_admin.web.reports.filters import FilterForm
from tests.school import School, make_room

pytestmark = pytest.mark.django_db


def summary_of(name: str, starts_at: datetime) -> ClassSummary:
    return ClassSummary.objects.create(
        room=make_room(name),
        made_at=clock.now(),
        room_version=1,
        late_s=300,
        early_s=300,
        starts_at=starts_at,
    )


def test_own_dates_include_both_days(school: School) -> None:
    for day in (1, 2, 3, 4):
        summary_of(f"Class {day}", datetime(2026, 9, day, 12, tzinfo=UTC))
    form = FilterForm(school.administrator, QueryDict("since=2026-09-02&until=2026-09-03"))
    assert form.is_valid()
    assert [one.room.name for one in form.chosen().summaries()] == ["Class 3", "Class 2"]


def test_teachers_see_only_their_own_classes(school: School) -> None:
    foreign = summary_of("Foreign", clock.now() - timedelta(days=1))
    own = ClassSummary.objects.create(
        room=school.room, made_at=clock.now(), room_version=1, late_s=300, early_s=300, starts_at=clock.now()
    )
    seen = {}
    for who in (school.administrator, school.teacher, school.other_teacher):
        form = FilterForm(who, QueryDict(""))
        assert form.is_valid()
        seen[who.email] = set(form.chosen().summaries())
    assert list(seen.values()) == [{foreign, own}, {own}, set()]


@pytest.mark.parametrize(
    "query", ["period=never", "since=2026-02-31", "since=9999-01-01", "since=2026-09-03&until=2026-09-01"]
)
def test_impossible_periods_are_refused(school: School, query: str) -> None:
    answer = school.signed_in(school.administrator).get(f"/reports/attendance/?{query}")
    assert answer.status_code == 422
