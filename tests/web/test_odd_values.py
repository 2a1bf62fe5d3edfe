"""Odd values in every address and form: pages explain them, ignore them or answer 404, but never fail."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from classroom_admin.actions.class_list_files import store_file
from classroom_admin.actions.models import Series
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import ClassList, Participant, Quiz, Recording, Resource
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.parameters import RowKeyConverter
from tests.rooms.class_list_files.test_oneroster import EXPORT
from tests.rooms.class_list_files.workbook_files import packed
from tests.school import HTMX, School
from tests.web.test_access import planned_removal

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
ODD_BYTES: Final = ("%FF", "%ED%A0%80", "%00", "%")
NUMBERS: Final = ("0", "9" * 18, "9" * 19, "9" * 30, "9" * 4301)
KEYS: Final = ("x", "%00", "%FF", "9" * 30, "😀", "a" * 3000)

ASKED: Final = {
    "": ("v",),
    "live:classes": ("q", "page", "state", "teacher", "recording", "when", "since", "until", "from", "to"),
    "live:classes_changes": ("v", "q", "page", "state", "teacher", "recording"),
    "live:class": ("people",),
    "live:class_changes": ("v", "t"),
    "live:more_people": ("after", "who", "all"),
    "live:chat": ("q", "before", "kind"),
    "live:events": ("before", "after", "kind", "who"),
    "live:replay": ("at", "upto"),
    "live:properties": ("of", "person", "app"),
    "live:create": ("like",),
    "live:question": ("v",),
    "live:keys": ("v", "q"),
    "live:run": ("since",),
    "live:plans": ("page",),
    "lists:lists": ("page",),
    "lists:list": ("page",),
    "people:list": ("q", "show", "page"),
    "people:person": ("q", "page"),
    "people:unassigned": ("q", "page"),
    "settings:sync": ("before",),
    "settings:audit": ("before", "person", "action", "since", "until", "outcome", "room"),
    "account_login": ("next",),
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
SENT: Final = {
    "": ("do", "name", "q"),
    "live:create": PLAN,
    "live:check_class": PLAN,
    "live:change_plan": PLAN,
    "live:move_planned": ("starts_at", "minutes", "zone"),
    "live:plan_do": ("planned", "do"),
    "live:remove": ("when", "minutes", "span", "reason"),
    "live:let_back": ("reason",),
    "live:class_list": ("class_list",),
    "live:recording": RECORDING,
    "live:check_recording": RECORDING,
    "live:add_file": ("way", "url", "ext", "size", "name", "scale", "output", "upload", "convert", "preview"),
    "live:delete_files": ("files",),
    "live:snooze": ("kinds", "minutes", "back"),
    "live:keys": ("do", "key"),
    "live:together": ("do", "class", "token"),
    "live:groups": ("do", "mark", "count", "group", "name-g", "person"),
    "live:properties": ("do", "app", "base", "text", "cause", "state"),
    "live:check_properties": ("text",),
    "live:calendar": ("do",),
    "lists:make": ("name",),
    "lists:list": ("name",),
    "lists:columns": ("encoding", "sheet", "header_line", "class_id", "column-0", "preview"),
    "lists:preview": ("version",),
    "lists:classes": ("class", "version-c1"),
    "people:create": ("name", "email", "role", "user_uuids", "ids"),
    "people:person": ("name", "email", "role", "user_uuids", "ids"),
    "people:assign": ("rooms", "q", "page"),
    "people:unassign": ("rooms", "q", "page"),
    "people:unassigned": ("rooms", "person"),
    "people:password": ("password",),
    "account_settings": ("language", "time_zone"),
    "account_language": ("language", "next"),
    "account_change_password": ("oldpassword", "password1", "password2"),
    "account_login": ("login", "password", "remember", "next"),
}
"""Fields that forms send, by the name of the address; "" for all others."""
FITTING: Final = {
    "name": "Latin", "repeat": "weekly", "starts_at": "2126-12-01T10:00", "zone": "UTC", "minutes": "45",
    "room_type": "4", "times": "2", "every": "1", "close_delay": "10", "request_id": "once", "way": "web",
    "url": "https://files.example/a.pdf", "mode": "web", "when": "own", "span": "now", "language": "en",
    "base": "{}", "text": '{"a":1}', "group": "g", "name-g": "Red", "class": "x", "email": "a@school.test",
    "role": "teacher",
}  # fmt: skip
LEFT_OUT: Final = {"account_logout", "notifications", "settings:test", "people:deactivate", "live:icons"}
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
            for name, converter in one.pattern.converters.items():
                kind = "number:" if isinstance(converter, RowKeyConverter) else ""
                path = path.replace(f"<{kind}{name}>", f"{{{name}}}")
            yield f"{space}{one.name}", path, one.pattern.converters


def made(school: School) -> dict[str, dict[str, Any]]:
    """Return the path parameters by the names of addresses; "" for all others."""
    plan = Series.objects.create(created_by=school.teacher, name="Latin", zone="UTC")
    roster = ClassList.objects.create(name="7b", owner=school.teacher)
    file = store_file(actor=school.teacher, class_list=roster, name="7b.csv", content=b"name,id\nAda,7\n")
    export = store_file(actor=school.teacher, class_list=None, name="x.zip", content=packed(EXPORT))
    rows = {
        "event": StoredEvent, "question": Quiz, "streams": Recording, "file_pages": Resource,
        "check": Entry,
    }  # fmt: skip
    return {
        "": {"key": school.room.key, "pk": Participant.objects.get(name="Gone").pk, "hold": 1, "run": "x"},
        **{f"live:{name}": {"pk": model.objects.order_by("pk")[0].pk} for name, model in rows.items()},
        "lists:classes": {"file_key": export.key},
        "live:call_off": {"pk": planned_removal(school).pk},
        "live:plan": {"key": plan.key},
        "live:change_plan": {"key": plan.key},
        "live:plan_do": {"key": plan.key, "name": "retry"},
        "live:move_planned": {"key": plan.key},
        "live:command": {"name": "end"},
        "live:recording": {"name": "start"},
        "live:check_recording": {"name": "start"},
        "live:there": {"of": "room", "number": 1},
        "live:question": {"of": "quiz", "pk": Quiz.objects.get().pk},
        **{
            f"lists:{name}": {"key": roster.key, "file_key": file.key}
            for name in ("list", "upload", "columns", "preview", "delete", "download")
        },
        **{
            f"people:{name}": {"pk": school.teacher.pk}
            for name in ("person", "assign", "unassign", "password")
        },
    }


class Prober:
    """Sends odd values as an administrator, a teacher and nobody in turn, and collects failures."""

    def __init__(self, school: School) -> None:
        people = (school.administrator, school.teacher, None)
        self._clients = [school.signed_in(person) for person in people]
        for client in self._clients:
            client.raise_request_exception = False
        self._made = made(school)
        self.chance = random.Random(7)
        self.broken: list[str] = []
        self.asked = 0

    def path(self, address: str, path: str, **odd: str) -> str:
        """Return an address in which only the `odd` parameter is invalid."""
        fits = {
            key: quote(str(value)) for key, value in (self._made[""] | self._made.get(address, {})).items()
        }
        fits |= {"name": "x", "signed": "x", "token": "x"} | fits | odd
        return path.format(**fits)

    def drawn(self) -> list[str]:
        """Return odd values for one field: those that once failed, and some others."""
        return [*ALWAYS, *self.chance.sample(ODD, min(2 * DRAWS, len(ODD)))]

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
        if answer.status_code >= 500:
            self.broken.append(
                f"{what}: {answer.status_code} {answer.exc_info and answer.exc_info[1]!r}"[:300]
            )


@pytest.fixture
def prober(school: School) -> Prober:
    return Prober(school)


ADDRESSES: Final = list(patterns(get_resolver().url_patterns))


def test_odd_values_in_paths(prober: Prober) -> None:
    for name, path, converters in ADDRESSES:
        for part, converter in converters.items():
            choices = NUMBERS if isinstance(converter, RowKeyConverter) else KEYS
            for odd in choices:
                where = prober.path(name, path, **{part: quote(odd, safe="%")})
                prober.get(where)
                prober.post(where, {})
    assert not prober.broken
    assert prober.asked > 500


def test_odd_values_in_queries(prober: Prober) -> None:
    for name, path, _converters in ADDRESSES:
        where = prober.path(name, path)
        for field in ASKED.get(name, ASKED[""]):
            for value in (*map(quote, prober.drawn()), prober.chance.choice(ODD_BYTES)):
                prober.get(f"{where}?{field}={value}")
                for of in ("person", "app") if field in ("person", "app") else ():
                    prober.get(f"{where}?of={of}&{field}={value}")
    assert not prober.broken
    assert prober.asked > 300


def test_odd_values_in_forms(prober: Prober) -> None:
    for name, path, _converters in ADDRESSES:
        where = prober.path(name, path)
        fields = SENT.get(name, SENT[""])
        fits = {field: FITTING[field] for field in fields if field in FITTING}
        for field in fields:
            for value in prober.drawn():
                prober.post(where, fits | {field: value})
    assert not prober.broken
    assert prober.asked > 600


@pytest.mark.parametrize("name", [*ASKED, *SENT])
def test_every_listed_name_is_an_address(name: str) -> None:
    assert not name or name in {known for known, _path, _converters in ADDRESSES}
