"""Odd values in every address and form: pages explain them, ignore them or answer 404, but never fail."""

from __future__ import annotations

import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import pytest
from django.db import DataError, connection
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from classroom_admin.accounts.models import User
from classroom_admin.actions import participants
from classroom_admin.actions.account_files import saving
from classroom_admin.actions.class_list_files import store_file
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, Participant, Quiz, Recording, Resource
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.api.v1.api import api
from classroom_admin.web.classroom.breakout_rooms import group_key
from classroom_admin.web.parameters import RowKeyConverter
from tests.rooms.class_list_files.test_oneroster import EXPORT
from tests.rooms.class_list_files.workbook_files import packed
from tests.school import HTMX, School
from tests.web.reports.classes_over import HOUR, MONDAY, class_over

DRAWS: Final = int(os.environ.get("ODD_VALUES", "1"))
ODD: Final = (
    "", " ", "-1", "0", "9" * 19, "9" * 30, "1" * 400, "9" * 5000, "abc", "1e5", "1e400", "inf", "nan", "٣",
    "²", "\x00", "a\x00b", "\r\n", "'", '"', "[]", "[1]", "{}", '{"a":', '{"a":' + "9" * 5000 + "}",
    "[" * 5000,
    '{"a":' * 900 + "1" + "}" * 900, "x" * 5000, "0001-01-01", "0001-01-01T00:00", "9999-12-31T23:59",
    "9998-12-31T23:59+23:59", "2026-02-30T10:00", "25:61:61", "../../etc/passwd", "//evil.example",
    "/\\evil.example", "javascript:alert(1)", "http://[::1", "https://", "Europe", "😀" * 40, "\u202e",
    "\ufffe",
)  # fmt: skip
ALWAYS: Final = ("9" * 30, "abc")
NUL: Final = "a\x00b"
ODD_BYTES: Final = ("%FF", "%ED%A0%80", "%00", "%")
NUMBERS: Final = ("0", "9" * 18, "9" * 19, "9" * 30, "9" * 4301)
KEYS: Final = ("x", "%00", "%FF", "9" * 30, "😀", "a" * 3000)

AUDIT: Final = (
    "before", "text", "person", "student", "action", "room", "outcome", "address",
    "since", "since_time", "until", "until_time",
)  # fmt: skip
ASKED: Final = {
    "": ("v",),
    "live:classes": ("q", "page", "state", "teacher", "recording", "when", "since", "until", "from", "to"),
    "live:classes_changes": ("v", "q", "page", "state", "teacher", "recording"),
    "live:class": ("people", "show", "questions"),
    "live:change_plan": ("from",),
    "live:command": ("text",),
    "live:class_changes": ("v", "t"),
    "live:more_people": ("after", "who", "all"),
    "live:chat": ("q", "before", "kind"),
    "live:events": ("before", "after", "kind", "who", "person"),
    "live:replay": ("at", "upto"),
    "live:properties": ("of", "person", "app"),
    "live:create": ("like",),
    "live:question": ("v",),
    "people:import_preview": ("role",),
    "people:activation": ("person", "to"),
    "live:keys": ("v", "q"),
    "live:run": ("since",),
    "live:plans": ("page",),
    **{
        f"reports:{name}": ("period", "since", "until", "class_list", "teacher", "q", "sort", "page", *more)
        for name, more in (
            ("participation", ()),
            ("questions", ("class",)),
            ("question_students", ()),
            ("question_weeks", ("student",)),
        )
    },
    "reports:class_participation": ("sort", "page"),
    "lists:lists": ("page",),
    "lists:list": ("page",),
    "people:list": ("q", "show", "page"),
    "people:person": ("q", "page"),
    "people:unassigned": ("q", "page"),
    "settings:sync": ("before",),
    "settings:audit": AUDIT,
    "settings:audit_file": AUDIT,
    "settings:audit_json": AUDIT,
    "account_login": ("next",),
    "live:search": ("q", "in", "page"),
    "live:student": ("range", "since", "until", "before", "kind", "also"),
    "reports:attendance": (
        "period",
        "since",
        "until",
        "class_list",
        "teacher",
        "q",
        "by",
        "sort",
        "name",
        "missing",
        "page",
        "format",
    ),
    "reports:student": ("page",),
    "reports:list": ("page", "students"),
    "live:more_tiles": ("tiles", "q", "page", "state", "teacher", "recording", "when", "v"),
    "live:status": ("v", "t"),
    "live:people_do": ("mute", "stage_on", "stop_screen"),
    "reports:recordings": ("q", "state", "period", "since", "until", "teacher", "page"),
    "reports:recording": ("at", "part"),
}
"""Query parameters that pages read, by the name of the address; "" for all others."""
PLAN: Final = (
    "request_id", "name", "repeat", "starts_at", "zone", "minutes", "room_type", "times", "every",
    "close_delay", "until", "weekdays", "taught_by", "max_on_stage", "stage_role", "board", "chat", "widgets",
    "flex", "limit_1", "limit_2", "stream_2",
)  # fmt: skip
RECORDING: Final = (
    "mode", "url", "whole_url", "width", "height", "fps", "bitrate", "audio", "hours", "rtmp", "onhold",
    "retry_s",
)  # fmt: skip
LISTED: Final = ("name", "user_id", "email", "group", "version", "another")
SENT: Final = {
    "": ("do", "name", "q"),
    "live:create": PLAN,
    "live:check_class": PLAN,
    "live:change_plan": (*PLAN, "from", "scope", "day", "at", "seen", "preview"),
    "live:plan_do": ("planned", "do"),
    "live:remove": ("when", "minutes", "span", "reason"),
    "live:let_back": ("reason",),
    "live:class_list": ("class_list",),
    "live:recording": RECORDING,
    "live:check_recording": RECORDING,
    "live:add_file": ("way", "url", "ext", "size", "name", "scale", "output", "upload", "convert", "preview"),
    "live:delete_files": ("files",),
    "live:snooze": ("kinds", "minutes", "back", "at_once"),
    "live:keys": ("do", "key"),
    "live:together": ("do", "class", "token", "text", "live"),
    "live:groups": ("do", "mark", "count", "group", "name-g", "person"),
    "live:properties": ("do", "app", "base", "text", "cause", "state"),
    "live:check_properties": ("text",),
    "live:calendar": ("do",),
    "live:people_do": ("mute", "stage_on", "lower_hand", "mute_chat", "stop_screen"),
    "live:substitute": ("end", "substitute", "starts_at", "ends_at", "what"),
    "reports:share_recording": ("lasts", "day", "end"),
    "lists:make": ("name",),
    "lists:list": ("name",),
    "lists:add_person": LISTED,
    "lists:person": LISTED,
    "lists:delete_person": ("version",),
    "lists:columns": ("encoding", "sheet", "header_line", "class_id", "column-0", "preview"),
    "lists:preview": ("version",),
    "people:import_columns": ("encoding", "sheet", "header_line", "column-0", "column-1", "preview"),
    "people:import_preview": ("plan", "role", "invite"),
    "people:activation": ("person", "to"),
    "face:settings": (
        "name",
        "colour",
        "help_url",
        "banner_text",
        "banner_level",
        "banner_from",
        "banner_until",
    ),
    "face:preview": ("name", "colour", "banner_text", "banner_level"),
    "face:dismiss": ("number", "next"),
    "lists:classes": ("class", "version-c1"),
    "lists:thresholds": ("late_after_minutes", "left_early_minutes"),
    "reports:correct": ("status", "note", "do"),
    "people:create": ("name", "email", "role", "user_uuids", "ids"),
    "people:person": ("name", "email", "role", "user_uuids", "ids"),
    "people:assign": ("rooms", "q", "page"),
    "people:unassign": ("rooms", "q", "page"),
    "people:unassigned": ("rooms", "person"),
    "people:password": ("password",),
    "account_settings": ("language", "time_zone"),
    "account_language": ("language", "next"),
    "account_first_steps": ("password1", "password2", "language", "time_zone", "next"),
    "account_change_password": ("oldpassword", "password1", "password2"),
    "account_login": ("login", "password", "remember", "next"),
}
"""Fields that forms send, by the name of the address; "" for all others."""
FITTING: Final = {
    "name": "Latin", "repeat": "weekly", "starts_at": "2126-12-01T10:00", "zone": "UTC", "minutes": "45",
    "room_type": "4", "times": "2", "every": "1", "close_delay": "10", "request_id": "once", "way": "web",
    "url": "https://files.example/a.pdf", "mode": "web", "when": "own", "span": "now", "language": "en",
    "base": "{}", "text": '{"a":1}', "group": "g", "name-g": "Red", "class": "x", "email": "a@school.test",
    "role": "teacher", "status": "excused",
}  # fmt: skip
LEFT_OUT: Final = {
    "account_logout",
    "channel_notifications",
    "notifications",
    "settings:test",
    "people:deactivate",
    "live:icons",
    *(f"api_v1:{one.name}" for one in api.urls[0]),
}
"""Addresses that sign out, or have their own tests."""


def patterns(
    found: list[Any], space: str = "", before: str = "/"
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return (name, path with braces, converters) of every address."""
    for one in found:
        if not isinstance(one, URLPattern):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from patterns(one.url_patterns, inner, before + str(one.pattern))
        elif f"{space}{one.name}" not in LEFT_OUT:
            path = before + str(one.pattern)
            for name in one.pattern.converters:
                path = re.sub(rf"<(?:\w+:)?{name}>", f"{{{name}}}", path)
            yield f"{space}{one.name}", path, one.pattern.converters


def made(school: School) -> dict[str, dict[str, Any]]:
    """Return the path parameters by the names of addresses; "" for all others."""
    plan = Series.objects.create(created_by=school.teacher, name="Latin", zone="UTC")
    roster = ClassList.objects.create(name="7b", owner=school.teacher)
    listed = roster.people.create(name="Ada")
    over = class_over("Over", MONDAY, {"Ada": HOUR}, teacher=school.teacher, class_list=roster)
    attended = over.people.get()
    file = store_file(actor=school.teacher, class_list=roster, name="7b.csv", content=b"name,id\nAda,7\n")
    export = store_file(actor=school.teacher, class_list=None, name="x.zip", content=packed(EXPORT))
    staff = saving.store_file(
        actor=school.administrator, name="s.csv", content=b"name,e-mail\nAda,a@s.test\n"
    )
    rows = {
        "event": StoredEvent, "question": Quiz, "streams": Recording, "file_pages": Resource,
        "check": Entry,
    }  # fmt: skip
    return {
        "": {"key": school.room.key, "pk": Participant.objects.get(name="Gone").pk, "hold": 1, "run": "x"}
        | {"number": 0, "segment": 0},
        **{f"live:{name}": {"pk": model.objects.order_by("pk")[0].pk} for name, model in rows.items()},
        "lists:classes": {"file_key": export.key},
        **{f"people:import_{name}": {"file_key": staff.key} for name in ("columns", "preview")},
        "live:call_off": {"pk": planned_removal(school).pk},
        "live:plan": {"key": plan.key},
        "live:change_plan": {"key": plan.key},
        "live:plan_do": {"key": plan.key, "name": "retry"},
        "live:command": {"name": "end"},
        "live:recording": {"name": "start"},
        "live:check_recording": {"name": "start"},
        "live:there": {"of": "room", "number": 1},
        "live:question": {"of": "quiz", "pk": Quiz.objects.get().pk},
        **{
            f"reports:{name}": {"pk": Recording.objects.order_by("pk")[0].pk}
            for name in ("recording", "recording_file", "recording_segment", "share_recording")
        },
        **{
            f"lists:{name}": {"key": roster.key, "file_key": file.key}
            for name in (
                "list",
                "upload",
                "columns",
                "preview",
                "delete",
                "download",
                "add_person",
                "thresholds",
            )
        },
        "reports:class": {"key": over.room.key},
        "reports:correct": {"key": over.room.key, "pk": attended.pk},
        "reports:student": {"pk": attended.pk},
        "reports:list": {"key": roster.key},
        **{f"lists:{name}": {"key": roster.key, "pk": listed.pk} for name in ("person", "delete_person")},
        **{
            f"people:{name}": {"pk": school.teacher.pk}
            for name in ("person", "assign", "unassign", "password")
        },
    }


def planned_removal(school: School) -> ScheduledCommand:
    found = ScheduledCommand.objects.filter(kind=ScheduledCommand.Kind.REMOVAL).first()
    if found is not None:
        return found
    ana = Participant.objects.get(name="Ana Torres")
    return participants.schedule_removal(access_to(school.teacher, school.room), participant=ana, after_s=600)


class Prober:
    """Sends odd values as an administrator, a teacher and nobody in turn, and collects failures.

    `draws`: how many odd values each field gets. 0: NUL and one other, which is drawn.
    """

    def __init__(self, school: School, draws: int = 0) -> None:
        people = (school.administrator, school.teacher, None)
        self._clients = [school.signed_in(person) for person in people]
        for client in self._clients:
            client.raise_request_exception = False
        self._made = made(school)
        self.draws = draws
        self.chance = random.Random(7)
        self.broken: list[str] = []
        self.asked = 0

    def path(self, address: str, path: str, **odd: str) -> str:
        """Return an address in which only the `odd` parameter is invalid."""
        fits = {
            key: quote(str(value)) for key, value in (self._made[""] | self._made.get(address, {})).items()
        }
        fits |= {"name": "x", "signed": "x", "token": "x", "group": "x", "of": "quiz"} | fits | odd
        return path.format_map(defaultdict(lambda: "x", fits))

    def drawn(self) -> list[str]:
        """Return odd values for one field: NUL, those that once failed, and some others."""
        if not self.draws:
            return [NUL, self.chance.choice((*ALWAYS, *self.chance.sample(ODD, 2)))]
        return [NUL, *ALWAYS, *self.chance.sample(ODD, min(2 * self.draws, len(ODD)))]

    def drawn_bytes(self) -> list[str]:
        """Return bytes that are no text, for one field of a query."""
        return [self.chance.choice(ODD_BYTES)] if self.draws or self.chance.random() < 0.3 else []

    def get(self, path: str) -> None:
        self._note(path, self._client.get(path, **self.chance.choice((HTMX, {}))))

    def post(self, path: str, sent: dict[str, Any]) -> None:
        told = {name: str(value)[:40] for name, value in sent.items() if value != FITTING.get(name)}
        self._note(f"{path} {told}", self._client.post(path, sent, **self.chance.choice((HTMX, {}))))

    @property
    def _client(self) -> Client:
        # most pages answer nobody with the way to the sign-in
        return self.chance.choices(self._clients, weights=(5, 5, 1))[0]

    def _note(self, what: str, answer: Any) -> None:
        self.asked += 1
        for close in answer._resource_closers:  # `close` would also close the database
            close()
        if answer.status_code >= 500:
            self.broken.append(
                f"{what}: {answer.status_code} {answer.exc_info and answer.exc_info[1]!r}"[:300]
            )


def like_postgresql(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Fail for NUL in a query, as PostgreSQL does."""
    if not many and any(isinstance(one, str) and "\x00" in one for one in params or ()):
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return execute(sql, params, many, context)


@pytest.fixture
def prober(request: pytest.FixtureRequest, school: School) -> Iterator[Prober]:
    # far from UTC, where the first and the last days of the calendar have no time in UTC
    school.administrator.time_zone, school.teacher.time_zone = "Pacific/Auckland", "America/Los_Angeles"
    school.administrator.save()
    school.teacher.save()
    with connection.execute_wrapper(like_postgresql):
        yield Prober(school, getattr(request, "param", 0))


ADDRESSES: Final = list(patterns(get_resolver().url_patterns))
PARTS: Final = 4
"""The addresses are tested in parts, which run beside each other."""
in_parts = pytest.mark.parametrize("part", range(PARTS))
few_and_many = pytest.mark.parametrize(
    "prober",
    [pytest.param(0, id="few"), pytest.param(DRAWS, id="many", marks=pytest.mark.long)],
    indirect=True,
)


@few_and_many
@in_parts
def test_odd_values_in_paths(prober: Prober, part: int) -> None:
    for name, path, converters in ADDRESSES[part::PARTS]:
        for parameter, converter in converters.items():
            choices = NUMBERS if isinstance(converter, RowKeyConverter) else KEYS
            posted = choices if prober.draws else prober.chance.sample(choices, 2)
            for odd in choices:
                where = prober.path(name, path, **{parameter: quote(odd, safe="%")})
                prober.get(where)
                if odd in posted:
                    prober.post(where, {})
    assert not prober.broken
    assert prober.asked > 500 // PARTS


@few_and_many
@in_parts
def test_odd_values_in_queries(prober: Prober, part: int) -> None:
    for name, path, _converters in ADDRESSES[part::PARTS]:
        where = prober.path(name, path)
        for field in ASKED.get(name, ASKED[""]):
            for value in (*map(quote, prober.drawn()), *prober.drawn_bytes()):
                prober.get(f"{where}?{field}={value}")
                for of in ("person", "app") if field in ("person", "app") else ():
                    prober.get(f"{where}?of={of}&{field}={value}")
                if name == "live:student":
                    prober.get(f"{where}?range=own&{field}={value}")
    assert not prober.broken
    assert prober.asked > 300 // PARTS


@few_and_many
@in_parts
def test_odd_values_in_forms(prober: Prober, part: int) -> None:
    for name, path, _converters in ADDRESSES[part::PARTS]:
        where = prober.path(name, path)
        fields = SENT.get(name, SENT[""])
        fits = {field: FITTING[field] for field in fields if field in FITTING}
        for field in fields:
            for value in prober.drawn():
                prober.post(where, fits | {field: value})
    assert not prober.broken
    assert prober.asked > 600 // PARTS


COMMAND_FORMS: Final = {
    "announce": {"text": "Hello", "to": "3", "groups": "g1"},
    "several": {"do": "reward", "whom": "students", "count": "2", "text": "Hello", "people": "1"},
    "move": {"person": "1", "group": "g1"},
    "quiz": {"choice_1": "A", "choice_2": "B", "correct_1": "on"},
    "poll": {"choice_1": "A", "choice_2": "B", "multiple": "on"},
    "countdown": {"minutes": "5", "seconds": "0"},
}
PERSON_FORMS: Final = {
    "message": {"text": "Hello"}, "reward": {"count": "1"}, "move": {"group": "g1"},
    "block": {"minutes": "5", "microphone": "on"},
}  # fmt: skip
GROUP_FORMS: Final = {"rename": {"name": "Blue"}, "close": {"x": "y"}}
GROUPS: Final = {"state": 1, "details": {"g1": {"groupName": "Red", "users": []}}}


def test_odd_values_in_forms_of_commands(prober: Prober, school: School) -> None:
    school.change(school.room, groups=GROUPS)
    (group,) = breakout_rooms.read(GROUPS)
    person = Participant.objects.filter(room=school.room, online=True)[0]
    inside = f"/classes/{school.room.key}"
    forms = {f"{inside}/do/{name}/": fits for name, fits in COMMAND_FORMS.items()}
    forms |= {f"{inside}/people/{person.pk}/{name}/": fits for name, fits in PERSON_FORMS.items()}
    forms |= {f"{inside}/groups/{group_key(group)}/{name}/": fits for name, fits in GROUP_FORMS.items()}
    for path, fits in forms.items():
        for field in fits:
            for value in prober.drawn():
                prober.post(path, fits | {field: value})
    assert not prober.broken


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_times_at_the_ends_of_the_calendar_are_refused_in_every_zone(
    school: School, zone: str, moment: str
) -> None:
    User.objects.update(time_zone=zone)
    admin = school.signed_in(User.objects.get(pk=school.administrator.pk))
    series = Series.objects.create(
        created_by=school.administrator,
        name="Latin",
        zone=zone,
        settings={"room_type": 4, "duration_s": 2700},
    )
    later = datetime(2126, 1, 1, tzinfo=UTC)
    planned = ScheduledCommand.objects.create(
        kind="class", by=school.administrator, series=series, key="latin 1", starts_at=later, due_at=later
    )
    at = reverse("live:student", args=[Participant.objects.filter(room=school.room)[0].pk])
    for name in ("since", "until"):
        assert admin.get(at, {"range": "own", name: moment}).status_code == 422
    day = moment.partition("T")[0]
    for name in ("starts_at", "ends_at"):
        sent = {"substitute": school.teacher.pk, "starts_at": f"{day}T00:00", "ends_at": f"{day}T23:59"}
        sent |= {name: moment}
        assert admin.post(reverse("live:substitute", args=[school.room.key]), sent).status_code == 422
    sent = {"from": planned.pk, "scope": "this", "name": "Latin", "minutes": 45, "room_type": 4, "every": 1}
    sent |= {"day": day, "at": moment.partition("T")[2]}
    assert admin.post(reverse("live:change_plan", args=[series.key]), sent).status_code == 422
    sent |= {"scope": "all", "until": day, "preview": "1"}
    answer = admin.post(reverse("live:change_plan", args=[series.key]), sent)
    assert answer.status_code == 200


@pytest.mark.parametrize("planned", ["abc", "²", "9" * 30, "9" * 5000])
def test_odd_class_of_a_series_does_not_stand_for_all_of_them(school: School, planned: str) -> None:
    series = Series.objects.create(created_by=school.teacher, name="Latin", zone="UTC")
    later = datetime(2126, 1, 1, tzinfo=UTC)
    row = ScheduledCommand.objects.create(
        kind="class", by=school.teacher, series=series, key="latin 1", starts_at=later, due_at=later
    )
    cancel = reverse("live:plan_do", args=[series.key, "cancel"])
    assert school.signed_in(school.teacher).post(cancel, {"planned": planned}).status_code == 404
    row.refresh_from_db()
    assert row.state == "waiting"


@pytest.mark.parametrize("name", [*ASKED, *SENT])
def test_every_listed_name_is_an_address(name: str) -> None:
    assert not name or name in {known for known, _path, _converters in ADDRESSES}
