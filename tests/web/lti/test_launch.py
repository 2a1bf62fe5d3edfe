"""Launches: who gets where, and what is refused."""

from __future__ import annotations

import base64
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.joining.links import path_of
from classroom_admin.integrations.joining.models import PersonalLink
from classroom_admin.integrations.lti.ids import cloud_user_id
from classroom_admin.integrations.lti.models import (
    AccountLink,
    Course,
    Launch,
    Member,
    Platform,
    ResourceLink,
)
from classroom_admin.rooms.models import RoomTeacher
from tests.lti import FRAME, TOP, Moodle, lms

pytestmark = pytest.mark.django_db
CLAIM = lms.CLAIM


def ticket_in(answer: Any) -> str:
    return re.search(r'name="ticket" value="([^"]+)"', answer.content.decode()).group(1)  # type: ignore[union-attr]


def person_of(client: Client) -> int | None:
    return int(client.session["_auth_user_id"]) if "_auth_user_id" in client.session else None


def test_teacher_lands_on_the_class(platform: Moodle, link, room, teacher, ana) -> None:
    client = Client()
    answer = platform.launch(client, ana, platform.server.resource("activity-1"))
    assert (answer.status_code, answer["Location"]) == (302, f"/classes/{room.key}/")
    assert person_of(client) == teacher.pk
    assert client.get(answer["Location"]).status_code == 200
    entry = Entry.objects.get(action="account.sign_in")
    assert (entry.actor, entry.params) == (teacher, {"through": "Moodle"})


def test_teacher_in_a_frame_goes_on_in_a_new_window(platform: Moodle, link, room, teacher, ana) -> None:
    """The frame has no session. The new window asks who it is, unless the teacher is signed in there."""
    frame, window = Client(), Client(enforce_csrf_checks=True)
    answer = platform.launch(frame, ana, platform.server.resource("activity-1"), FRAME)
    policy = dict(one.split(" ", 1) for one in answer["Content-Security-Policy"].split("; ") if " " in one)
    assert policy["frame-ancestors"] == platform.server.url
    assert "X-Frame-Options" not in answer
    assert 'target="_blank"' in answer.content.decode()
    assert person_of(frame) is None
    ticket = ticket_in(answer)
    asked = window.post("/lti/enter/", {"ticket": ticket})
    assert "Continue only if this is you." in " ".join(asked.content.decode().split())
    assert "frame-ancestors 'none'" in asked["Content-Security-Policy"]
    assert person_of(window) is None
    assert (
        window.post("/lti/confirm/", {"ticket": ticket}).status_code == 403
    )  # another site has no CSRF token
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', asked.content.decode()).group(1)
    answer = window.post("/lti/confirm/", {"ticket": ticket, "csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (302, f"/classes/{room.key}/")
    assert person_of(window) == teacher.pk
    for address in ("/lti/enter/", "/lti/confirm/"):
        again = Client().post(address, {"ticket": ticket})
        assert "already used" in again.content.decode()
    # Ana is signed in now, so the next launch does not ask.
    answer = platform.launch(frame, ana, platform.server.resource("activity-1"), FRAME)
    answer = window.post("/lti/enter/", {"ticket": ticket_in(answer)})
    assert (answer.status_code, answer["Location"]) == (302, f"/classes/{room.key}/")


def test_another_browser_can_not_be_signed_in(platform: Moodle, link, teacher, ana) -> None:
    """Someone who sends their own launch to another person's browser does not sign that person in."""
    nonce, state = platform.begin(Client())
    token = platform.server.signed(
        platform.server.claims(ana, nonce=nonce, **platform.server.resource("activity-1"))
    )
    victim = Client()
    answer = platform.send(victim, state, token, TOP)
    assert answer.status_code == 200
    assert person_of(victim) is None


def test_student_lands_on_the_join_page(platform: Moodle, link, room, leo, row) -> None:
    client = Client()
    answer = platform.launch(client, leo, platform.server.resource("activity-1"))
    user_id = cloud_user_id(row.key, "sub-leo")
    assert answer.status_code == 302
    assert answer["Location"] == path_of(PersonalLink.objects.get(user_id=user_id))
    assert person_of(client) is None
    assert Member.objects.get().user_uuid == user_id
    framed = platform.launch(client, leo, platform.server.resource("activity-1"), FRAME)
    assert "Join the class" in framed.content.decode()
    assert 'target="_blank"' in framed.content.decode()
    assert platform.server.url in framed["Content-Security-Policy"]
    assert not User.objects.filter(email="leo@school.test").exists()


def test_cookie_of_a_launch_survives_in_frames(platform: Moodle, row, settings) -> None:
    asked = platform.server.login_request(target="https://tool.example/", hint="1")
    plain = Client().get("/lti/login/", asked)
    assert "SameSite=Lax" in plain.headers["Set-Cookie"]
    settings.SESSION_COOKIE_SECURE = True
    secure = Client().get("/lti/login/", asked).headers["Set-Cookie"]
    assert secure.endswith("; HttpOnly; Secure; SameSite=None; Partitioned")


def test_accounts(platform: Moodle, row: Platform, ana) -> None:
    """Accounts are found by the platform's id, by email only if allowed, and created only if allowed."""

    def launched(**columns: Any) -> str:
        Platform.objects.update(**{"link_by_email": False, "create_accounts": False} | columns)
        return platform.launch(Client(), ana, platform.server.deep_link(), FRAME).content.decode()

    assert "You have no account here yet." in launched()
    assert not User.objects.exists()
    assert "Choose a class" in launched(create_accounts=True)
    made = User.objects.get()
    assert (made.email, made.name, made.role, made.has_usable_password()) == (
        "ana@school.test", "Ana Torres", "teacher", False,
    )  # fmt: skip
    assert Entry.objects.filter(action="lti.create", actor=made).exists()
    assert "Choose a class" in launched()  # known by now
    User.objects.update(is_active=False)
    assert "can&#x27;t be opened" in launched() or "can't be opened" in launched()
    User.objects.update(is_active=True)
    AccountLink.objects.all().delete()
    assert "already an account" in launched(create_accounts=True)
    User.objects.update(role="administrator")
    assert "already an account" in launched(link_by_email=True)
    User.objects.update(role="teacher")
    assert "Choose a class" in launched(link_by_email=True)
    assert AccountLink.objects.get().user == made
    assert Entry.objects.filter(action="lti.connect", actor=made).exists()
    ana.sub = "sub-of-someone-else"
    assert "belongs to another person" in launched(link_by_email=True)
    AccountLink.objects.all().delete()
    nonce, state = platform.begin(Client())
    claims = platform.server.claims(ana, nonce=nonce, email_verified=False, **platform.server.deep_link())
    Platform.objects.update(link_by_email=True)
    answer = platform.send(Client(), state, platform.server.signed(claims))
    assert "You have no account here yet." in answer.content.decode()


def test_platform_never_opens_the_account_of_an_administrator(
    platform: Moodle, link, room, teacher, ana
) -> None:
    """The teacher was connected, and became an administrator later, also during a launch."""
    resource = platform.server.resource("activity-1")
    ticket = ticket_in(platform.launch(Client(), ana, resource, FRAME))
    User.objects.update(role="administrator")
    client = Client()
    answer = platform.launch(client, ana, resource)
    assert answer.status_code == 403
    assert "belongs to an administrator" in answer.content.decode()
    assert person_of(client) is None
    assert client.post("/lti/enter/", {"ticket": ticket}).status_code == 403
    assert client.post("/lti/confirm/", {"ticket": ticket}).status_code == 403
    assert person_of(client) is None
    User.objects.update(role="teacher")
    assert platform.launch(client, ana, resource).status_code == 302


def test_teacher_does_not_see_a_class_of_another_teacher(platform: Moodle, link, ana) -> None:
    RoomTeacher.objects.all().delete()
    answer = platform.launch(Client(), ana, platform.server.resource("activity-1"))
    assert answer.status_code == 403
    assert "not assigned to you" in answer.content.decode()


@pytest.mark.parametrize(
    "role",
    [lms.ROLE + "Instructor", lms.ROLE.replace("membership#", "membership/Instructor#TeachingAssistant")],
)
def test_co_teacher_who_opens_the_class_gets_it(
    platform: Moodle, row, link, room, teacher, role: str
) -> None:
    eva = User.objects.create_user("eva@school.test", "x", name="Eva")
    AccountLink.objects.create(platform=row, sub="sub-eva", user=eva)
    person, roles = lms.Person("sub-eva", "Eva"), {CLAIM + "roles": [role]}
    client, launch = Client(), {**platform.server.resource("activity-1"), **roles}
    assert platform.launch(client, person, launch)["Location"] == f"/classes/{room.key}/"
    assert RoomTeacher.objects.filter(room=room, user=eva).exists()
    entry = Entry.objects.get(action="room.assign")
    assert (entry.target, entry.params["course"]) == (eva.email, "Biology 7b")
    RoomTeacher.objects.filter(user=eva).delete()  # an administrator takes it away, and it stays away
    assert platform.launch(client, person, launch).status_code == 403


def test_copied_activity_does_not_open_the_class_to_another_course(
    platform: Moodle, row, link, room, teacher
) -> None:
    eva = User.objects.create_user("eva@school.test", "x", name="Eva")
    AccountLink.objects.create(platform=row, sub="sub-eva", user=eva)
    copied = {
        **platform.server.resource("copied", custom={"class_link": link.key}),
        CLAIM + "context": {"id": "course-2", "title": "Biology 8a"},
    }
    answer = platform.launch(Client(), lms.Person("sub-eva", "Eva", role="Instructor"), copied)
    assert answer.status_code == 403
    assert not RoomTeacher.objects.filter(user=eva).exists()


def test_each_deployment_has_courses_of_its_own(platform: Moodle, row, link, room, teacher, ana) -> None:
    Platform.objects.update(deployment_ids="deployment-1 deployment-2")
    second = {**platform.server.resource("activity-1"), CLAIM + "deployment_id": "deployment-2"}
    answer = platform.launch(Client(), ana, second)
    assert answer.status_code == 200
    assert set(Course.objects.values_list("deployment_id", "context_id")) == {
        ("deployment-1", "course-1"), ("deployment-2", "course-1"),
    }  # fmt: skip
    assert ResourceLink.objects.get(course__deployment_id="deployment-2").room is None
    Platform.objects.update(deployment_ids="deployment-1")
    assert platform.launch(Client(), ana, second).status_code == 403


def test_state_works_once_and_for_minutes(platform: Moodle, link, ana, teacher) -> None:
    client = Client()
    nonce, state = platform.begin(client)
    claims = platform.server.claims(ana, nonce=nonce, **platform.server.resource("activity-1"))
    token = platform.server.signed(claims)
    assert platform.send(client, state, token).status_code == 302
    again = platform.send(client, state, token)
    assert (again.status_code, "already used" in again.content.decode()) == (403, True)
    _nonce, other = platform.begin(client)
    assert "(nonce)" in platform.send(client, other, token).content.decode()
    nonce, state = platform.begin(client)
    Launch.objects.update(valid_until=clock.now() - timedelta(seconds=1))
    assert "has expired" in platform.send(client, state, token).content.decode()
    assert "has expired" in platform.send(client, "guessed", token).content.decode()
    assert "has expired" in platform.send(client, "", "").content.decode()
    assert Entry.objects.filter(action="lti.launch_failed", target_name="Moodle").exists()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("nonce", {"nonce": "another"}, "(nonce)"),
    ("no nonce", {"nonce": None}, "lacks nonce"),
    ("issuer", {"iss": "https://evil.example"}, "(iss)"),
    ("audience", {"aud": "another-tool"}, "(aud)"),
    ("audiences without azp", {"aud": ["tool-1", "another"]}, "(azp)"),
    ("azp", {"azp": "another"}, "(azp)"),
    ("expired", {"exp": 1}, "has expired"),
    ("from the future", {"iat": 9_999_999_999}, "not valid yet"),
    ("old", {"iat": 1_000_000_000}, "has expired"),
    ("too old for a float", {"iat": -(10**400)}, "has expired"),
    ("no exp", {"exp": None}, "lacks exp"),
    ("no iat", {"iat": None}, "lacks iat"),
    ("no sub", {"sub": None}, "lacks sub"),
    ("deployment", {CLAIM + "deployment_id": "another"}, "“another”"),
    ("no deployment", {CLAIM + "deployment_id": None}, "lacks deployment_id"),
    ("version", {CLAIM + "version": "1.1.0"}, "lacks version"),
    ("no message type", {CLAIM + "message_type": None}, "lacks message_type"),
    ("no link", {CLAIM + "resource_link": None}, "lacks resource_link"),
    ("no target", {CLAIM + "target_link_uri": None}, "lacks target_link_uri"),
    ("no roles", {CLAIM + "roles": None}, "lacks roles"),
    ("no context", {CLAIM + "context": None}, "lacks context"),
    ("role", {CLAIM + "roles": [lms.ROLE + "Mentor"]}, "Only teachers and students"),
    ("odd roles", {CLAIM + "roles": [{"a": 1}]}, "lacks roles"),
]


def test_wrong_claims_are_refused(platform: Moodle, link, teacher, ana) -> None:
    for what, changed, says in WRONG:
        client = Client()
        answer = platform.launch(client, ana, platform.server.resource("activity-1"), **changed)
        page = answer.content.decode()
        assert (answer.status_code, says in page) == (403, True), (what, page[-1500:])
        assert "<h1" in page, what
        assert person_of(client) is None, what


def unsigned(claims: dict[str, Any], header: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def with_hmac(claims: dict[str, Any], header: dict[str, Any], secret: bytes) -> str:
    body = unsigned(claims, header).rpartition(".")[0]
    return unsigned(claims, header, hmac.digest(secret, body.encode(), "sha256"))


def test_wrong_signatures_are_refused(platform: Moodle, link, teacher, ana) -> None:
    server = platform.server

    def refused(make: Any) -> str:
        nonce, state = platform.begin(Client())
        token = make(server.claims(ana, nonce=nonce, **server.resource("activity-1")))
        answer = platform.send(Client(), state, token)
        assert answer.status_code == 403
        return str(answer.content.decode())

    assert "(alg)" in refused(lambda claims: unsigned(claims, {"alg": "none", "kid": server.kid}))
    # Key confusion: an HMAC whose secret is the public key, in both of its usual forms.
    pem = server.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, json.dumps(server.public).encode()):
        header = {"alg": "HS256", "kid": server.kid}
        assert "(alg)" in refused(lambda claims, s=secret, h=header: with_hmac(claims, h, s))
    other = lms.Platform(lambda _address: {})
    assert "(signature)" in refused(
        lambda claims: jwt.encode(claims, other.private, algorithm="RS256", headers={"kid": server.kid})
    )
    assert "(kid)" in refused(
        lambda claims: jwt.encode(claims, other.private, algorithm="RS256", headers={"kid": other.kid})
    )
    assert "(kid)" in refused(lambda claims: jwt.encode(claims, server.private, algorithm="RS256"))
    assert "could not be verified" in refused(lambda claims: "no token")
    assert "could not be verified" in refused(lambda claims: server.signed(claims)[:-4] + "AAAA")


def test_new_key_of_the_platform_is_found(platform: Moodle, link, teacher, ana, room) -> None:
    """The keys are cached. An unknown key id leads to one more read, but not each time."""
    message = platform.server.resource("activity-1")
    assert platform.launch(Client(), ana, message).status_code == 302
    platform.server.new_key()
    assert platform.launch(Client(), ana, message).status_code == 302
    before = platform.server.requests.count("GET /jwks")
    platform.server.new_key()
    assert platform.launch(Client(), ana, message).status_code == 403  # the last read was just now
    assert platform.server.requests.count("GET /jwks") == before


def test_unknown_platform_is_refused(platform: Moodle, row) -> None:
    for wrong in ({"iss": "https://other.example"}, {"client_id": "other"}, {"iss": ""}):
        asked = platform.server.login_request(target="https://tool.example/", hint="1") | wrong
        answer = Client().get("/lti/login/", asked)
        assert (answer.status_code, "not registered here" in answer.content.decode()) == (403, True)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    for missing in ("login_hint", "target_link_uri"):
        asked = platform.server.login_request(target="https://tool.example/", hint="1") | {missing: ""}
        assert f"lacks {missing}" in Client().get("/lti/login/", asked).content.decode()
    _nonce, state = platform.begin(Client())
    Platform.objects.update(is_on=False)
    assert "at the moment" in platform.send(Client(), state, "").content.decode()
    asked = platform.server.login_request(target="https://tool.example/", hint="1")
    assert "at the moment" in Client().get("/lti/login/", asked).content.decode()


def test_error_of_the_platform_is_shown(platform: Moodle, row) -> None:
    _nonce, state = platform.begin(Client())
    answer = Client().post("/lti/launch/", {"state": state, "error": "login_required<b>"})
    assert "(login_requiredb)" in answer.content.decode()


def test_platform_that_is_away_is_not_named_on_the_page(platform: Moodle, link, ana, teacher) -> None:
    Platform.objects.update(jwks_url="http://127.0.0.1:9/jwks")
    answer = platform.launch(Client(), ana, platform.server.resource("activity-1"))
    assert answer.status_code == 403
    assert "127.0.0.1:9" not in answer.content.decode()
    entry = Entry.objects.filter(action="lti.launch_failed").latest("pk")
    assert "127.0.0.1:9" in json.dumps(entry.steps.get().detail)


def test_activity_without_a_class(platform: Moodle, row, ana, leo, teacher) -> None:
    message = platform.server.resource("activity-2")
    answer = platform.launch(Client(), leo, message)
    assert "has not chosen a class" in answer.content.decode()
    answer = platform.launch(Client(), ana, message, FRAME)
    assert "Choose a class" in answer.content.decode()
