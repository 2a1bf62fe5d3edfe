"""Settings: the connection, its test, and the audit log."""

import csv
import dataclasses
import io
import json
import re
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit import chain, record, verification
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import erased
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.simulator.testing import running_simulator
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, envelope, refusing_address, running_cloud
from tests.append_only import attack

OVERVIEW = "/settings/"
TEST = "/settings/test/"
AUDIT = "/settings/audit/"
FILE = "/settings/audit/file.csv"
HTMX = {"HX-Request": "true"}
REMOVED = "Removed <i>Zoë</i> for 10 minutes"
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
    assert "App Certificate set AGORA_APP_CERTIFICATE" in page
    assert CERTIFICATE not in response.content.decode()
    assert "not complete" not in page


def test_overview_names_missing_settings(school, admin, cloud_at):
    cloud_at("https://cloud.example", app_certificate="", app_id="")
    page = text(admin.get(OVERVIEW))
    assert "The connection settings are incomplete." in page
    assert "AGORA_APP_CERTIFICATE is not set" in page
    assert "App Certificate not set AGORA_APP_CERTIFICATE" in page


def test_connection_test_succeeds(school, admin, cloud_at):
    with running_cloud(NO_SUCH_ROOM) as cloud:
        cloud_at(cloud.url)
        page = text(admin.post(TEST, headers=HTMX))
    assert page.startswith("No problems found.")
    assert "The cloud accepted tokens of both kinds." in page
    assert len(cloud.asked) == 1
    entry = Entry.objects.get()
    assert (entry.action, entry.actor) == ("cloud.test", school.administrator)
    assert [step.kind for step in entry.steps.all()] == ["requested", "done"]
    assert entry.steps.last().detail["latency_ms"] >= 0


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (answer(status=401, code=401, msg="invalid token"), "There is a problem with the App Certificate."),
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


def test_connection_test_looks_for_a_running_class_in_every_region(school, admin, cloud_at):
    Room.objects.update(state=1)
    with running_cloud(NO_SUCH_ROOM) as cloud:
        cloud_at(cloud.url)
        page = text(admin.post(TEST, headers=HTMX))
    assert page.startswith("No problems found.")
    assert "no region has the class" in page
    regions = [asked.target.split("/")[1] for asked in cloud.asked]
    assert regions == ["eu", "eu", "cn", "ap", "na"]


def test_connection_test_of_a_class_names_its_region(school, admin, cloud_at):
    with running_simulator(plain=True) as sim:
        sim.make_room("maths", state=1)
        sim.fault("other_region", params={"region": "ap"})
        cloud_at(sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate)
        html = admin.post(TEST, {"room": " maths "}).content.decode()
    assert "The region is wrong." in html
    assert "Set AGORA_REGION=ap" in html
    step = Step.objects.order_by("pk").last()
    assert (step.kind, step.detail["problem"], step.detail["kind"]) == ("failed", "region", "both")


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
    Participant.objects.create(room=school.taught, user_uuid="pupil-7", name="Zoë")
    record.done(
        actor=school.administrator, action="class.start", room_uuid="room-given", outcome=Step.Kind.CONFIRMED
    )
    record.done(
        actor=school.teacher,
        action="participant.remove",
        room_uuid="room-taught",
        target="pupil-7",
        target_name="<i>Zoë</i>",
        params={"duration_s": 600, "ban_s": 600, "reason": "shared the link"},
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


def plain(sentence: str) -> str:
    """Return the sentence without the invisible isolates around names."""
    return sentence.translate({0x2068: None, 0x2069: None})


def rows(response) -> list[str]:
    return [plain(row.sentence) for row in response.context["rows"]]


def test_audit_log_shows_actor_action_target_class_and_outcome(done, school, admin):
    response = admin.get(AUDIT)
    page = plain(text(response))
    assert "Frau Berg Removed &lt;i&gt;Zoë&lt;/i&gt; for 10 minutes · shared the link Class: Biology" in page
    assert "Failed The cloud says that nobody of this id is in the room." in page
    assert "not signed in Failed to sign in as who@school.test" in page
    assert "Role teacher → administrator" in page
    assert "room-taught" not in response.content.decode()
    assert reverse("live:class", kwargs={"key": school.taught.key}) in response.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=class.start", ["Started the class"]),
        ("room=bio", [REMOVED]),
        ("room=zzz", []),
        ("outcome=done", ["Changed the account details of berg@school.test"]),
        ("outcome=failed", ["Failed to sign in as who@school.test", REMOVED]),
        ("since=2000-01-01&until=2000-01-02", []),
        ("action=class.start&outcome=failed", []),
        ("student=zoë", [REMOVED]),
        ("student=pupil-7", [REMOVED]),
        ("student=berg", []),
        ("student=nobody", []),
        ("text=berg@school", ["Changed the account details of berg@school.test"]),
        ("text=frau+link", [REMOVED]),
        ("text=ZO%C3%8B+zzz", []),
        ("text=administrator+teacher", ["Changed the account details of berg@school.test"]),
        ("action=group-1", [REMOVED]),
        ("action=group-1&outcome=done", []),
        ("address=192.0", []),
    ],
)
def test_filters_limit_the_audit_log(done, admin, query, found):
    assert rows(admin.get(f"{AUDIT}?{query}")) == found


def test_filters_by_person_and_day(done, school, admin):
    assert rows(admin.get(f"{AUDIT}?person={school.teacher.pk}")) == [REMOVED]
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
        ("since=0001-01-01", "This year is out of range"),
        ("until=9999-12-31", "This year is out of range"),
        ("room=%00", "Null characters"),
        ("since_time=10:00", "Choose a date for this time."),
        (
            "since=2026-05-02&since_time=10:00&until=2026-05-02&until_time=09:59",
            "The end time is before the start time. Choose a later end time.",
        ),
    ],
)
def test_invalid_filters_show_an_error_and_no_entries(done, admin, query, says):
    response = admin.get(f"{AUDIT}?{query}")
    assert response.status_code == 200
    assert says in text(response)
    assert rows(response) == []


def test_student_is_found_by_present_and_recorded_names(done, admin, school):
    Participant.objects.filter(user_uuid="pupil-7").update(name="Zoe King", name_search="zoe king")
    assert rows(admin.get(f"{AUDIT}?student=king")) == [REMOVED]
    assert rows(admin.get(f"{AUDIT}?student=Zoë")) == [REMOVED], "the name that the entry recorded"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("since=2026-05-04&since_time=08:30", ["Ended the class"]),
        ("until=2026-05-04&until_time=08:30", ["Started the class"]),
        ("since=2026-05-04&since_time=08:00&until=2026-05-04&until_time=08:00", ["Started the class"]),
        ("since=2026-05-04&since_time=09:00&until=2026-05-04", ["Ended the class"]),
        ("since=2026-05-04&since_time=09:01&until=2026-05-04", []),
    ],
)
def test_filters_by_time(school, admin, query, found):
    for action, hour in (("class.start", 8), ("class.end", 9)):
        at = datetime(2026, 5, 4, hour, 0, 30, tzinfo=UTC)
        Entry.objects.create(action=action, actor=school.teacher, at=at)
    assert rows(admin.get(f"{AUDIT}?{query}")) == found


def test_recent_periods_keep_the_other_filters(done, admin):
    response = admin.get(f"{AUDIT}?student=zoë&since=2001-01-01&until=2001-01-02")
    assert rows(response) == []
    for _words, query in response.context["periods"]:
        assert rows(admin.get(f"{AUDIT}?{query}")) == [REMOVED]


def table(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def test_file_contains_all_matching_entries_with_length_and_reason(done, school, admin):
    for _ in range(60):
        record.done(actor=school.administrator, action="class.end", room_uuid="room-given")
    response = admin.get(f"{FILE}?room=bio")
    content = response.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "audit-log.csv" in response["Content-Disposition"]
    header, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    cells = dict(zip(header, row, strict=True))
    assert (cells["Person"], cells["Email"]) == ("Frau Berg", "berg@school.test")
    assert (cells["Action"], cells["Class"]) == (REMOVED, "Biology")
    assert (cells["Duration"], cells["Reason"]) == ("10 minutes", "shared the link")
    assert cells["Outcome"] == "Failed"
    assert len(table(admin.get(f"{FILE}?action=class.end"))) == 61, "all pages, and not only the first"
    newest, *others = table(admin.get(FILE))[1:]
    assert "Exported entries of the audit log" in newest, "the export itself is recorded"
    assert len(others) == 64 + 2


def test_cells_of_the_file_are_never_formulas(school, admin):
    record.done(
        actor=school.teacher,
        action="participant.remove",
        room_uuid="room-taught",
        target="+7",
        target_name="=SUM(A1)",
        params={"reason": "@home"},
    )
    row = table(admin.get(f"{FILE}?action=participant.remove"))[1]
    assert {"'+7", "'=SUM(A1)", "'@home"} < set(row)
    assert not [cell for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")]


def test_file_with_an_invalid_filter_leads_to_the_page_with_the_error(done, admin):
    response = admin.get(f"{FILE}?since=yesterday", follow=True)
    assert response.redirect_chain == [(f"{AUDIT}?since=yesterday", 302)]
    assert "valid date" in text(response)


def test_query_count_of_the_file_does_not_grow_with_its_rows(done, school, admin, django_assert_num_queries):
    for number in range(60):
        room = Room.objects.create(room_uuid=f"more-{number}", name=f"More {number}")
        record.done(actor=school.teacher, action="class.end", room_uuid=room.room_uuid)
    # session, user, the record of the export (4), entries, steps, classes
    with django_assert_num_queries(9):
        assert len(table(admin.get(FILE))) == 66


def test_administrators_reach_the_audit_log_from_every_page(school, admin, browser_of):
    link = f'href="{AUDIT}"'
    assert link in admin.get("/").content.decode()
    assert link not in browser_of(school.teacher).get("/").content.decode()


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
    # session, user, people to choose from, entries, steps, classes, checkpoint, triggers
    with django_assert_num_queries(8):
        admin.get(AUDIT)
    for number in range(40):
        room = Room.objects.create(room_uuid=f"more-{number}", name=f"More {number}")
        record.done(actor=school.teacher, action="class.end", room_uuid=room.room_uuid)
    with django_assert_num_queries(8):
        admin.get(AUDIT)


def test_overview_shows_latest_entries(done, admin):
    page = text(admin.get(OVERVIEW))
    assert REMOVED.partition("<")[0] in page
    assert reverse("people:list") in admin.get(OVERVIEW).content.decode()


def test_overview_shows_settings_of_the_application(school, admin):
    assert dataclasses.is_dataclass(django_settings.AGORA)
    assert "AGORA_APP_ID is not set" in text(admin.get(OVERVIEW))


def test_years_that_no_time_zone_has_never_fail(done, school, admin):
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        school.administrator.time_zone = zone
        school.administrator.save()
        for day in ("since=0001-01-01", "until=9999-12-31", "since=9999-12-31&since_time=23:59"):
            assert "This year is out of range" in text(admin.get(f"{AUDIT}?{day}"))
            assert admin.get(f"{FILE}?{day}")["Location"] == f"{AUDIT}?{day.replace(':', '%3A')}"


def test_details_name_the_times_of_a_substitution_in_the_time_zone_of_the_person(school, admin):
    school.administrator.time_zone = "Europe/Berlin"
    school.administrator.save()
    params = {"from": "2026-07-01T08:00:00+00:00", "until": "2026-07-01T22:30:00+00:00", "series": "Latin"}
    record.done(actor=school.administrator, action="substitute.appoint", target_name="Ben", params=params)
    (row,) = admin.get(AUDIT).context["rows"]
    assert row.details == [
        ("From", "2026-07-01 10:00"), ("Until", "2026-07-02 00:30"), ("Series", "Latin"),
    ]  # fmt: skip


def test_file_in_json_contains_every_stored_value(done, school, admin):
    response = admin.get("/settings/audit/file.json?student=zo%C3%AB", headers={"User-Agent": "Browser 9"})
    assert response["Content-Type"] == "application/json"
    assert "audit-log.json" in response["Content-Disposition"]
    (found,) = json.loads(response.getvalue())
    entry = Entry.objects.get(action="participant.remove")
    assert (found["id"], found["action"], found["target"]["name"]) == (entry.pk, entry.action, "<i>Zoë</i>")
    assert found["actor"] == {"id": school.teacher.pk, "name": "Frau Berg"}
    assert found["params"] == entry.params
    assert [step["kind"] for step in found["steps"]] == ["failed"]
    export = Entry.objects.first()
    assert (export.action, export.actor) == ("audit.export", school.administrator)
    assert export.params == {"format": "json", "filters": "student=zo%C3%AB"}
    assert (export.address, export.agent) == ("127.0.0.1", "Browser 9")
    assert json.loads(admin.get("/settings/audit/file.json?room=zzz").getvalue()) == []


def test_page_shows_where_a_request_came_from_and_filters_by_it(school, admin):
    answer = admin.get(FILE, headers={"User-Agent": "Browser <9>"})
    request_id = answer["X-Request-ID"]
    page = admin.get(f"{AUDIT}?address=127.0.0").content.decode()
    assert "Browser &lt;9&gt;" in page
    assert request_id in page
    assert rows(admin.get(f"{AUDIT}?text={request_id}")) == ["Exported entries of the audit log"]
    assert rows(admin.get(f"{AUDIT}?address=127.0.0.2")) == []


def test_erased_values_are_in_the_language_of_the_reader(school, admin, monkeypatch):
    record.done(
        actor=None,
        action="account.change",
        target=erased.ERASED,
        target_name=erased.ERASED,
        params={"changed": {"name": {"from": "[erased] Berg", "to": "Berg"}}, "reason": "[erased]"},
    )
    monkeypatch.setattr(erased, "gettext", {"[erased]": "[borrado]"}.get)
    page = text(admin.get(AUDIT))
    assert "[borrado] Berg → Berg" in page
    assert page.count("[borrado]") == 3
    assert "[erased]" not in page
    assert Entry.objects.filter(target=erased.ERASED).exists()


def test_page_shows_the_state_of_the_chain(done, school, admin):
    assert "has not been verified yet" in text(admin.get(AUDIT))
    while chain.link_new():
        pass
    verification.keep(verification.verify())
    assert "The audit log is intact up to record 8." in text(admin.get(AUDIT))
    changed = Entry.objects.get(action="class.start")
    attack("UPDATE audit_entry SET action = 'class.end' WHERE id = %s", [changed.pk])
    verification.keep(verification.verify())
    assert f"The audit log is not intact: the row audit_entry {changed.pk} was changed." in text(
        admin.get(AUDIT)
    )
