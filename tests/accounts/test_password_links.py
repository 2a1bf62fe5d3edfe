"""Links with which people choose a password: once, for some time, and only the newest."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classroom_admin.accounts import forgotten, password_links
from classroom_admin.accounts.models import PasswordLink, User
from classroom_admin.actions import people
from classroom_admin.audit.models import Entry
from tests.accounts.codes import set_up_app
from tests.accounts.conftest import PASSWORD
from tests.browser.school import eventually

OWN = "blue-teapot-window"
CHOSEN = {"password1": OWN, "password2": OWN, "language": "es", "time_zone": "Asia/Tokyo"}
FORGOTTEN = "/sign-in/forgotten/"


@pytest.fixture
def made(school) -> tuple[User, str]:
    """Return a new person, and the path of the link."""
    person, secret = people.create_person(
        actor=school.administrator, email="new@school.test", name="New", role="teacher"
    )
    return person, password_links.path(secret)


def links_in(mails) -> list[str]:
    """Return the paths of the links in mails."""
    return [re.search(r"http://[^/]+(/\S+)", mail.body)[1] for mail in mails]


def test_new_person_chooses_password_language_and_time_zone(made):
    person, link = made
    client = Client()
    page = client.get(link)
    assert "Welcome" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert client.post(link, CHOSEN)["Location"] == "/"
    person.refresh_from_db()
    assert person.check_password(OWN)
    assert (person.language, person.time_zone, person.must_change_password) == ("es", "Asia/Tokyo", False)
    assert client.get("/").status_code == 200
    assert [entry.action for entry in Entry.objects.order_by("pk")] == [
        "account.create",
        "account.password_chosen",
        "account.sign_in",
    ]
    assert OWN not in str(list(Entry.objects.values()))
    assert link.rsplit("/", 2)[1] not in str(list(PasswordLink.objects.values()))


def test_link_works_once(made):
    _person, link = made
    Client().post(link, CHOSEN)
    for method in (Client().get, Client().post):
        answer = method(link, {"password1": PASSWORD, "password2": PASSWORD})
        assert answer.status_code == 404
        assert "not valid any more" in answer.content.decode()
    assert Client().login(email="new@school.test", password=OWN)


def test_opening_the_page_does_not_use_the_link(made):
    _person, link = made
    for _ in range(3):
        assert Client().get(link).status_code == 200
    assert Client().post(link, CHOSEN | {"password2": "other"}).status_code == 422
    assert Client().post(link, CHOSEN).status_code == 302


def test_newer_link_replaces_the_earlier_one(school, made):
    person, link = made
    newer = password_links.path(people.reset_password(actor=school.administrator, person=person))
    assert Client().get(link).status_code == 404
    assert Client().get(newer).status_code == 200


def test_link_is_valid_for_some_days(settings, made):
    settings.PASSWORD_LINK_DAYS = 3
    person, _link = made
    link = password_links.path(password_links.create(person))
    left = PasswordLink.objects.get().valid_until - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    PasswordLink.objects.update(valid_until=timezone.now())
    assert Client().get(link).status_code == 404


def test_link_of_a_deactivated_person_does_not_work(school, made):
    person, link = made
    people.deactivate_person(actor=school.administrator, person=person)
    assert Client().get(link).status_code == 404


def test_link_of_a_person_who_was_deactivated_for_a_time_does_not_work(school, made):
    person, link = made
    people.deactivate_person(actor=school.administrator, person=person)
    people.reactivate_person(actor=school.administrator, person=person)
    assert Client().get(link).status_code == 404


def test_link_ends_with_a_change_of_the_address(school, made):
    person, link = made
    same = {"actor": school.administrator, "person": person, "name": "New", "role": "teacher"}
    people.change_person(**same, email=person.email)
    assert Client().get(link).status_code == 200
    people.change_person(**same, email="right@school.test")
    assert Client().get(link).status_code == 404


def test_administrator_learns_that_a_new_address_ends_the_link(school, made, browser_of):
    person, _link = made
    page, admin = f"/people/{person.pk}/", browser_of(school.administrator)
    details = {"name": "New", "role": "teacher", "user_uuids": ""}
    answer = admin.post(page, details | {"email": "NEW@school.test"}, follow=True)
    assert "no longer works" not in answer.content.decode()
    answer = admin.post(page, details | {"email": "right@school.test"}, follow=True)
    assert "The link to choose a password no longer works" in answer.content.decode()


def test_link_ends_other_sessions_and_signs_out_who_opened_it(school, browser_of):
    elsewhere, here = browser_of(school.teacher), browser_of(school.other)
    link = password_links.path(password_links.create(school.teacher))
    here.post(link, CHOSEN)
    assert elsewhere.get("/account/settings/").status_code == 302
    assert "berg@school.test" in here.get("/").content.decode()


def test_link_does_not_replace_the_second_factor(school):
    client = Client()
    client.post("/sign-in/", {"login": "berg@school.test", "password": PASSWORD})
    set_up_app(client)
    thief = Client()
    answer = thief.post(password_links.path(password_links.create(school.teacher)), CHOSEN)
    assert answer["Location"].startswith("/sign-in/code/")
    assert thief.get("/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_requests_use_a_link_once(school):
    secret = password_links.create(school.teacher)
    together, used = threading.Barrier(2, timeout=20), []

    def use(password: str) -> None:
        together.wait()
        used.append(password_links.use(secret, password))
        connections.close_all()

    threads = [threading.Thread(target=use, args=[f"blue-teapot-{number}"]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(person is None for person in used) == [False, True]


@pytest.fixture
def mails(transactional_db, mailoutbox, monkeypatch):
    cache.clear()
    monkeypatch.setattr(forgotten, "AFTER_THE_ANSWER_S", 0.0)
    yield mailoutbox
    finish_mails()


def finish_mails() -> None:
    """Wait until every link that was asked for has been created and mailed."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(60)
            assert not thread.is_alive()


def ask(email: str):
    answer = Client().post(FORGOTTEN, {"email": email}, follow=True)
    finish_mails()
    return answer


def test_time_of_the_answer_does_not_say_whether_an_account_exists(school, mails, monkeypatch):
    """Nothing is written while the person waits. An unknown address costs the same queries."""
    monkeypatch.setattr(forgotten, "AFTER_THE_ANSWER_S", 3600.0)
    seen = []
    for email in ("berg@school.test", "nobody@school.test"):
        with CaptureQueriesContext(connection) as queries:
            Client().post(FORGOTTEN, {"email": email})
        seen.append([re.sub(r"'[^']*'", "?", one["sql"]) for one in queries])
    assert seen[0] == seen[1]
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.cancel()
    assert len(timers) == 2
    assert not PasswordLink.objects.exists()
    assert not mails


def test_stranger_can_not_end_the_link_of_an_administrator(school, mails, made):
    _person, link = made
    ask("new@school.test")
    [mailed] = links_in(mails)
    for path in (link, mailed):
        assert Client().get(path).status_code == 200
    assert Client().post(link, CHOSEN).status_code == 302
    for path in (link, mailed):  # the password is chosen, so no other link may choose another one
        assert Client().get(path).status_code == 404


def test_administrators_link_replaces_a_mailed_one(school, mails):
    ask("berg@school.test")
    [mailed] = links_in(mails)
    people.reset_password(actor=school.administrator, person=school.teacher)
    assert Client().get(mailed).status_code == 404


def test_forgotten_password_is_replaced_by_mail(school, mails):
    User.objects.update(last_login=timezone.now())
    assert "Check your mail" in ask("BERG@school.test").content.decode()
    eventually(lambda: mails)
    assert mails[0].to == ["berg@school.test"]
    [link] = links_in(mails)
    left = PasswordLink.objects.get().valid_until - timezone.now()
    assert left <= timedelta(hours=1)
    page = Client().get(link).content.decode()
    assert "Choose a new password" in page
    entry = Entry.objects.get()
    assert (entry.action, entry.target) == ("account.password_forgotten", "berg@school.test")
    client = Client()
    assert client.post(link, CHOSEN).status_code == 302
    assert client.get("/").status_code == 200
    assert Client().login(email="berg@school.test", password=OWN)


def test_answer_does_not_say_whether_an_account_exists(school, mails):
    known, unknown = ask("berg@school.test"), ask("nobody@school.test")
    assert known.redirect_chain == unknown.redirect_chain
    assert known.content.partition(b"<main")[2] == unknown.content.partition(b"<main")[2]
    eventually(lambda: mails)
    assert [mail.to for mail in mails] == [["berg@school.test"]]


def test_people_without_a_password_here_get_no_mail(school, mails, made):
    people.deactivate_person(actor=school.administrator, person=school.other)
    User.objects.create_user("sso@school.test", name="Sign-on")
    for email in ("sso@school.test", "other@school.test", "new@school.test"):
        ask(email)
    eventually(lambda: mails)  # the new person may ask for the link again
    assert [mail.to for mail in mails] == [["new@school.test"]]
    link = PasswordLink.objects.get(user__email="new@school.test", is_forgotten=True)
    assert link.valid_until > timezone.now() + timedelta(days=6)


def test_mails_to_one_address_are_limited(school, mails):
    answers = [ask("berg@school.test").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_address_in_the_mail_is_the_schools_own(school, mails, settings):
    settings.PUBLIC_URL = "http://classes.school.test"
    Client().post(FORGOTTEN, {"email": "berg@school.test"}, headers={"Host": "127.0.0.1"})
    eventually(lambda: mails)
    assert "http://classes.school.test/sign-in/password/" in mails[0].body


def test_without_mail_the_page_says_whom_to_ask(school, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    for answer in (Client().get(FORGOTTEN), ask("berg@school.test")):
        assert "Ask an administrator of your school" in answer.content.decode()
        assert '<input type="email"' not in answer.content.decode()
    assert not PasswordLink.objects.exists()


def test_mail_is_in_the_language_of_the_person(school, mails):
    User.objects.filter(pk=school.teacher.pk).update(language="es")
    ask("berg@school.test")
    eventually(lambda: mails)
    assert mails[0].subject
