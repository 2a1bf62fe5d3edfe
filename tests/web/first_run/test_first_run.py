"""The first-run page: every page leads to it, one code makes one administrator, and then it is gone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts import first_run, throttling
from classroom_admin.accounts.models import FirstRun, User
from classroom_admin.audit.models import Entry
from classroom_admin.simulator.testing import running_simulator
from tests.accounts.codes import APP, code_of
from tests.actions.conftest import config_for
from tests.school import HTMX
from tests.stepped_clock import SteppedClock, use

FIRST_RUN = "/first-run/"
PASSWORD = "quiet-otter-lamp"
DETAILS = {"name": "Ada Admin", "email": "ada@school.test", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def _open(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.FIRST_RUN = True
    monkeypatch.setattr(first_run, "_is_over", False)
    cache.clear()
    yield
    cache.clear()


def begin(client: Client, code: str, **changes: str) -> HttpResponse:
    return client.post(FIRST_RUN, {"code": code, **DETAILS, **changes})


def administrators() -> list[str]:
    return list(User.objects.filter(role=User.Role.ADMINISTRATOR).values_list("email", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/sign-in/forgotten/", "/people/", "/classes/new/"])
def test_every_page_leads_to_the_first_run(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, FIRST_RUN)
    part = Client().get(path, **HTMX)
    assert (part.status_code, part["HX-Refresh"]) == (401, "true")
    assert Client().get(FIRST_RUN).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/api/notifications/", 405),
        ("/api/agora/notifications/", 404),  # switched off
        ("/static/img/mark.svg", 200),
        ("/nothing/like/this/", 404),
    ],
)
def test_probes_webhooks_and_static_files_answer_as_usual(path: str, status: int) -> None:
    answer = Client().get(path)
    assert answer.status_code == status
    answer.close()


@pytest.mark.django_db
def test_code_makes_one_administrator_who_is_signed_in_and_closes_the_page() -> None:
    client, code = Client(), first_run.code()
    answer = begin(client, f" {code.lower().replace('-', ' ')}")
    assert (answer.status_code, answer["Location"]) == (302, "/first-run/connection/")
    assert administrators() == ["ada@school.test"]
    ada = User.objects.get()
    assert ada.check_password(PASSWORD)
    assert ada.name == "Ada Admin"
    assert client.get("/people/").status_code == 200
    assert not FirstRun.objects.exists()
    assert list(Entry.objects.order_by("id").values_list("action", "actor")) == [
        ("account.first_administrator", ada.pk),
        ("account.sign_in", ada.pk),
    ]
    audit = client.get("/settings/audit/").content.decode()
    assert "Created the first administrator with the code from the log" in audit
    visitor = Client()
    assert visitor.get(FIRST_RUN)["Location"] == "/"
    late = begin(visitor, code, email="eve@school.test")
    assert (late.status_code, late["Location"]) == (302, "/")
    assert "the code no longer works" in visitor.get("/sign-in/").content.decode()
    assert administrators() == ["ada@school.test"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "AAAA-BBBB-CCCC"}, "This is not the code."),
        ({"code": ""}, "This field is required."),
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"password1": "ada@school.test", "password2": "ada@school.test"}, "too similar to the"),
        ({"password2": "quiet-otter-lump"}, "The two passwords differ."),
        ({"email": "no address"}, "valid email address"),
        ({"name": "\u2060"}, "no visible characters"),
    ],
)
def test_wrong_input_creates_nothing_and_keeps_the_rest(changes: dict[str, str], words: str) -> None:
    code = first_run.code()
    answer = Client().post(FIRST_RUN, {"code": code, **DETAILS, **changes})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert PASSWORD not in page
    assert ("name" in changes) or 'value="Ada Admin"' in page
    assert administrators() == []
    assert first_run.is_right(code)


@pytest.mark.django_db
def test_guesses_must_wait_also_with_other_names_and_the_right_code_waits_too() -> None:
    code, client = first_run.code(), Client()
    with use(SteppedClock(datetime(2026, 9, 1, 8, tzinfo=UTC))) as hands:
        guesses = [begin(client, "AAAA-BBBB-CCCC", email=f"{number}@school.test") for number in range(5)]
        assert {guess.status_code for guess in guesses} == {422}
        refused = begin(client, code)
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert "Too many failed attempts" in refused.content.decode()
        assert administrators() == []
        elsewhere = Client(REMOTE_ADDR="203.0.113.66")
        assert begin(elsewhere, "AAAA-BBBB-CCCC").status_code == 422
        hands.step(throttling.FIRST_DELAY_S)
        assert begin(client, code).status_code == 302
    failed = Entry.objects.filter(action="account.first_code_failed")
    assert failed.count() == 6
    assert code not in str(list(Entry.objects.values()))


@pytest.mark.django_db
def test_code_is_the_same_in_every_process_and_is_not_in_the_database(settings: Any) -> None:
    code = first_run.code()
    assert first_run.code() == code
    row = FirstRun.objects.get()
    assert code.replace("-", "").lower() not in row.number.lower()
    settings.SECRET_KEY = "another-secret-key-of-another-installation-0123456789"
    assert not first_run.is_right(code)


@pytest.mark.django_db
def test_code_from_before_an_administrator_never_works_again() -> None:
    code = first_run.code()
    call_command("createsuperuser", interactive=False, email="root@school.test", verbosity=0)
    assert not first_run.is_open()
    assert not FirstRun.objects.exists()
    assert Client().get("/sign-in/").status_code == 200
    User.objects.all().delete()
    first_run._is_over = False
    assert first_run.is_open()
    assert begin(Client(), code).status_code == 422
    assert administrators() == []


@pytest.mark.django_db
def test_deactivated_administrator_and_teachers_keep_the_dashboard_closed_and_open() -> None:
    User.objects.create_user("teacher@school.test", PASSWORD)
    assert first_run.is_open()
    User.objects.create_superuser("old@school.test", is_active=False)
    assert not first_run.is_open()


@pytest.mark.django_db
def test_email_of_another_account_is_refused_and_only_after_the_code() -> None:
    User.objects.create_user("ada@school.test", PASSWORD, name="Ada Teacher")
    code = first_run.code()
    assert "Ada Teacher" not in begin(Client(), "AAAA-BBBB-CCCC").content.decode()
    answer = begin(Client(), code)
    assert answer.status_code == 422
    assert "Ada Teacher already uses this email address." in answer.content.decode()
    assert begin(Client(), code, email="head@school.test").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_make_one_administrator() -> None:
    code, answers = first_run.code(), []
    barrier = threading.Barrier(4)

    def enter(number: int) -> None:
        barrier.wait(timeout=60)
        try:
            answers.append(begin(Client(), code, email=f"person{number}@school.test"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enter, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    locations = sorted(answer["Location"] for answer in answers)
    assert locations == ["/", "/", "/", "/first-run/connection/"]
    assert len(administrators()) == 1
    assert Entry.objects.filter(action="account.first_administrator").count() == 1


@pytest.mark.django_db(transaction=True)
def test_required_second_factor_comes_first_and_leads_to_the_next_step(settings: Any) -> None:
    settings.SECOND_FACTOR = "administrators"
    client = Client()
    begin(client, first_run.code())
    for page in ("/first-run/connection/", "/first-run/teacher/", "/people/"):
        assert client.get(page)["Location"].startswith("/account/second-factor/")
    app = client.get(APP).content.decode()
    key = re.search(r'id="app-secret"[^>]* value="([A-Z2-7]+)"', app)[1]
    codes = client.post(APP, {"code": code_of(key)}, follow=True).content.decode()
    assert 'href="/first-run/connection/"' in codes
    assert client.get("/first-run/connection/").status_code == 200
    assert "continue_at" not in client.session


@pytest.mark.django_db
def test_connection_is_tested_with_the_words_of_the_settings_page(settings: Any) -> None:
    client = Client()
    begin(client, first_run.code())
    page = client.get("/first-run/connection/").content.decode()
    assert "AGORA_APP_ID is not set" in page
    assert reverse("first_run:teacher") in page
    with running_simulator(plain=True) as sim:
        settings.AGORA = config_for(sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate)
        right = client.post("/first-run/connection/").content.decode()
        settings.AGORA = config_for(sim.base_url, app_id=sim.app_id, app_certificate="0" * 32)
        wrong = client.post("/first-run/connection/").content.decode()
    assert "No problems found." in right
    assert "There is a problem with the App Certificate." in wrong
    assert Entry.objects.filter(action="cloud.test").count() == 2


@pytest.mark.django_db
def test_teacher_is_invited_with_a_link_that_works() -> None:
    client = Client()
    begin(client, first_run.code())
    invitation = {"name": "Tara Teacher", "email": "tara@school.test", "user_uuids": "teacher-1"}
    wrong = client.post("/first-run/teacher/", {**invitation, "email": "ada@school.test"})
    assert wrong.status_code == 422
    assert "already uses this email address" in wrong.content.decode()
    page = client.post("/first-run/teacher/", invitation)
    address = page.context["address"]
    tara = User.objects.get(email="tara@school.test")
    assert tara.role == User.Role.TEACHER
    assert [one.user_uuid for one in tara.identities.all()] == ["teacher-1"]
    visitor = Client()
    chosen = visitor.post(address, {"password1": "blue-teapot-moon", "password2": "blue-teapot-moon"})
    assert chosen.status_code == 302
    assert visitor.get("/").context["user"] == tara
    assert visitor.get("/first-run/teacher/").status_code == 404


@pytest.mark.django_db
def test_announcement_names_the_address_and_the_code_until_there_is_an_administrator(settings: Any) -> None:
    settings.PUBLIC_URL = "https://classes.school.example"
    code = first_run.code()
    assert first_run.announcement() == (
        "There is no administrator yet. Open https://classes.school.example/first-run/ "
        f"and enter the code {code}"
    )
    User.objects.create_superuser("ada@school.test")
    assert first_run.announcement() == ""


@pytest.mark.django_db
def test_dashboard_whose_settings_switch_it_off_has_no_first_run(settings: Any) -> None:
    settings.FIRST_RUN = False
    assert Client().get("/")["Location"].startswith("/sign-in/")
    assert Client().get(FIRST_RUN)["Location"] == "/"
