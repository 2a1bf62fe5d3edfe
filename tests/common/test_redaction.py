"""Pages that show JSON of the cloud hide tokens, stream keys and signed addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver, reverse
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.files import uploads
from classroom_admin.actions.files.addresses import address_of
from classroom_admin.common.redaction import pretty, text_without_secrets, without_secrets
from classroom_admin.rooms.access import access_to
from classroom_admin.sync.models import Quarantine
from classroom_admin.web.classroom.properties.subject import Subject, history
from classroom_admin.web.icons import sprite_fingerprint
from tests.school import School, make_event
from tests.web.test_odd_values import Prober, patterns

KEY = "s3cr3t"
NAMES = (
    "taskToken",
    "boardToken",
    "TOKEN",
    "record.streamingUrl.hls",
    "streamingUrl",
    "rtmp",
    "secretKey",
    "cookie",
)
PLAIN = st.none() | st.booleans() | st.integers() | st.text(alphabet='ab \\"{', max_size=6)
HELD = st.recursive(
    PLAIN,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
)
SECRETS = st.recursive(
    st.just(KEY) | st.just(f"rtmp://push.example/{KEY}"),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from("abc"), inside, max_size=2),
)


@given(
    around=HELD, name=st.sampled_from(NAMES), secret=SECRETS, deep=st.integers(0, 4), cut=st.integers(0, 60)
)
def test_secrets_are_hidden_at_every_depth(around: Any, name: str, secret: Any, deep: int, cut: int) -> None:
    value: Any = {name: secret, "around": around}
    for level in range(deep):
        value = {"x": [value]} if level % 2 else {"data": json.dumps(value)}
    assert KEY not in json.dumps(without_secrets(value))
    text = json.dumps(value)
    assert KEY not in text_without_secrets(text)
    assert KEY not in pretty(text)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"taskToken": "{KEY}", "a',
        f'{{"taskToken":"{KEY}',
        f'[{{"streamingUrl":{{"hls":"https:\\/\\/a.example\\/{KEY}',
        f'{{"data":"{{\\"boardToken\\":\\"{KEY}\\"',
        f"<a href=https://files.example/a.pdf?sig={KEY}>",
        f"https://school.example/files/{KEY}.sig/a.pdf",
        f"token={KEY}",
    ],
)
def test_secrets_are_hidden_in_partial_json(text: str) -> None:
    assert KEY not in text_without_secrets(text)


def test_other_values_stay() -> None:
    value = {
        "name": "Zoë", "url": "https://files.example/a.pdf", "n": [1, 1.5, None, True], "message": "see a?b",
        "token": None, "rtmp": False,
    }  # fmt: skip
    assert without_secrets(value) == value
    assert text_without_secrets(json.dumps(value)) == json.dumps(value)


@pytest.mark.django_db
def test_pages_show_no_secrets(school: School) -> None:
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")
    ours = address_of(uploads.take(access_to(school.teacher, school.room), file=file))
    recording = make_event(
        school.room, 11, 1001, state=1, streamingUrl={"rtmp": f"rtmp://push.example/live/{KEY}"}
    )
    file_event = make_event(
        school.room, 12, 1003,
        resources=[{"taskToken": KEY, "url": ours}, {"url": f"https://bucket.example/a.pdf?signature={KEY}"}],
    )  # fmt: skip
    settings = make_event(school.room, 13, 4, changeProperties={"chat": {"boardToken": KEY}, "myToken": KEY})
    Quarantine.objects.create(raw=file_event.raw[:-9], reason="odd")
    client = school.signed_in(school.administrator)
    where = [
        reverse("live:event", args=[school.room.key, one.pk]) for one in (recording, file_event, settings)
    ]
    signed = ours.split("/")[-2]
    for path in (*where, reverse("settings:sync"), reverse("live:properties", args=[school.room.key])):
        answer = client.get(path)
        html = answer.content.decode()
        assert "hidden]" in html
        assert KEY not in html
        assert signed not in html
        assert "no-store" in answer["Cache-Control"]
    shown = history(Subject(access=access_to(school.teacher, school.room)))
    lines = [line for one in shown.changes for line in one.lines]
    assert {line.value for line in lines} == {"[hidden]", '{"boardToken": "[hidden]"}'}


MAY_BE_KEPT = {"live:manifest", "lti:keys"}
"""Addresses whose answers name no person."""


@pytest.mark.django_db
def test_pages_of_people_are_not_cached(school: School) -> None:
    prober = Prober(school)
    client = school.signed_in(school.administrator)
    cached = {}
    for name, path, _converters in patterns(get_resolver().url_patterns):
        answer = client.get(prober.path(name, path))
        kept = answer["Cache-Control"]
        if not (("private" in kept and "no-cache" in kept) or "no-store" in kept):
            cached[name] = kept
    assert set(cached) == MAY_BE_KEPT, cached
    icons = client.get(reverse("live:icons", args=[sprite_fingerprint()]))
    assert "immutable" in icons["Cache-Control"], "what is the same for everybody stays so"
