"""Sessions: how long they last, what keeps them alive, and who ends them."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from classroom_admin.accounts import devices, sessions
from classroom_admin.accounts.session_limits import SIGNED_IN_AT, USED_AT
from classroom_admin.audit.models import Entry
from classroom_admin.realtime import rights
from tests.accounts.conftest import PASSWORD

SESSIONS = "/account/sessions/"
HOUR_S, DAY_S = 3600, 24 * 3600
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.SESSION_IDLE_S, settings.SESSION_COOKIE_AGE = 12 * HOUR_S, 14 * DAY_S


def sign_in(email: str = "berg@school.test", **headers: str) -> Client:
    client = Client(headers=headers)
    assert client.post("/sign-in/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def session_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def is_signed_in(client: Client) -> bool:
    return client.get("/account/settings/").status_code == 200


def ends_in_s(client: Client) -> float:
    """Return the seconds until the session expires."""
    return (Session.objects.get(pk=session_of(client)).expire_date - timezone.now()).total_seconds()


def make_older(client: Client, seconds: float, *, unused_s: float | None = None) -> None:
    """Let the session begin `seconds` earlier, and be unused for `unused_s` (or as long)."""
    store = import_module(django_settings.SESSION_ENGINE).SessionStore(session_of(client))
    unused_s = seconds if unused_s is None else unused_s
    now = timezone.now()
    store[SIGNED_IN_AT], store[USED_AT] = now.timestamp() - seconds, now.timestamp() - unused_s
    store.set_expiry(now + timedelta(seconds=django_settings.SESSION_IDLE_S - unused_s))
    store.save()


def near(found: float, expected: float) -> bool:
    return abs(found - expected) < 60


@pytest.mark.parametrize("how", ["form", "program"])
def test_new_session_has_the_idle_limit(school, browser_of, how):
    client = sign_in() if how == "form" else browser_of(school.teacher)
    assert near(ends_in_s(client), 12 * HOUR_S)


def test_use_moves_the_idle_limit(school):
    client = sign_in()
    make_older(client, 11 * HOUR_S)
    assert near(ends_in_s(client), HOUR_S)
    assert is_signed_in(client)
    assert near(ends_in_s(client), 12 * HOUR_S)
    assert near(float(client.cookies["sessionid"]["max-age"]), 12 * HOUR_S)


def test_parts_that_an_open_page_loads_do_not_keep_the_session_alive(school):
    client = sign_in()
    make_older(client, 11 * HOUR_S)
    for path in ("/live/classes/?v=1", f"/live/classes/{school.taught.key}/?v=1", "/live/status/", "/"):
        assert client.get(path, headers={"HX-Request": "true"}).status_code in (200, 204)
    rights.authorise(session_of(client), None)
    assert near(ends_in_s(client), HOUR_S)


def test_commands_count_as_use_also_by_script(school):
    client = sign_in()
    make_older(client, 11 * HOUR_S)
    client.post("/account/language/", {"language": "es"}, headers={"HX-Request": "true"})
    assert near(ends_in_s(client), 12 * HOUR_S)


def test_use_does_not_move_the_absolute_limit(school):
    client = sign_in()
    make_older(client, 14 * DAY_S - HOUR_S, unused_s=120)
    assert is_signed_in(client)
    assert near(ends_in_s(client), HOUR_S)


def test_without_idle_limit_only_the_absolute_one_counts(school, settings):
    settings.SESSION_IDLE_S = 0
    assert near(ends_in_s(sign_in()), 14 * DAY_S)


def test_expired_session_ends_pages_and_streams(school):
    client = sign_in()
    _user, right = rights.authorise(session_of(client), None)
    make_older(client, 13 * HOUR_S)
    assert rights.read([right]).refusal(right) == rights.SIGNED_OUT
    assert client.get("/")["Location"].startswith("/sign-in/")
    with pytest.raises(rights.Refused):
        rights.authorise(session_of(client), None)


def test_use_is_written_at_most_once_a_minute(school, django_assert_num_queries):
    client = sign_in()
    with django_assert_num_queries(3):  # session, user, chosen mails
        is_signed_in(client)
    make_older(client, 120)
    is_signed_in(client)
    with django_assert_num_queries(3):
        is_signed_in(client)


def test_page_lists_own_sessions_in_words(school):
    here, _elsewhere = sign_in(), sign_in(**{"User-Agent": FIREFOX})
    sign_in("other@school.test", **{"User-Agent": FIREFOX})
    page = here.get(SESSIONS).content.decode()
    assert page.count("This session") == 1
    assert page.count("Firefox on Windows") == 2  # the text, and the name of its button
    assert page.count("127.0.0.1") == 2


def test_ending_a_session_ends_its_pages_and_streams(school):
    here, elsewhere = sign_in(), sign_in(**{"User-Agent": FIREFOX})
    _user, right = rights.authorise(session_of(elsewhere), None)
    row = UserSession.objects.get(session_key=session_of(elsewhere))
    here.post(f"{SESSIONS}{row.pk}/end/")
    assert rights.read([right]).refusal(right) == rights.SIGNED_OUT
    assert not is_signed_in(elsewhere)
    assert is_signed_in(here)
    entry = Entry.objects.first()
    assert (entry.action, entry.params) == ("account.own_sessions_end", {"devices": ["Firefox on Windows"]})


def test_signing_out_elsewhere_ends_every_other_session(school, browser_of):
    here, elsewhere, unlisted = sign_in(), sign_in(), browser_of(school.teacher)
    bystander = sign_in("other@school.test")
    _user, right = rights.authorise(session_of(elsewhere), None)
    assert "1 other session was ended." in here.post(SESSIONS, follow=True).content.decode()
    assert rights.read([right]).refusal(right) == rights.SIGNED_OUT
    assert [is_signed_in(one) for one in (here, elsewhere, unlisted, bystander)] == [True, False, False, True]
    assert len(sessions.of(school.teacher, current=session_of(here))) == 1
    assert sessions.of(school.teacher, current=session_of(here))[0].is_current


def test_nobody_ends_sessions_of_another_person(school):
    own, other = sign_in(), sign_in("other@school.test")
    row = UserSession.objects.get(session_key=session_of(other))
    own.post(f"{SESSIONS}{row.pk}/end/")
    assert is_signed_in(other)


def test_administrator_sees_and_ends_a_persons_sessions(school, admin):
    first, second = sign_in(), sign_in(**{"User-Agent": FIREFOX})
    address = f"/people/{school.teacher.pk}/"
    assert "Firefox on Windows" in admin.get(address).content.decode()
    row = UserSession.objects.get(session_key=session_of(second))
    admin.post(f"{address}sessions/", {"session": row.pk})
    assert [is_signed_in(first), is_signed_in(second)] == [True, False]
    admin.post(f"{address}sessions/")
    assert not is_signed_in(first)
    entries = Entry.objects.filter(action="account.sessions_end").order_by("pk")
    assert [entry.params for entry in entries] == [{"device": "Firefox on Windows"}, {}]
    assert {entry.actor for entry in entries} == {school.administrator}


@pytest.mark.parametrize("session", ["0", "x", "9" * 30, "²", "-1"])
def test_unknown_session_ends_nothing(school, admin, session):
    client = sign_in()
    answer = admin.post(f"/people/{school.teacher.pk}/sessions/", {"session": session})
    assert answer.status_code == 302
    assert is_signed_in(client)
    assert not Entry.objects.filter(action="account.sessions_end").exists()


def test_unknown_device_has_words(school):
    assert devices.in_words("") == "Unknown device"
    assert devices.in_words("\x00" * 300) == "Unknown device"


def test_current_session_is_listed_after_a_new_password_and_an_update(school, browser_of):
    unlisted = browser_of(school.other)  # as after an update from a version without this list
    assert "This session" in unlisted.get(SESSIONS).content.decode()
    client = sign_in()
    new = "blue-teapot-window"
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [one.is_current for one in sessions.of(school.teacher, current=session_of(client))] == [True]
    school.teacher.refresh_from_db()
    school.teacher.must_change_password = True
    school.teacher.save()
    client.post("/account/first-steps/", {"password1": PASSWORD, "password2": PASSWORD})
    assert [one.is_current for one in sessions.of(school.teacher, current=session_of(client))] == [True]
