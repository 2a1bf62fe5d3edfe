"""Settings: the connection, its test, and the audit log."""

import dataclasses
import re

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.models import Room
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, envelope, refusing_address, running_cloud

OVERVIEW = "/settings/"
TEST = "/settings/test/"
AUDIT = "/settings/audit/"
HTMX = {"HX-Request": "true"}
NO_SUCH_ROOM = answer(status=404, code=20404100, msg="Room not exist!")


@pytest.fixture
def cloud_at(settings):
    """Point the application at an address."""

    def point(url: str, **changed) -> None:
        settings.AGORA = CloudConfig(
            **{
                "base_url": url,
                "fallback_url": "",
                "region": "eu",
                "app_id": APP_ID,
                "app_certificate": CERTIFICATE,
                "uid": "server",
                "connect_timeout_s": 1.0,
                "read_timeout_s": 2.0,
                **changed,
            }
        )

    return point


def text(response) -> str:
    body = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", body.partition("<main")[2] or body).split())


def test_overview_shows_the_connection_but_no_certificate(school, admin, cloud_at):
    cloud_at("https://cloud.example")
    response = admin.get(OVERVIEW)
    page = text(response)
    assert "https://cloud.example AGORA_BASE_URL" in page
    assert f"App ID {APP_ID} AGORA_APP_ID" in page
    assert "App certificate set AGORA_APP_CERTIFICATE" in page
    assert CERTIFICATE not in response.content.decode()
    assert "not complete" not in page


def test_overview_names_missing_settings(school, admin, cloud_at):
    cloud_at("https://cloud.example", app_certificate="", app_id="")
    page = text(admin.get(OVERVIEW))
    assert "The connection settings are incomplete." in page
    assert "AGORA_APP_CERTIFICATE is not set" in page
    assert "App certificate not set AGORA_APP_CERTIFICATE" in page


def test_connection_test_succeeds(school, admin, cloud_at):
    with running_cloud(NO_SUCH_ROOM) as cloud:
        cloud_at(cloud.url)
        page = text(admin.post(TEST, headers=HTMX))
    assert page.startswith("No problems found.")
    assert len(cloud.asked) == 1
    entry = Entry.objects.get()
    assert (entry.action, entry.actor) == ("cloud.test", school.administrator)
    assert [step.kind for step in entry.steps.all()] == ["requested", "done"]
    assert entry.steps.last().detail["latency_ms"] >= 0


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (answer(status=401, code=401, msg="invalid token"), "The cloud rejects our token."),
        (answer(status=401, code=401, msg="invalid appid"), "There is a problem with the App ID."),
        (answer(status=429, code=429, msg="slow down"), "Too many requests."),
    ],
)
def test_failed_connection_test_is_explained_and_recorded(school, admin, cloud_at, script, says):
    with running_cloud(script) as cloud:
        cloud_at(cloud.url)
        page = text(admin.post(TEST, headers=HTMX))
    assert page.startswith(says)
    assert [step.kind for step in Entry.objects.get().steps.all()] == ["requested", "failed"]


def test_unreachable_cloud_is_explained(school, admin, cloud_at):
    with refusing_address() as url:
        cloud_at(url)
        page = text(admin.post(TEST))
    assert "The cloud can't be reached." in page
    assert "Settings" in page  # without htmx the whole page comes back
    assert Entry.objects.get().steps.last().detail["problem"] == "unreachable"


def secrets_in(headers) -> list[str]:
    """Return the credentials in the request headers."""
    carrying = [
        value for name, value in headers.items() if "token" in name.lower() or name.lower() == "authorization"
    ]
    return [value.split("token=")[-1].split(" ")[-1] for value in carrying]


def test_token_in_an_answer_of_the_cloud_is_not_shown(school, admin, cloud_at):
    def repeat(handler) -> None:
        said = " ".join(secrets_in(handler.headers))
        handler.give(401, envelope(code=401, msg=f"invalid token {said}"))

    with running_cloud(repeat) as cloud:
        cloud_at(cloud.url)
        page = admin.post(TEST).content.decode()
    tokens = secrets_in(cloud.asked[0].headers)
    assert tokens
    for secret in (CERTIFICATE, *tokens):
        assert len(secret) > 20
        assert secret not in page + str(list(Step.objects.values()))


@pytest.fixture
def done(school):
    """A started class, a refused removal and a failed sign-in."""
    record.done(
        actor=school.administrator, action="class.start", room_uuid="room-given", outcome=Step.Kind.CONFIRMED
    )
    record.done(
        actor=school.teacher,
        action="participant.remove",
        room_uuid="room-taught",
        target="pupil-7",
        target_name="<i>Zoë</i>",
        params={"duration_s": 600},
        outcome=Step.Kind.FAILED,
        detail={"message": "The cloud says that nobody of this id is in the room."},
    )
    record.done(
        actor=None, action="account.sign_in_failed", target="who@school.test", outcome=Step.Kind.FAILED
    )
    record.done(
        actor=school.administrator,
        action="account.change",
        target="berg@school.test",
        params={"changed": {"role": {"from": "teacher", "to": "administrator"}}},
    )


def rows(response) -> list[str]:
    return [row.what for row in response.context["rows"]]


def test_audit_log_shows_actor_action_target_class_and_outcome(done, school, admin):
    response = admin.get(AUDIT)
    page = text(response)
    assert "Frau Berg Removed a participant: &lt;i&gt;Zoë&lt;/i&gt; Class: Biology" in page
    assert "Failed The cloud says that nobody of this id is in the room." in page
    assert "Duration (seconds) 600" in page
    assert "not signed in Failed to sign in: who@school.test" in page
    assert "Role teacher → administrator" in page
    assert "room-taught" not in response.content.decode()
    assert reverse("live:class", kwargs={"key": school.taught.key}) in response.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=class.start", ["Started the class"]),
        ("room=bio", ["Removed a participant"]),
        ("room=zzz", []),
        ("outcome=done", ["Changed a person's details"]),
        ("outcome=failed", ["Failed to sign in", "Removed a participant"]),
        ("since=2000-01-01&until=2000-01-02", []),
        ("action=class.start&outcome=failed", []),
    ],
)
def test_filters_limit_the_audit_log(done, admin, query, found):
    assert rows(admin.get(f"{AUDIT}?{query}")) == found


def test_filters_by_person_and_day(done, school, admin):
    assert rows(admin.get(f"{AUDIT}?person={school.teacher.pk}")) == ["Removed a participant"]
    today = Entry.objects.first().at.date().isoformat()
    assert len(rows(admin.get(f"{AUDIT}?since={today}&until={today}"))) == 4


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=yesterday", "valid date"),
        (
            "since=2026-05-02&until=2026-05-01",
            "The end date is before the start date. Choose a later end date.",
        ),
        ("action=nonsense", "not one of the available choices"),
        ("person=999999", "not one of the available choices"),
        ("room=%00", "Null characters"),
    ],
)
def test_invalid_filters_show_an_error_and_no_entries(done, admin, query, says):
    response = admin.get(f"{AUDIT}?{query}")
    assert response.status_code == 200
    assert says in text(response)
    assert rows(response) == []


@pytest.mark.parametrize(
    "query", ["until=9999-12-31", "since=0001-01-01&until=0001-01-01", "before=1", "before=x"]
)
def test_unusual_filters_never_fail(done, admin, query):
    assert admin.get(f"{AUDIT}?{query}").status_code == 200


def test_pages_keep_the_filters(school, admin):
    for _ in range(60):
        record.done(actor=school.administrator, action="class.end", room_uuid="room-given")
    record.done(actor=school.administrator, action="class.start", room_uuid="room-given")
    first = admin.get(f"{AUDIT}?action=class.end&room=alg")
    assert len(rows(first)) == 50
    second = admin.get(f"{AUDIT}?{first.context['older']}")
    assert rows(second) == ["Ended the class"] * 10
    assert second.context["older"] == ""
    assert len(rows(admin.get(f"{AUDIT}?{second.context['newest']}"))) == 50


def test_query_count_of_the_audit_log_is_constant(done, school, admin, django_assert_num_queries):
    admin.get(AUDIT)
    with django_assert_num_queries(6):  # session, user, people to choose from, entries, steps, classes
        admin.get(AUDIT)
    for number in range(40):
        room = Room.objects.create(room_uuid=f"more-{number}", name=f"More {number}")
        record.done(actor=school.teacher, action="class.end", room_uuid=room.room_uuid)
    with django_assert_num_queries(6):
        admin.get(AUDIT)


def test_overview_shows_latest_entries(done, admin):
    page = text(admin.get(OVERVIEW))
    assert "Removed a participant" in page
    assert reverse("people:list") in admin.get(OVERVIEW).content.decode()


def test_overview_shows_settings_of_the_application(school, admin):
    assert dataclasses.is_dataclass(django_settings.AGORA)
    assert "AGORA_APP_ID is not set" in text(admin.get(OVERVIEW))
