"""The form of a new class, its validation while typing, and the pages of scheduled classes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom_admin.actions import class_lists
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import Scope
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room
from classroom_admin.sync import tasks
from classroom_admin.web.json_input import BadJson, read_object, size
from classroom_admin.web.scheduling import arguments, plans
from tests.actions.conftest import School, run_due
from tests.actions.series import change as change_series
from tests.school import HTMX
from tests.sync.conftest import sync_once

CREATE = reverse("live:create")
CHECK = reverse("live:check_class")
FULL = {
    "room_type": 2,
    "minutes": 45,
    "close_delay": 5,
    "max_on_stage": 6,
    "stage_role": "audience",
    "board": "on",
    "chat": "off",
    "widgets": {"timer": {"state": 1}},
    "flex": {"grade": 8},
    "limit_2": 30,
    "stream_2": "microphone",
    "limit_1": 2,
}
EVERY_DAY = [str(day) for day in range(7)]
SETTINGS = {
    "room_type": 2,
    "duration_s": 2700,
    "close_delay_s": 300,
    "max_on_stage": 6,
    "stage_role": "audience",
    "widgets": {"timer": {"state": 1}, "netlessBoard": {"state": 1}, "easemobIM": {"state": 0}},
    "flex_properties": {"grade": 8},
    "roles": {
        "2": {"limit": 30, "defaultStream": {"state": 1, "videoState": 0, "audioState": 1}},
        "1": {"limit": 2},
    },
}


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


def soon(days: float, hour: int = 9) -> str:
    day = timezone.now() + timedelta(days=days)
    return day.replace(hour=hour, minute=30).strftime("%Y-%m-%dT%H:%M")


def form(**more: Any) -> dict[str, Any]:
    return {"name": "Latin 8a", "room_type": "4", "minutes": "45", "request_id": "one", **more}


def test_form_converts_to_arguments_and_back() -> None:
    assert arguments.arguments(FULL) == SETTINGS
    again = arguments.initial(SETTINGS)
    assert arguments.arguments(again) == SETTINGS
    assert arguments.arguments({"room_type": 4}) == {"room_type": 4}


def test_every_setting_reaches_the_cloud(client: Client, sim: Any) -> None:
    sent = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in FULL.items()}
    answer = client.post(CREATE, form(**sent, starts_at=soon(1)))
    assert answer.status_code == 302
    room = Room.objects.get(name="Latin 8a")
    made = sim.do(lambda world: world.rooms[room.room_uuid])
    assert made.type == 2
    assert (made.schedule.duration_s, made.schedule.close_delay_s) == (2700, 300)
    assert made.processes == {"handsUp": {"maxAccept": 6, "defaultAcceptRole": "audience"}}
    assert made.widgets == SETTINGS["widgets"]
    assert made.properties == {"grade": 8}
    assert made.role_config == SETTINGS["roles"]


def test_form_copies_a_class(client: Client, school: School) -> None:
    sent = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in FULL.items()}
    client.post(CREATE, form(**sent))
    room = Room.objects.get(name="Latin 8a")
    page = client.get(CREATE, {"like": room.key})
    values = page.context["form"]
    assert arguments.arguments({**FULL}) == SETTINGS
    for name, value in FULL.items():
        assert values[name].value() in (value, json.dumps(value, indent=2)), name
    assert values["name"].value() == "Latin 8a"
    other = Client()
    other.force_login(school.other_teacher)
    assert other.get(CREATE, {"like": room.key}).status_code == 404


@pytest.mark.parametrize(
    ("field", "more", "words"),
    [
        ("name", {"name": "é" * 33}, "shorter than 65 bytes"),
        ("minutes", {"minutes": "1441"}, "24 hours"),
        ("minutes", {"minutes": "0"}, "1 minute"),
        ("close_delay", {"close_delay": "-1"}, "24 hours"),
        ("limit_2", {"limit_2": "-5"}, "-1 or more"),
        ("max_on_stage", {"max_on_stage": "-1"}, "0 or more"),
        ("widgets", {"widgets": '{"a": 1,}'}, "Line 1, column"),
        ("flex", {"flex": "[1]"}, "object"),
        ("starts_at", {"starts_at": "2020-01-01T09:00"}, "in the past"),
        ("starts_at", {"starts_at": "9999-12-31T23:59"}, "This year is out of range"),
        ("starts_at", {"repeat": "weekly"}, "Enter the date and time of the first class"),
        ("until", {"repeat": "weekly", "starts_at": "2150-01-01T09:00"}, "Enter an end date"),
        ("zone", {"zone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_errors_are_shown_at_their_field(
    client: Client, field: str, more: dict[str, str], words: str
) -> None:
    answer = client.post(CREATE, form(**more))
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not Entry.objects.exists()
    checked = client.post(CHECK, form(**more), **HTMX)
    assert checked.status_code == 200
    typed = field in more
    assert (words in checked.content.decode().replace("&#x27;", "'")) is typed


def test_all_errors_are_shown(client: Client) -> None:
    answer = client.post(CREATE, form(minutes="9999", limit_2="-5", max_on_stage="-1"))
    assert {"minutes", "limit_2", "max_on_stage"} <= set(answer.context["form"].errors)


def test_empty_form_shows_no_errors_while_typing(client: Client) -> None:
    html = client.post(CHECK, {"name": "", "room_type": "4"}, **HTMX).content.decode()
    assert 'class="error"' not in html
    assert 'hx-swap-oob="true"' in html  # the earlier message is removed
    assert not Entry.objects.exists()


def test_preview_shows_dates_before_creation(client: Client) -> None:
    wanted = form(
        repeat="weekly", starts_at="2150-10-19T09:00", times="3", zone="Europe/Berlin", weekdays=["0"]
    )
    for html in (
        client.post(CHECK, wanted, **HTMX).content.decode(),
        client.post(CREATE, wanted | {"preview": "1"}).content.decode(),
    ):
        assert len(re.findall(r"<li>\s*<time", html)) == 3
        assert "09:00" in html
        assert "keep their local time" in html
    assert not Series.objects.exists()


def test_series_page_shows_each_class(client: Client, school: School) -> None:
    wanted = form(repeat="weekly", starts_at=soon(1), times="3", zone="America/New_York", weekdays=EVERY_DAY)
    answer = client.post(CREATE, wanted)
    series = Series.objects.get()
    assert answer["Location"] == reverse("live:plan", args=[series.key])
    assert client.post(CREATE, wanted)["Location"] == answer["Location"]
    assert ScheduledCommand.objects.count() == 3
    assert [one.starts_at.strftime("%M") for one in series.planned.order_by("starts_at")] == ["30"] * 3
    run_due()
    page = client.get(answer["Location"]).content.decode()
    assert "3 of 3 created" in page
    assert page.count("/classes/") >= 3
    assert "3 created" in client.get(reverse("live:plans")).content.decode()


def test_class_far_ahead_is_scheduled(client: Client) -> None:
    answer = client.post(CREATE, form(starts_at=soon(20)))
    series = Series.objects.get()
    assert answer["Location"] == reverse("live:plan", args=[series.key])
    assert not Entry.objects.filter(action="class.create").exists()
    assert "five days" in client.get(answer["Location"]).content.decode()


def test_classes_can_be_retried_and_cancelled(client: Client, sim: Any) -> None:
    sim.fault("server_error", route="create_room")
    client.post(CREATE, form(repeat="weekly", starts_at=soon(1), times="2", weekdays=EVERY_DAY))
    series = Series.objects.get()
    run_due()
    html = client.get(reverse("live:plan", args=[series.key]), **HTMX).content.decode()
    assert html.count("Failed") == 2
    assert "Next automatic attempt:" in html
    sim.clear_faults()
    first = series.planned.first()
    client.post(reverse("live:plan_do", args=[series.key, "cancel"]), {"planned": first.pk}, **HTMX)
    html = client.post(reverse("live:plan_do", args=[series.key, "retry"]), **HTMX).content.decode()
    assert "hx-trigger" in html  # it goes on asking
    run_due()
    assert [one.state for one in series.planned.order_by("starts_at")] == ["cancelled", "done"]
    html = client.get(reverse("live:plan", args=[series.key]), **HTMX).content.decode()
    assert "1 of 1 created" in html
    assert "hx-trigger" not in html
    back = client.post(
        reverse("live:plan_do", args=[series.key, "restore"]), {"planned": first.pk}, follow=True
    )
    assert "is scheduled again" in back.content.decode()


def test_moved_class_shows_the_clouds_time_if_already_created(
    client: Client, school: School, sim: Any
) -> None:
    sim.fault("lose_answer", route="create_room")
    sim.fault("server_error", route="read_room")  # else a read shows that it was created
    client.post(CREATE, form(repeat="weekly", starts_at=soon(1), times="1", weekdays=EVERY_DAY))
    series = Series.objects.get()
    first = series.planned.get()
    run_due()
    sim.clear_faults()
    page = reverse("live:plan", args=[series.key])
    assert "Failed" in client.get(page).content.decode()
    change_series(school.teacher, series, scope=Scope.THIS, starts_at=first.starts_at + timedelta(days=1))
    run_due()
    sync_once()
    tasks.refresh_rooms()
    html = client.get(page).content.decode()
    assert "keeps its original time" in html
    assert Room.objects.get(room_uuid=first.key).planned_start_at == first.starts_at
    assert f'datetime="{first.starts_at.isoformat()}"' in html


def test_class_that_was_started_early_says_so(client: Client, sim: Any) -> None:
    """The cloud then replaces the scheduled start by the real one."""
    client.post(CREATE, form(repeat="weekly", starts_at=soon(1), times="1", weekdays=EVERY_DAY))
    series = Series.objects.get()
    run_due()
    first = series.planned.get()
    address = reverse("live:command", args=[Room.objects.get(room_uuid=first.key).key, "start"])
    client.post(address, {"early": "only"})
    sync_once()
    tasks.refresh_rooms()
    room = Room.objects.get(room_uuid=first.key)
    assert room.started_at
    assert room.planned_start_at == room.started_at, "the simulator is like the cloud"
    html = client.get(reverse("live:plan", args=[series.key])).content.decode()
    assert "This class was started early. It was scheduled for " in html
    assert "keeps its original time" not in html


@pytest.mark.parametrize(
    ("begins", "started", "difference"),
    [(0, None, ""), (0, 0, ""), (30, 30, ""), (-600, -600, "early"), (600, 599, "late"), (600, None, "kept"),
     (3600, 0, "kept")],
)  # fmt: skip
def test_difference_from_the_scheduled_time(begins: int, started: int | None, difference: str) -> None:
    scheduled = datetime(2026, 5, 4, 8, tzinfo=UTC)
    at = None if started is None else scheduled + timedelta(seconds=started)
    assert plans._difference(scheduled, scheduled + timedelta(seconds=begins), at) == difference


def test_series_page_costs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    client.post(CREATE, form(repeat="weekly", starts_at=soon(1), times="30", weekdays=["0"]))
    key = Series.objects.get().key
    with django_assert_max_num_queries(8):
        client.get(reverse("live:plan", args=[key]))
    with django_assert_max_num_queries(8):
        client.get(reverse("live:plans"))


def test_administrator_can_assign_the_teacher(school: School, sim: Any) -> None:
    admin = Client()
    admin.force_login(school.administrator)
    admin.post(CREATE, form(taught_by=school.teacher.pk))
    assert [given.user for given in Room.objects.get(name="Latin 8a").teachers.all()] == [school.teacher]


def test_teacher_can_not_assign_a_teacher(client: Client, school: School) -> None:
    client.post(CREATE, form(taught_by=school.other_teacher.pk))
    assert [given.user for given in Room.objects.get(name="Latin 8a").teachers.all()] == [school.teacher]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('{"a": 1,\n "b" 2}', 2, 6), ("{", 1, 2), ('{"a": tru}', 1, 7), ("{} x", 1, 4), ("[]", 1, 1)],
)
def test_json_error_has_line_and_column(text: str, line: int, column: int) -> None:
    with pytest.raises(BadJson) as bad:
        read_object(text)
    assert (bad.value.line, bad.value.column) == (line, column)
    assert f"Line {line}, column {column}" in str(bad.value)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1, "a": 2}'])
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(BadJson):
        read_object(text)


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": %s}' % ("9" * 301), "A number has 301 digits; at most 300 are allowed."),
        ('{"a": -%s}' % ("9" * 5000), "A number has 5000 digits; at most 300 are allowed."),
        ('{"a": 1e400}', "The number 1e400 is too large."),
        ('{"a": -%s.5}' % ("9" * 400), "The number -9999999999999999999… is too large."),
        (nested(65), "Brackets are nested more than 64 levels deep."),
        (nested(900), "Brackets are nested more than 64 levels deep."),
        (nested(6000), "Brackets are nested more than 64 levels deep."),
        ("[" * 60_000, "Brackets are nested more than 64 levels deep."),
        ('{"a": ["\\ud800"]}', "The text contains a character that can't be stored"),
        ('{"a": {"\\u0000": 1}}', "The text contains a character that can't be stored"),
        ('{"a": "\\u12"}', "four digits (0 to 9, a to f) must follow"),
        ('{"a": "%s"}' % ("é" * 32 * 1024), "The text is 65 KB long. At most 64 KB are allowed."),
    ],
)
def test_json_that_can_not_be_stored_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadJson) as bad:
        read_object(text)
    assert words in str(bad.value)


@pytest.mark.parametrize(
    "value", [10**299, -1.7e308, json.loads(nested(63)), "\\u0000", "😀", "é" * 32_000, list(range(9000))]
)
def test_json_within_the_limits_is_accepted(value: object) -> None:
    assert read_object(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


def test_invalid_widgets_show_an_error(client: Client) -> None:
    for field in ("widgets", "flex"):
        answer = client.post(CREATE, form(**{field: '{"a": ' + "9" * 5000 + "}"}))
        assert answer.status_code == 422
        assert "A number has 5000 digits" in answer.content.decode()


def test_size_is_in_bytes() -> None:
    assert size({"é": 1}) == len('{"é":1}'.encode())
    assert read_object("  ") == {}


def test_one_form_makes_a_series_with_its_class_list(client: Client, school: School) -> None:
    mine = class_lists.make_list(actor=school.teacher, name="8a")
    foreign = class_lists.make_list(actor=school.other_teacher, name="Theirs")
    page = client.get(CREATE).content.decode()
    assert page.index("Class list") < page.index("More settings")
    assert "Theirs" not in page
    wanted = form(repeat="weekly", starts_at=soon(1), times="2", weekdays=EVERY_DAY)
    assert client.post(CREATE, wanted | {"class_list": foreign.key}).status_code == 422
    assert not Series.objects.exists()
    client.post(CREATE, wanted | {"class_list": mine.key})
    run_due()
    keys = Series.objects.get().planned.values_list("key", flat=True)
    assert {room.class_list for room in Room.objects.filter(room_uuid__in=keys)} == {mine}


def test_single_class_gets_its_class_list_and_a_copy_has_it_too(client: Client, school: School) -> None:
    mine = class_lists.make_list(actor=school.teacher, name="8a")
    client.post(CREATE, form(class_list=mine.key))
    room = Room.objects.get(name="Latin 8a")
    assert room.class_list == mine
    assert client.get(CREATE, {"like": room.key}).context["form"]["class_list"].value() == mine.key
