"""The settings pages of learning platforms, registration with a link, and the courses of a class."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.encryption import decrypt
from classroom_admin.integrations.lti import keys, registration, tasks
from classroom_admin.integrations.lti.models import (
    Course,
    Launch,
    Platform,
    RegistrationLink,
    ResourceLink,
    Score,
    SigningKey,
)
from classroom_admin.rooms.models import ClassList
from tests.lti import Moodle, lms

pytestmark = pytest.mark.django_db
GIVEN = {
    "label": "Canvas",
    "issuer": "https://canvas.instructure.com",
    "client_id": "10000000000001",
    "deployment_ids": "1:abc  2:def",
    "login_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "token_url": "https://sso.canvaslms.com/login/oauth2/token",
    "jwks_url": "https://sso.canvaslms.com/api/lti/security/jwks",
    "token_audience": "",
    "frame_origins": "https://school.instructure.com",
    "link_by_email": "on",
    "is_on": "on",
}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("head@school.test", role="administrator"))
    return client


def text(answer: Any) -> str:
    page = re.sub(r"<[^>]*>", " ", answer.content.decode().partition("<main")[2])
    return " ".join(html.unescape(page).split())


def actions() -> list[str]:
    return list(
        Entry.objects.filter(action__startswith="lti.").order_by("pk").values_list("action", flat=True)
    )


def test_platform_is_added_changed_and_deleted(admin: Client) -> None:
    assert "Canvas was saved." in text(admin.post("/lti/platforms/new/", GIVEN, follow=True))
    row = Platform.objects.get()
    assert (row.deployment_ids.split(), row.link_by_email, row.create_accounts, row.is_on) == (
        ["1:abc", "2:def"], True, False, True,
    )  # fmt: skip
    page = admin.get(f"/lti/platforms/{row.key}/")
    assert "10000000000001" in page.content.decode()
    assert "/lti/login/" in text(page)
    admin.post(f"/lti/platforms/{row.key}/", GIVEN | {"label": "Renamed", "create_accounts": "on"})
    row.refresh_from_db()
    assert (row.label, row.create_accounts) == ("Renamed", True)
    entry = Entry.objects.get(action="lti.change_platform")
    assert entry.params["changed"] == ["create_accounts", "label"]
    again = admin.post("/lti/platforms/new/", GIVEN)
    assert "already a platform with this issuer and client id" in text(again)
    assert "Delete “Renamed”?" in text(admin.get(f"/lti/platforms/{row.key}/remove/"))
    assert "Renamed was deleted." in text(admin.post(f"/lti/platforms/{row.key}/remove/", follow=True))
    assert not Platform.objects.exists()
    assert actions() == ["lti.add_platform", "lti.change_platform", "lti.delete_platform"]


def test_invalid_platform_is_explained(admin: Client) -> None:
    for changed, says in (
        ({"issuer": "canvas"}, "Enter a full web address"),
        ({"client_id": ""}, "required"),
        ({"login_url": "http://sso.canvaslms.com/x"}, "must begin with https://"),
        ({"token_url": "https://127.0.0.1/token"}, "an address in a private network"),
        ({"jwks_url": "https://10.0.0.7/keys"}, "an address in a private network"),
        ({"frame_origins": "https://school.example/path"}, "without a path"),
        ({"frame_origins": "https://a.example; script-src *"}, "without a path"),
        ({"frame_origins": "*"}, "without a path"),
    ):
        answer = admin.post("/lti/platforms/new/", GIVEN | changed)
        assert (answer.status_code, says in text(answer)) == (422, True), (changed, text(answer)[:900])
    assert not Platform.objects.exists()


def test_another_issuer_disconnects_the_accounts(admin: Client, row: Platform, teacher) -> None:
    values = {name: getattr(row, name) for name in GIVEN if name not in ("link_by_email", "is_on")}
    admin.post(f"/lti/platforms/{row.key}/", values | {"is_on": "on"})
    assert row.accounts.count() == 1
    moved = row.issuer.replace("127.0.0.1", "localhost")
    admin.post(f"/lti/platforms/{row.key}/", values | {"issuer": moved, "is_on": "on"})
    assert row.accounts.count() == 0


def test_test_says_what_is_wrong(admin: Client, platform: Moodle, row: Platform) -> None:
    def tested(**columns: Any) -> str:
        Platform.objects.update(**columns)
        return text(admin.post(f"/lti/platforms/{row.key}/test/"))

    assert "Moodle publishes its keys and gives access tokens." in tested()
    assert "gave no access token (invalid_request)" in tested(client_id="other")
    assert "HTTP status 404" in tested(jwks_url=f"{row.issuer}/nowhere")
    assert "can't be reached" in tested(jwks_url="http://127.0.0.1:9/keys")
    assert "publishes no key" in tested(jwks_url=f"{row.issuer}/openid-configuration")
    assert actions() == ["lti.test_platform"] * 5


def test_key_is_replaced_and_the_earlier_one_stays_published(
    admin: Client, platform: Moodle, row: Platform
) -> None:
    first = SigningKey.objects.get()
    assert "PRIVATE KEY" in decrypt(first.private_pem)
    assert "PRIVATE KEY" not in first.private_pem
    published = Client().get("/lti/keys.json")
    assert published["Content-Type"] == "application/json"
    assert set(published.json()["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}
    assert "There is a new key." in text(admin.post("/lti/platforms/key/", follow=True))
    kids = [key["kid"] for key in Client().get("/lti/keys.json").json()["keys"]]
    assert len(kids) == 2
    assert first.kid in kids
    assert keys.current().kid != first.kid
    failed = text(admin.post(f"/lti/platforms/{row.key}/test/"))  # the platform has not read the new key yet
    assert "gave no access token" in failed
    platform.refresh_keys()
    assert "publishes its keys" in text(admin.post(f"/lti/platforms/{row.key}/test/"))
    SigningKey.objects.filter(pk=first.pk).update(retired_at=clock.now() - timedelta(days=15))
    assert len(Client().get("/lti/keys.json").json()["keys"]) == 1
    tasks.tidy()
    assert not SigningKey.objects.filter(pk=first.pk).exists()


def registration_link(admin: Client) -> str:
    page = admin.post("/lti/platforms/registration-link/", {"create_accounts": "on"})
    assert re.search(r'name="create_accounts"[^>]* checked', page.content.decode())
    address = re.search(r'id="registration-link"[^>]* value="([^"]+)"', page.content.decode()).group(1)  # type: ignore[union-attr]
    return "/lti/" + address.partition("/lti/")[2]


def test_platform_registers_itself(admin: Client, running: Moodle) -> None:
    server = running.server
    address = registration_link(admin)
    details = {
        "openid_configuration": f"{server.url}/openid-configuration",
        "registration_token": server.registration_token,
    }
    frame = Client(enforce_csrf_checks=True)
    page = frame.get(f"{address}?{urlencode(details)}")
    assert server.url.removeprefix("http://") in text(page)
    assert f"frame-ancestors {server.url}" in page["Content-Security-Policy"]
    assert page["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert not Platform.objects.exists()  # only asked
    wrong = frame.post(address, details | {"registration_token": "wrong"})
    assert (wrong.status_code, "HTTP status 400" in text(wrong)) == (422, True)
    done = frame.post(address, details)
    assert "data-close-now" in done.content.decode()
    row = Platform.objects.get()
    assert (row.label, row.issuer, row.client_id, row.deployment_ids) == (
        "moodle (127.0.0.1)", server.url, server.client_id, server.deployment_id,
    )  # fmt: skip
    assert (row.link_by_email, row.create_accounts) == (False, True)
    assert Entry.objects.get(action="lti.register").actor.email == "head@school.test"
    assert frame.get(f"{address}?{urlencode(details)}").status_code == 410  # it works once
    assert frame.post(address, details).status_code == 410


@pytest.mark.parametrize(
    ("issuer", "config", "is_same"),
    [
        ("moodle.school.edu.au", "moodle.school.edu.au", True),
        ("blackboard.com", "developer.blackboard.com", True),
        ("canvas.instructure.com", "school.instructure.com", True),
        ("moodle.school.edu.au", "attacker.edu.au", False),
        ("good.co.uk", "evil.co.uk", False),
        ("10.0.0.1", "10.9.0.1", False),
        ("evil-instructure.com", "school.instructure.com", False),
        ("", "school.instructure.com", False),
    ],
)
def test_platform_can_not_register_with_the_name_of_another_school(
    issuer: str, config: str, is_same: bool
) -> None:
    assert registration._is_of(issuer, config) is is_same


def test_registration_is_refused(admin: Client, running: Moodle, monkeypatch, settings) -> None:
    address, server = registration_link(admin), running.server
    assert Client().get(address).status_code == 422
    assert "from your learning platform" in text(Client().get(address))
    config = server._configuration()
    for changed in (
        {"issuer": "https://evil.example"},
        {"issuer": "https://127.9.0.1"},  # only the last two parts are the same
        {"registration_endpoint": None},
        {"jwks_uri": "https://10.0.0.7/keys", "issuer": "https://platform.example"},
        {"token_endpoint": "ftp://127.0.0.1/"},
    ):
        answer = lms.Answer({**config, **changed})
        monkeypatch.setattr(server, "_configuration", lambda found=answer: found.body)
        page = Client().post(address, {"openid_configuration": f"{server.url}/openid-configuration"})
        assert page.status_code == 422, changed
    page = Client().post(address, {"openid_configuration": "http://127.0.0.1:9/x"})
    assert "can't be reached" in text(page)
    monkeypatch.setattr(server, "_configuration", lambda: config)
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    page = Client().post(address, {"openid_configuration": f"{server.url}/openid-configuration"})
    assert "is in a private network" in text(page)
    User.objects.update(is_active=False)
    assert Client().get(address).status_code == 410
    User.objects.update(is_active=True)
    RegistrationLink.objects.update(valid_until=clock.now() - timedelta(seconds=1))
    assert Client().get(address).status_code == 410
    assert not Platform.objects.exists()


def test_courses_of_a_class(platform: Moodle, link: ResourceLink, room, teacher) -> None:
    client = Client()
    client.force_login(teacher)
    platform.server.people = [lms.Person("sub-leo", "Leo Park")]
    page = f"/lti/classes/{room.key}/"
    assert "have not been read yet" in text(client.get(page))
    assert "Courses" in client.get(f"/classes/{room.key}/list/").content.decode()
    answer = client.post(f"{page}students/", follow=True)
    assert "The class list of Biology 7b is up to date. 1 person changed." in text(answer)
    assert ClassList.objects.get().people.get().name == "Leo Park"
    platform.server.fail_next = [500]
    assert "HTTP status 500" in text(client.post(f"{page}students/", follow=True))
    member = Course.objects.get().members.get()
    ResourceLink.objects.update(grade="attendance")
    Score.objects.create(
        link=link,
        member=member,
        given=1,
        maximum=2,
        problem=json.dumps({"code": "lti_no_scores", "params": {}}),
    )
    shown = text(client.get(page))
    assert "Scores: 0 sent, 0 waiting, 1 failed." in shown
    assert "does not let this activity write scores" in shown
    assert "being sent" in text(client.post(f"{page}scores/", follow=True))
    assert Score.objects.get().due_at is not None


def test_teacher_chooses_later_what_goes_to_the_gradebook(
    platform: Moodle, link: ResourceLink, room, teacher
) -> None:
    client = Client()
    client.force_login(teacher)
    page, where = f"/lti/classes/{room.key}/", f"/lti/classes/{room.key}/grade/{link.pk}/"
    assert "<select" not in client.get(page).content.decode()  # the platform offers no gradebook
    assert client.post(where, {"grade": "quiz"}).status_code == 404
    link.line_items_url = f"{platform.server.url}/lineitems"
    link.save()
    member = link.course.members.create(sub="sub-leo", user_uuid="leo")
    link.scores.create(member=member, given=1, maximum=2, due_at=clock.now())
    assert "The choice was saved." in text(client.post(where, {"grade": "quiz"}, follow=True))
    assert (ResourceLink.objects.get().grade, Score.objects.count()) == ("quiz", 0)
    assert Entry.objects.get(action="lti.grade").params == {"grade": "quiz"}
    assert '<option value="quiz" selected>' in client.get(page).content.decode()
    assert "Choose what goes" in text(client.post(where, {"grade": "everything"}, follow=True))
    client.post(where, {"grade": "quiz"})
    assert Entry.objects.filter(action="lti.grade").count() == 1


def test_old_rows_are_deleted(platform: Moodle, link: ResourceLink, room) -> None:
    platform.begin(Client())
    Launch.objects.update(valid_until=clock.now() - timedelta(hours=2))
    RegistrationLink.objects.create(
        digest="x", made_by=User.objects.get(), valid_until=clock.now() - timedelta(hours=2)
    )
    Course.objects.update(updated_at=clock.now() - timedelta(days=40))
    tasks.tidy()
    assert not Launch.objects.exists()
    assert not RegistrationLink.objects.exists()
    assert Course.objects.exists()  # a class still belongs to it
    room.delete()
    tasks.tidy()
    assert not Course.objects.exists()
