"""The form that changes classes of a series, with its preview; and the question before an early start."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.actions import class_lists, scheduling
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.web.wording import early_words
from tests.actions.conftest import School, run_due
from tests.school import HTMX

DAY = timedelta(days=1)


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


@pytest.fixture
def series(school: School) -> Series:
    start = clock.now().replace(hour=9, minute=0, second=0, microsecond=0) + 10 * DAY
    return scheduling.plan(
        actor=school.teacher, request_id="one", name="Latin 8a", zone="UTC", weekdays=[start.weekday()],
        starts=[start + 7 * week * DAY for week in range(3)], asked={"room_type": 4, "duration_s": 2700},
    )  # fmt: skip


def address(series: Series) -> str:
    return reverse("live:change_plan", args=[series.key])


def filled(client: Client, series: Series, planned: ScheduledCommand | None = None) -> dict[str, Any]:
    """Return the fields of the form as a browser would send them untouched."""
    page = client.get(address(series), {"from": planned.pk} if planned else {})
    form = page.context["form"]
    found = {field.html_name: field.value() for field in form}
    found["from"] = form.anchor.pk
    found["at"] = f"{found['at']:%H:%M}"
    return {name: "" if value is None else value for name, value in found.items()}


def seen(html: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', html)
    assert found
    return found[1]


def test_untouched_form_changes_no_class(client: Client, series: Series) -> None:
    html = client.post(address(series), filled(client, series) | {"preview": "1"}, **HTMX).content.decode()
    assert "No class changes" in html


def test_preview_shows_each_class_and_changes_nothing(client: Client, series: Series) -> None:
    first, second, _third = series.planned.order_by("starts_at")
    values = filled(client, series, second)
    assert values["scope"] == "this"
    values |= {"scope": "following", "at": "11:15", "preview": "1"}
    html = client.post(address(series), values, **HTMX).content.decode()
    assert "2 classes change" in html
    assert html.count("11:15") == html.count("<s>") == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.starts_at.hour == 9
    assert not Entry.objects.filter(action="series.change").exists()


def test_save_applies_what_was_seen(client: Client, series: Series) -> None:
    values = filled(client, series) | {"at": "11:15", "minutes": "60", "name": "Greek"}
    html = client.post(address(series), values | {"preview": "1"}, **HTMX).content.decode()
    answer = client.post(address(series), values | {"seen": seen(html)}, **HTMX)
    assert answer["HX-Redirect"] == reverse("live:plan", args=[series.key])
    assert {one.starts_at.strftime("%H:%M") for one in series.planned.all()} == {"11:15"}
    series.refresh_from_db()
    assert (series.name, series.settings["duration_s"]) == ("Greek", 3600)


def test_without_scripts_the_first_press_shows_the_changes(client: Client, series: Series) -> None:
    values = filled(client, series) | {"at": "11:15"}
    answer = client.post(address(series), values)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "3 classes change" in html
    assert "Check the changes below" in html
    assert client.post(address(series), values | {"seen": seen(html)}).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("minutes", "0", "1 minute"),
        ("at", "", "required"),
        ("at", "25:00", "valid time"),
        ("until", "2001-01-01", "end before this class"),
        ("until", "2199-01-01", "more than 200"),
        ("scope", "none", "valid choice"),
    ],
)
def test_wrong_values_are_named_and_nothing_changes(
    client: Client, series: Series, field: str, value: str, words: str
) -> None:
    values = filled(client, series) | {field: value}
    answer = client.post(address(series), values)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not Entry.objects.filter(action="series.change").exists()


def test_class_of_one_change_is_named_on_the_series_page(
    client: Client, series: Series, school: School
) -> None:
    mine = class_lists.make_list(actor=school.teacher, name="Exam group")
    first = series.planned.earliest("starts_at")
    values = filled(client, series, first) | {"name": "Exam", "class_list": mine.key, "minutes": "90"}
    html = client.post(address(series), values | {"preview": "1"}, **HTMX).content.decode()
    client.post(address(series), values | {"seen": seen(html)})
    page = client.get(reverse("live:plan", args=[series.key])).content.decode()
    for words in ("Exam", "90 min", "Exam group"):
        assert f"<bdi>{words}</bdi>" in page


def test_form_keeps_a_class_list_that_the_teacher_can_not_see(
    client: Client, series: Series, school: School
) -> None:
    theirs = class_lists.make_list(actor=school.administrator, name="Of the office")
    Series.objects.filter(pk=series.pk).update(class_list=theirs)
    html = client.post(address(series), filled(client, series) | {"preview": "1"}, **HTMX).content.decode()
    assert "No class changes" in html


def test_series_without_classes_to_change_says_so(client: Client, series: Series, school: School) -> None:
    scheduling.cancel(actor=school.teacher, series=series)
    assert "have started or were cancelled" in client.get(address(series)).content.decode()


def test_change_of_a_series_costs_few_queries(
    client: Client, series: Series, django_assert_max_num_queries: Any
) -> None:
    values = filled(client, series) | {"at": "11:15", "preview": "1"}
    with django_assert_max_num_queries(16):
        client.post(address(series), values, **HTMX)


@pytest.fixture
def tomorrow(school: School) -> Room:
    at = clock.now().replace(second=0, microsecond=0) + timedelta(hours=35)
    scheduling.plan(
        actor=school.teacher, request_id="two", name="Latin 8a", zone="UTC", starts=[at],
        asked={"room_type": 4, "duration_s": 2700},
    )  # fmt: skip
    run_due()
    return Room.objects.get(name="Latin 8a")


def test_early_start_asks_first(client: Client, tomorrow: Room) -> None:
    start = reverse("live:command", args=[tomorrow.key, "start"])
    answer = client.post(start, **HTMX)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#dialog-body", "innerHTML")
    for html in (
        answer.content.decode(),
        client.get(start).content.decode(),
        client.post(start).content.decode(),
    ):
        assert "Start 35 hours early?" in html
        assert "a class can be started only once" in html
    assert not Entry.objects.filter(action="class.start").exists()


@pytest.mark.parametrize(("answer", "classes"), [("only", 1), ("replace", 2)])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_answer_starts_the_class_and_schedules_the_replacement(
    client: Client, tomorrow: Room, answer: str, classes: int, headers: dict[str, str]
) -> None:
    start = reverse("live:command", args=[tomorrow.key, "start"])
    assert client.post(start, {"early": answer}, **headers).status_code in (200, 302)
    assert Entry.objects.filter(action="class.start").count() == 1
    assert ScheduledCommand.objects.filter(kind="class").count() == classes
    run_due()
    assert Room.objects.filter(name="Latin 8a").count() == classes


def test_start_within_fifteen_minutes_does_not_ask(client: Client, tomorrow: Room) -> None:
    Room.objects.filter(pk=tomorrow.pk).update(planned_start_at=clock.now() + timedelta(minutes=14))
    client.post(reverse("live:command", args=[tomorrow.key, "start"]), **HTMX)
    assert Entry.objects.filter(action="class.start").count() == 1


@pytest.mark.parametrize(
    ("early", "words"),
    [
        (timedelta(minutes=16), "Start 16 minutes early?"),
        (timedelta(hours=35, minutes=10), "Start 35 hours early?"),
        (timedelta(days=3, hours=2), "Start 3 days early?"),
    ],
)
def test_question_says_how_early(early: timedelta, words: str) -> None:
    assert early_words(early) == words


@pytest.mark.parametrize("number", ["", "abc", "²", "9" * 30, "9" * 5000, "0"])
@pytest.mark.parametrize("name", ["cancel", "restore", "retry"])
def test_wrong_number_of_a_class_changes_no_class(
    client: Client, series: Series, name: str, number: str
) -> None:
    first = series.planned.earliest("starts_at")
    scheduling.cancel(actor=series.created_by, series=series, planned=first)
    before = list(series.planned.order_by("pk").values_list("pk", "state"))
    where = reverse("live:plan_do", args=[series.key, name])
    assert client.post(where, {"planned": number}, **HTMX).status_code == 404
    assert list(series.planned.order_by("pk").values_list("pk", "state")) == before


@pytest.mark.parametrize("field", ["day", "until"])
@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_year_that_no_time_zone_has_is_named(
    client: Client, series: Series, school: School, field: str, value: str
) -> None:
    Series.objects.filter(pk=series.pk).update(zone="Pacific/Auckland")
    answer = client.post(address(series), filled(client, series) | {"scope": "this", field: value})
    assert answer.status_code == 422
    assert "This year is out of range" in str(answer.context["form"].errors[field])


def test_preview_leaves_out_classes_that_the_series_no_longer_has(client: Client, series: Series) -> None:
    values = filled(client, series)
    second = series.planned.order_by("starts_at")[1]
    values |= {"scope": "all", "until": second.starts_at.date().isoformat()}
    html = client.post(address(series), values | {"preview": "1"}, **HTMX).content.decode()
    assert client.post(address(series), values | {"seen": seen(html)}, **HTMX).status_code == 200
    values = filled(client, series) | {"scope": "all", "name": "Greek", "preview": "1"}
    assert "2 classes change" in client.post(address(series), values, **HTMX).content.decode()
