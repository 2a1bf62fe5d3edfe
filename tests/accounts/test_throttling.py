"""Repeated attempts must wait, and strangers elsewhere never delay the owner of an account."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from classroom_admin import urls
from classroom_admin.accounts import throttling
from classroom_admin.accounts.models import Attempts, User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from tests.accounts.conftest import PASSWORD, School
from tests.accounts.test_sign_in import is_signed_in
from tests.stepped_clock import SteppedClock, use

HERE, ELSEWHERE, SCHOOL = "198.51.100.7", "203.0.113.66", "192.0.2.1"
EMAIL = "berg@school.test"


@pytest.fixture
def stepped() -> Iterator[SteppedClock]:
    with use(SteppedClock(datetime(2026, 9, 1, 8, tzinfo=UTC))) as source:
        yield source


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def sign_in(client: Client, password: str = PASSWORD, email: str = EMAIL) -> HttpResponse:
    return client.post("/sign-in/", {"login": email, "password": password})


def guess(client: Client, times: int, email: str = EMAIL) -> list[int]:
    return [sign_in(client, "wrong", email).status_code for _ in range(times)]


def test_sixth_attempt_must_wait_and_the_page_says_how_long(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    assert guess(client, 5) == [200] * 5
    recorded = Entry.objects.count()
    refused = sign_in(client)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    page = refused.content.decode()
    assert "Too many failed attempts. Try again in 60 seconds." in page
    assert f'value="{EMAIL}"' in page
    assert PASSWORD not in page
    assert Entry.objects.count() == recorded
    stepped.step(59)
    assert "in 1 second." in sign_in(client).content.decode()
    stepped.step(1)
    assert sign_in(client).status_code == 302


def test_delay_doubles_up_to_fifteen_minutes(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    guess(client, 5)
    waits = []
    for _ in range(7):
        waits.append(int(sign_in(client, "wrong")["Retry-After"]))
        stepped.step(waits[-1])
        assert sign_in(client, "wrong").status_code == 200
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    stepped.step(throttling.FORGET_AFTER.total_seconds())
    assert guess(client, 6) == [200] * 5 + [429]


def test_attempts_during_a_delay_do_not_extend_it(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    guess(client, 5)
    assert guess(client, 30) == [429] * 30
    stepped.step(60)
    assert sign_in(client).status_code == 302


def test_wait_begins_anew_when_the_clock_is_set_back(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    guess(client, 5)
    stepped.set_wall(clock.now() - timedelta(hours=1))
    assert sign_in(client)["Retry-After"] == "60"
    stepped.step(59)
    assert sign_in(client).status_code == 429
    stepped.step(1)
    assert sign_in(client).status_code == 302


def test_many_failures_elsewhere_do_not_lock_out_the_owner(school: School, stepped: SteppedClock) -> None:
    stranger, owner = at(ELSEWHERE), at(HERE)
    statuses = guess(stranger, 100)
    assert statuses.count(200) == throttling.FREE
    assert sign_in(stranger).status_code == 429
    assert sign_in(owner).status_code == 302
    assert is_signed_in(owner)


def test_guesses_from_many_addresses_share_a_limit_and_the_owner_gets_in(
    school: School, stepped: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known devices and new passwords are not affected, and neither are other accounts."""
    monkeypatch.setattr(throttling, "ACCOUNT_LIMIT", 12)
    known = at(HERE)
    sign_in(known)
    known.post("/sign-out/")
    statuses = [guess(at(f"203.0.113.{number}"), 4) for number in range(1, 5)]
    assert statuses == [[200] * 4] * 3 + [[429] * 4]
    assert sign_in(at("198.51.100.9"), PASSWORD, "other@school.test").status_code == 302
    assert sign_in(known).status_code == 302
    stranger = at("203.0.113.9")
    refused = sign_in(stranger)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    stepped.step(61)
    assert guess(stranger, 2) == [200, 429]  # all unknown devices together may try one a minute
    throttling.forgive(EMAIL)  # as a new password does
    assert sign_in(at("203.0.113.10")).status_code == 302


def test_right_password_forgets_earlier_failures(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    for _ in range(4):
        assert guess(client, 4) == [200] * 4
        assert sign_in(client).status_code == 302
        client.post("/sign-out/")


def test_known_device_signs_in_while_its_address_is_refused(school: School, stepped: SteppedClock) -> None:
    known, stranger = at(SCHOOL), at(SCHOOL)
    sign_in(known)
    known.post("/sign-out/")
    for number in range(throttling.ADDRESS_LIMIT):
        sign_in(stranger, "wrong", f"guess{number}@school.test")
    guess(stranger, 6)
    assert sign_in(stranger, PASSWORD, "other@school.test").status_code == 429
    assert sign_in(known).status_code == 302
    assert is_signed_in(known)


def test_known_device_has_a_limit_of_its_own(school: School, stepped: SteppedClock) -> None:
    known = at(HERE)
    sign_in(known)
    known.post("/sign-out/")
    assert guess(known, 11) == [200] * throttling.FREE_OF_KNOWN_DEVICE + [429]
    assert guess(known, 6, "other@school.test") == [200] * throttling.FREE + [429]


def test_invented_device_cookie_is_no_known_device(school: School, stepped: SteppedClock) -> None:
    known, thief = at(HERE), at(ELSEWHERE)
    sign_in(known, PASSWORD, "other@school.test")
    thief.cookies[settings.DEVICE_COOKIE_NAME] = known.cookies[settings.DEVICE_COOKIE_NAME].value
    assert guess(thief, 6) == [200] * throttling.FREE + [429]
    forged = at("203.0.113.67")
    forged.cookies[settings.DEVICE_COOKIE_NAME] = "eyJkZXZpY2UiOiJ4In0:abc:def"
    assert guess(forged, 6) == [200] * throttling.FREE + [429]


def test_device_cookie_is_signed_and_hidden_from_scripts(school: School) -> None:
    client = at(HERE)
    sign_in(client)
    cookie = client.cookies[settings.DEVICE_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert EMAIL not in cookie.value
    again = client.cookies[settings.DEVICE_COOKIE_NAME].value.split(":")[0]
    sign_in(client)
    assert client.cookies[settings.DEVICE_COOKIE_NAME].value.split(":")[0] == again


def test_school_behind_one_address_signs_in_at_eight(db: None, stepped: SteppedClock) -> None:
    """300 teachers sign in within half a minute from one address, and every tenth mistypes once."""
    User.objects.bulk_create(
        [User(email=f"t{number}@school.test", password=_hashed()) for number in range(300)]
    )
    for number in range(300):
        client, email = at(SCHOOL), f"t{number}@school.test"
        stepped.step(0.1)
        if number % 10 == 0:
            assert sign_in(client, "wrong", email).status_code == 200
        assert sign_in(client, PASSWORD, email).status_code == 302


def _hashed() -> str:
    user = User()
    user.set_password(PASSWORD)
    return user.password


def test_address_that_guesses_on_many_accounts_must_wait(school: School, stepped: SteppedClock) -> None:
    client = at(ELSEWHERE)
    statuses = [
        sign_in(client, "wrong", f"guess{number}@school.test").status_code
        for number in range(throttling.ADDRESS_LIMIT + 1)
    ]
    assert statuses == [200] * throttling.ADDRESS_LIMIT + [429]
    stepped.step(6)
    assert sign_in(client).status_code == 302
    assert sign_in(at(HERE), PASSWORD, "other@school.test").status_code == 302


def test_neighbours_in_an_ipv6_network_count_as_one_address(school: School, stepped: SteppedClock) -> None:
    for number in range(throttling.FREE):
        guess(at(f"2001:db8::{number + 1}"), 1)
    assert sign_in(at("2001:db8::99")).status_code == 429
    assert sign_in(at("2001:db8:0:1::99")).status_code == 302


def test_unknown_accounts_wait_like_known_accounts(school: School, stepped: SteppedClock) -> None:
    assert guess(at(HERE), 7, "nobody@school.test") == guess(at(HERE), 7)


def test_table_names_neither_accounts_nor_addresses(school: School, stepped: SteppedClock) -> None:
    guess(at(HERE), 1)
    rows = str(list(Attempts.objects.values()))
    assert Attempts.objects.count() == 3  # of the pair, of the address and of the account
    assert EMAIL not in rows
    assert HERE not in rows


def test_old_attempts_are_deleted(school: School, stepped: SteppedClock) -> None:
    guess(at(HERE), 3)
    stepped.step(throttling.FORGET_AFTER.total_seconds() + 1)
    guess(at(ELSEWHERE), 1, "other@school.test")
    assert Attempts.objects.count() == 3  # of the pair, of the address and of the account


def test_count_is_shared_by_processes_and_does_not_need_the_cache(
    school: School, stepped: SteppedClock
) -> None:
    guess(at(HERE), 5)
    cache.clear()
    assert sign_in(at(HERE)).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_simultaneous_attempts_do_not_exceed_the_limit() -> None:
    User.objects.create_user(EMAIL, PASSWORD)

    def attempt(_number: int) -> int:
        try:
            return sign_in(at(HERE), "wrong").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(attempt, range(24)))
    assert statuses.count(200) == throttling.FREE
    assert statuses.count(429) == 24 - throttling.FREE


def test_new_password_forgives_failures(school: School, stepped: SteppedClock) -> None:
    guess(at(HERE), 6)
    throttling.forgive(school.teacher)
    assert sign_in(at(HERE)).status_code == 302


@pytest.mark.parametrize("kind", throttling.KINDS)
def test_every_kind_of_attempt_has_its_own_count(school: School, stepped: SteppedClock, kind: str) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR=HERE)
    for _ in range(throttling.FREE):
        throttling.check(kind, school.teacher, request)
    with pytest.raises(throttling.TooManyAttempts) as refused:
        throttling.check(kind, EMAIL.upper(), request)
    assert refused.value.wait_s == 60
    other = next(name for name in throttling.KINDS if name != kind)
    throttling.check(other, school.teacher, request)
    stepped.step(60)
    throttling.check(kind, school.teacher, request)
    throttling.succeeded(kind, school.teacher, request)
    throttling.check(kind, school.teacher, request)


def test_unknown_kind_is_refused(school: School) -> None:
    with pytest.raises(ValueError, match="no kind of attempt"):
        throttling.check("guesses", school.teacher, RequestFactory().post("/"))


def try_code(request: HttpRequest) -> HttpResponse:
    throttling.check("second_factor", EMAIL, request)
    return HttpResponse("wrong code")


urlpatterns = [path("code/", try_code), *urls.urlpatterns]


@override_settings(ROOT_URLCONF=__name__)
def test_view_without_a_form_answers_with_a_page_for_429(school: School, stepped: SteppedClock) -> None:
    client = at(HERE)
    assert [client.get("/code/").status_code for _ in range(throttling.FREE)] == [200] * throttling.FREE
    refused = client.get("/code/")
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert "Try again in 60 seconds." in refused.content.decode()
