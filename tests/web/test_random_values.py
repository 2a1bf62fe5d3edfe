"""Random values in every form, query and header: no page fails, whatever a browser or a program sends.

The addresses come from the resolver. The fields come from the form classes that a view's module uses, and
from the names in its source and in the templates of its package. So new pages are tested, too.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote_from_bytes

import pytest
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve
from django.urls.exceptions import Resolver404
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from tests.school import School
from tests.web.test_odd_values import ADDRESSES, FITTING, ODD, Prober, like_postgresql

EXAMPLES: Final = 3
LONG: Final = int(os.environ.get("RANDOM_VALUES", "150"))
MOST_FIELDS: Final = 5
_READ_IN_SOURCE: Final = re.compile(
    r"""(?:\.get(?:list)?\(|\.(?:GET|POST|FILES)\[|number\(request,)\s*["']([A-Za-z][\w.-]*)["']"""
)
_IN_TEMPLATES: Final = re.compile(r"""\bname="([A-Za-z][\w.-]*)["{]""")
HEADERS: Final = (
    "HTTP_HX_REQUEST", "HTTP_HX_TARGET", "HTTP_HX_TRIGGER", "HTTP_HX_TRIGGER_NAME", "HTTP_HX_CURRENT_URL",
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED", "HTTP_HX_PROMPT", "HTTP_HX_BOOSTED", "HTTP_ACCEPT", "HTTP_RANGE",
    "HTTP_IF_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING", "HTTP_REFERER", "HTTP_ORIGIN", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO", "HTTP_LAST_EVENT_ID", "HTTP_COOKIE", "CONTENT_TYPE",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(tuple(FITTING.values())),
    st.text(max_size=30),
    st.integers().map(str),
    st.integers(min_value=0, max_value=30).map(str),
    st.floats().map(str),
    st.datetimes().map(lambda when: when.isoformat(timespec="minutes")),
    st.datetimes(timezones=st.timezones()).map(lambda when: when.isoformat()),
    st.dates().map(str),
    st.times().map(str),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ).map(json.dumps),
)
surrogates = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2)
header_values = st.one_of(
    st.sampled_from(
        ("bytes=0-", "bytes=-0", "bytes=9-1", "bytes=" + "9" * 18 + "-", "*", "W/", "*/*;q=nan", "es")
    ),
    st.text(st.characters(max_codepoint=255, blacklist_characters="\r\n"), max_size=30),
    st.text(st.characters(max_codepoint=126, min_codepoint=33), max_size=30).map(
        lambda value: f"sessionid={value}"
    ),
    st.integers(min_value=0).map(str),
)


@dataclass(frozen=True)
class Place:
    """An address, the forms that its view uses, and the names of fields in the view's package."""

    name: str
    path: str
    forms: tuple[type[forms.BaseForm], ...]
    names: tuple[str, ...]


def fields_of(module: ModuleType) -> tuple[tuple[type[forms.BaseForm], ...], tuple[str, ...]]:
    """Return the forms that a module uses, and the names of fields that its package and templates mention."""
    found = [
        one for one in vars(module).values() if isinstance(one, type) and issubclass(one, forms.BaseForm)
    ]
    used = tuple(one for one in found if getattr(one, "base_fields", None))
    names = {name for one in used for name in one.base_fields}
    source = Path(str(module.__file__))
    files = [source, *(file for file in source.parent.glob("*.py") if file.name != "urls.py")]
    templates = Path(settings.BASE_DIR) / "templates" / source.parent.name
    for file in files if "classroom_admin" in source.parts else ():
        names |= set(_READ_IN_SOURCE.findall(file.read_text()))
    for file in templates.rglob("*.html"):
        names |= set(_IN_TEMPLATES.findall(file.read_text()))
    return used, tuple(sorted(names)) or ("q",)


def fitting(field: forms.Field) -> st.SearchStrategy[str]:
    """Return values that a field may accept. An empty text means that the field is not sent."""
    choices = getattr(field, "choices", None)
    if isinstance(field, forms.ModelChoiceField | forms.ModelMultipleChoiceField):
        return st.integers(min_value=1, max_value=12).map(str)
    if choices is not None:
        return st.sampled_from([str(value) for value in _values(choices)] or [""])
    if isinstance(field, forms.BooleanField):
        return st.sampled_from(["on", ""])
    if isinstance(field, forms.IntegerField | forms.FloatField):
        return st.integers(min_value=0, max_value=60).map(str)
    if isinstance(field, forms.DateTimeField | forms.DateField):
        return st.sampled_from(["2126-12-01T10:00", "2026-03-02", "2026-03-02 10:00"])
    return st.one_of(
        st.just("Latin"), st.text(min_size=1, max_size=12), st.sampled_from(["", "a@school.test"])
    )


def _values(choices: Any) -> Iterator[Any]:
    for value, shown in choices:
        if isinstance(shown, list | tuple):
            yield from _values(shown)
        else:
            yield value


@st.composite
def sent(draw: Callable[[Any], Any], place: Place) -> list[tuple[str, str]]:
    """Draw the fields of a request: a form that is filled in, with some odd values, or only odd values."""
    filled: list[tuple[str, str]] = []
    if place.forms and draw(st.booleans()):
        form = draw(st.sampled_from(place.forms))
        filled = [(name, draw(fitting(field))) for name, field in form.base_fields.items()]
    odd = draw(st.lists(st.tuples(st.sampled_from(place.names), texts | surrogates), max_size=MOST_FIELDS))
    replaced = {name for name, _ in odd}
    return [(name, value) for name, value in filled if value and name not in replaced] + odd


def encoded(fields: list[tuple[str, str]]) -> str:
    """Return the fields as a query. It may contain bytes that are not UTF-8, as a program can send them."""
    parts = ((name, quote_from_bytes(value.encode("utf-8", "surrogatepass"))) for name, value in fields)
    return "&".join(f"{name}={value}" for name, value in parts)


FORM: Final = "application/x-www-form-urlencoded"


class Requests:
    """Sends requests as an administrator or a teacher, each in a transaction that is rolled back."""

    def __init__(self, school: School) -> None:
        self._clients = (school.signed_in(school.administrator), school.signed_in(school.teacher))
        self._cookies = [client.cookies.output(header="", sep=";") for client in self._clients]
        self._prober = Prober(school)
        self.asked = self.signed_out = 0
        self._modules: dict[str, tuple[tuple[type[forms.BaseForm], ...], tuple[str, ...]]] = {}

    def place(self, name: str, pattern: str) -> Place:
        path = self._prober.path(name, pattern)
        try:
            view = resolve(path).func
        except Resolver404:
            pytest.fail(f"{path} of {name} does not exist")
        module = str(getattr(view, "view_class", view).__module__)
        if module not in self._modules:
            self._modules[module] = fields_of(sys.modules[module])
        return Place(name, path, *self._modules[module])

    def get(self, who: int, path: str, query: str = "", **headers: str) -> None:
        self._check(lambda client: client.get(path, QUERY_STRING=query, **headers), who)

    def post(self, who: int, path: str, body: str, **headers: str) -> None:
        self._check(lambda client: client.generic("POST", path, body, content_type=FORM, **headers), who)

    def upload(self, who: int, path: str, fields: dict[str, Any]) -> None:
        self._check(lambda client: client.post(path, fields), who)

    def _check(self, ask: Callable[[Client], Any], who: int) -> None:
        client = self._clients[who]
        client.cookies = SimpleCookie(self._cookies[who])  # the last answer may have changed the session
        self.asked += 1
        with transaction.atomic():
            answer = ask(client)  # raises what the view raises
            for close in answer._resource_closers:  # close() would also close the connection of this test
                close()
            transaction.set_rollback(True)
        assert answer.status_code < 500 or answer.status_code == 503
        for close in answer._resource_closers:  # `close` would also close the database
            close()
        self.signed_out += answer.status_code == 401 or "/sign-in/?next=" in answer.get("Location", "")


def packages() -> dict[str, list[tuple[str, str]]]:
    """Return (name, path) of all addresses by their space, such as "live" or "reports"."""
    named = sorted({(name, path) for name, path, _ in ADDRESSES if name not in ("healthz", "agora_chat")})
    return {
        space: list(rows)
        for space, rows in groupby(named, lambda row: row[0].split(":")[0] if ":" in row[0] else "")
    }


PACKAGES: Final = packages()


def parts() -> list[tuple[str, int]]:
    """Return the spaces, each in parts of at most 20 addresses, so that workers share them."""
    return [(space, start) for space, rows in PACKAGES.items() for start in range(0, len(rows), 20)]


@pytest.fixture
def requests(school: School) -> Iterator[Requests]:
    with connection.execute_wrapper(like_postgresql):
        yield Requests(school)


def examples(most: int) -> given_settings:
    return given_settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def send_random_fields(requests: Requests, place: Place, most: int) -> None:
    @examples(most)
    @given(
        who=st.integers(0, 1),
        method=st.sampled_from(("GET", "POST", "POST")),
        fields=sent(place),
        htmx=st.sampled_from(({}, {"HTTP_HX_REQUEST": "true"})),
    )
    def check(who: int, method: str, fields: list[tuple[str, str]], htmx: dict[str, str]) -> None:
        if method == "GET":
            requests.get(who, place.path, encoded(fields), **htmx)
        else:
            requests.post(who, place.path, encoded(fields), **htmx)

    check()


def send_random_headers(requests: Requests, place: Place, most: int) -> None:
    @examples(most)
    @given(
        who=st.integers(0, 1),
        headers=st.dictionaries(st.sampled_from(HEADERS), header_values, min_size=1, max_size=6),
    )
    def check(who: int, headers: dict[str, str]) -> None:
        requests.get(who, place.path, **headers)

    check()


def send_random_files(requests: Requests, place: Place, most: int) -> None:
    beginnings = st.sampled_from(
        (
            b"",
            b"PK\x03\x04",
            b"%PDF-1.7",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"\xff\xfe",
            b"name,id\n",
            b"{",
        )
    )
    names = st.sampled_from(
        ("a.pdf", "a.docx", "a.doc", "a.csv", "a.xlsx", "a.zip", "a", "a\x00.pdf", "😀.pdf")
    )

    @examples(most)
    @given(
        who=st.integers(0, 1), begin=beginnings, rest=st.binary(max_size=200), name=names, fields=sent(place)
    )
    def check(who: int, begin: bytes, rest: bytes, name: str, fields: list[tuple[str, str]]) -> None:
        others = {key: value.encode("utf-8", "replace").decode() for key, value in fields}
        requests.upload(who, place.path, others | {"file": SimpleUploadedFile(name, begin + rest)})

    check()


def takes_files(place: Place) -> bool:
    return "file" in place.names


def send_everything(requests: Requests, space: str, start: int, most: int) -> None:
    for name, pattern in PACKAGES[space][start : start + 20]:
        place = requests.place(name, pattern)
        try:
            send_random_fields(requests, place, most)
            send_random_headers(requests, place, max(1, most // 4))
            if takes_files(place):
                send_random_files(requests, place, max(1, most // 4))
        except Exception as error:
            error.add_note(f"at {name} {place.path}")
            raise


@pytest.mark.parametrize(("space", "start"), parts())
def test_no_page_fails_for_random_values(requests: Requests, space: str, start: int) -> None:
    send_everything(requests, space, start, EXAMPLES)
    assert requests.signed_out < requests.asked / 4, "hardly any request reached a page"


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("space", "start"), parts())
def test_no_page_fails_for_many_random_values(requests: Requests, space: str, start: int) -> None:
    send_everything(requests, space, start, LONG)


def test_fields_of_forms_sources_and_templates_are_found(requests: Requests) -> None:
    places = {name: requests.place(name, path) for rows in PACKAGES.values() for name, path in rows}
    assert "planned" in places["live:plan_do"].names  # in the source of the view
    assert "starts_at" in places["live:create"].names  # in a form
    assert "class" in places["live:together"].names
    assert takes_files(places["live:upload_file"])
    assert sum(bool(place.forms) for place in places.values()) > 25
