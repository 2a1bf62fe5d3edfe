"""The list of classes: what is where, search and filters by address, refreshing, the number of queries."""

from __future__ import annotations

import gzip
import html as html_module
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.rooms.models import Gap, Recording, Room, RoomState
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.sync.models import Lease
from classroom_admin.web.class_list.views import read_filters, write_filters
from tests.school import HTMX, School, make_person, make_room

CHANGES = "/live/classes/"


@pytest.fixture
def admin(school: School) -> Client:
    Room.objects.filter(pk=school.room.pk).delete()
    return school.signed_in(school.administrator)


def names_in(html: str, section: str) -> list[str]:
    part = re.search(rf'<ul id="classes-{section}".*?</ul>', html, re.DOTALL)
    return re.findall(r'<h3><a [^>]*title="([^"]*)"', part.group(0)) if part else []


def get(client: Client, **query: str) -> str:
    return client.get("/", query).content.decode()


def test_classes_are_live_upcoming_or_past(admin: Client) -> None:
    make_room("Runs")
    make_room("Lingers", state=RoomState.ENDED, people_online=3)
    make_room("Waits", state=RoomState.NOT_STARTED)
    make_room("Unknown", state=None)
    make_room("Planned by its profile", state=None, profile_state=0)
    make_room("Over", state=RoomState.ENDED)
    make_room("Closed", state=RoomState.CLOSED)
    make_room("Forgotten", state=RoomState.STARTED, gone_at=clock.now())
    html = get(admin)
    assert set(names_in(html, "live")) == {"Runs", "Lingers"}
    assert set(names_in(html, "coming")) == {"Waits", "Unknown", "Planned by its profile"}
    assert set(names_in(html, "past")) == {"Over", "Closed", "Forgotten"}
    only = get(admin, when="past")
    assert set(names_in(only, "past")) == {"Over", "Closed", "Forgotten"}
    assert not names_in(only, "live")


def test_tile_shows_teacher_people_hands_recording_and_gaps(admin: Client) -> None:
    room = make_room("Choir", people_online=23, hands_raised=2, recording_state=Recording.State.RECORDING)
    Gap.objects.create(room=room, stream="room", first=1, last=2)
    html = get(admin)
    for words in ("No teacher present", "23", "2 raised hands", "Recording"):
        assert words in html
    assert "Events missing" in html  # in the alert above the tiles
    Gap.objects.all().delete()
    make_person(room, 1, name="Ana Torres", role="teacher", was_teacher=True)
    Room.objects.update(teachers_online=1)
    html = get(admin)
    assert "Ana Torres" in html
    assert "No teacher present" not in re.search(r'<li id="room.*?</li>', html, re.DOTALL).group(0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "cho"}, {"Choir"}),
        ({"q": "torres"}, {"Art"}),
        ({"q": "nothing"}, set()),
        ({"teacher": "missing"}, {"Choir"}),
        ({"recording": "on"}, {"Choir"}),
        ({"recording": "off"}, {"Art"}),
        ({"hands": "up"}, {"Art"}),
        ({"state": "started"}, {"Art", "Choir"}),
        ({"state": "rubbish", "recording": "rubbish", "hands": "1"}, {"Art", "Choir"}),
        ({"teacher": "missing", "hands": "up"}, set()),
    ],
)
def test_search_and_filters_limit_the_list(admin: Client, query: dict[str, str], found: set[str]) -> None:
    make_room("Choir", recording_state="recording")
    art = make_room("Art", hands_raised=1, teachers_online=1)
    make_person(art, 1, name="Ana Torres", role="teacher", was_teacher=True)
    assert set(names_in(get(admin, **query), "live")) == found


def test_filters_can_be_written_to_an_address_and_read() -> None:
    from django.http import QueryDict

    filters = ClassFilters(q="a&b=c ü", state="ended", no_teacher=True, recording="off", hands=True)
    assert read_filters(QueryDict(write_filters(filters, when="past")).dict()) == filters


def test_past_classes_have_pages(admin: Client) -> None:
    for number in range(120):
        make_room(f"L{number}", state=RoomState.CLOSED, ended_at=clock.now() - timedelta(hours=number))
    assert len(names_in(get(admin), "past")) == 8
    seen = [name for page in ("1", "2", "3") for name in names_in(get(admin, when="past", page=page), "past")]
    assert seen == [f"L{number}" for number in range(120)]
    html = get(admin, when="past", page="2", q="L")
    assert 'href="?when=past&amp;page=3&amp;q=L"' in html


@pytest.mark.parametrize("page", ["0", "99", "x"])
def test_unknown_page_number_shows_an_existing_page(admin: Client, page: str) -> None:
    make_room("Over", state=RoomState.CLOSED)
    assert names_in(get(admin, when="past", page=page), "past") == ["Over"]


@pytest.mark.parametrize("who", ["administrator", "teacher"])
def test_query_count_does_not_grow_with_rooms(school: School, who: str) -> None:
    client = school.signed_in(getattr(school, who))
    counts = []
    for rooms in (5, 200):
        for number in range(rooms):
            state = (RoomState.STARTED, RoomState.NOT_STARTED, RoomState.CLOSED)[number % 3]
            room = make_room(f"{rooms}.{number}", state=state)
            if who == "teacher":
                room.teachers.create(user=school.teacher)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def counted(html: str) -> str:
    title = re.search(r'<h2 id="alerts-title".*?>(.*?)</h2>', html, re.DOTALL)
    assert title
    return " ".join(title[1].split())


@pytest.mark.parametrize(
    "query", [{"q": "choir"}, {"when": "past"}, {"recording": "on"}, {"when": "live", "q": "x"}]
)
def test_classes_that_need_attention_are_counted_whatever_the_list_shows(
    admin: Client, query: dict[str, str]
) -> None:
    make_room("Choir", teachers_online=1)
    make_room("Art", teachers_online=0)
    assert counted(get(admin)) == "1 class needs attention"
    assert counted(get(admin, **query)) == "1 class needs attention"
    assert counted(admin.get(CHANGES, {"v": "old", **query}, **HTMX).content.decode()).startswith(
        "1 class needs"
    )
    assert counted(get(admin, q="art")) == "1 class needs attention"
    Room.objects.update(teachers_online=1)
    assert counted(get(admin, **query)) == "No classes need attention"


def test_poll_of_a_filtered_list_returns_alerts_of_other_classes(admin: Client) -> None:
    make_room("Choir", teachers_online=1)
    other = make_room("Art", teachers_online=1)
    seen = version_in(get(admin, q="choir"))
    assert admin.get(CHANGES, {"v": seen, "q": "choir"}, **HTMX).status_code == 204
    Room.objects.filter(pk=other.pk).update(teachers_online=0, version=2)
    html = admin.get(CHANGES, {"v": seen, "q": "choir"}, **HTMX).content.decode()
    assert counted(html) == "1 class needs attention"


def test_live_counts_running_classes_only(admin: Client) -> None:
    make_room("Choir")
    make_room("Lingers", state=RoomState.ENDED, people_online=2)
    make_room("Waits", state=RoomState.NOT_STARTED, students_online=1, started_at=None)
    html = get(admin)
    assert set(names_in(html, "live")) == {"Waits", "Choir", "Lingers"}
    title = re.search(r'id="now-title".*?</h2>', html, re.DOTALL)
    assert title
    words = " ".join(re.sub(r"<[^>]+>", " ", title[0].partition(">")[2]).split())
    assert words == "Live now 1 +2 and 2 classes with people present before their start or after their end"


# --- refreshing ------------------------------------------------------------------------------------------


def version_in(html: str) -> str:
    return re.search(r'id="poller"[^>]*\?v=([^"&]+)', html).group(1)


@pytest.mark.parametrize("who", ["administrator", "teacher"])
def test_poll_without_changes_costs_three_queries(school: School, who: str) -> None:
    client = school.signed_in(getattr(school, who))
    version = version_in(client.get("/").content.decode())
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(CHANGES, {"v": version}, **HTMX)
    assert answer.status_code == 204
    assert '"age"' in answer["HX-Trigger"]
    assert len(queries) <= 3, [q["sql"] for q in queries]


def test_poll_returns_changes_of_any_shown_room(admin: Client) -> None:
    room = make_room("Choir")
    seen = version_in(get(admin))
    for change in ({"version": 2, "hands_raised": 4}, {"version": 3, "state": RoomState.CLOSED}):
        Room.objects.filter(pk=room.pk).update(**change)
        html = admin.get(CHANGES, {"v": seen}, **HTMX).content.decode()
        assert 'id="classes-live"' in html
        assert version_in(html) != seen
        seen = version_in(html)
    make_room("Another")
    assert "Another" in admin.get(CHANGES, {"v": seen}, **HTMX).content.decode()


def test_poll_keeps_filters_of_the_list(admin: Client) -> None:
    make_room("Choir")
    make_room("Art", teachers_online=1)  # an alert would be shown whatever the list shows
    address = re.search(r'id="poller"[^>]*hx-get="([^"]+)"', get(admin, when="live", q="Cho")).group(1)
    assert "when=live" in address
    assert "q=Cho" in address
    html = admin.get(address.replace("&amp;", "&").replace("v=", "v=old"), **HTMX).content.decode()
    assert "Choir" in html
    assert "Art" not in html


def test_fragments_contain_no_csrf_token(admin: Client) -> None:
    make_room("<script>alert(1)</script>")
    html = admin.get(CHANGES, {"v": "old"}, **HTMX).content.decode()
    assert "csrf" not in html.lower()
    assert "<script>" not in html


def test_empty_list_before_the_first_poll(school: School, admin: Client) -> None:
    Lease.objects.all().delete()
    html = get(admin)
    assert "No data from the cloud yet" in html
    assert "No class is running." in html
    answer: Any = admin.get(CHANGES, {"v": version_in(html)}, **HTMX)
    assert answer.status_code == 204
    assert '"age": null' in answer["HX-Trigger"]


def test_icons_are_cached_under_their_fingerprint(admin: Client) -> None:
    address = re.search(r'href="(/live/icons[^"#]+)#', get(admin)).group(1)
    answer = Client().get(address)
    assert answer["Content-Type"] == "image/svg+xml"
    assert "immutable" in answer["Cache-Control"]
    assert Client().get(reverse("live:icons", args=["0" * 8])).status_code == 404


# --- many classes ----------------------------------------------------------------------------------------


def many(count: int) -> None:
    now = clock.now()
    Room.objects.bulk_create(
        Room(
            name=f"Class {number:04}", room_uuid=f"many {number}", state=RoomState.STARTED, version=1,
            teachers_online=1, people_online=24, started_at=now - timedelta(minutes=20),
            planned_end_at=now + timedelta(minutes=5 if number % 100 == 0 else 40),
            hands_raised=number % 10 == 0,
        )
        for number in range(count)
    )  # fmt: skip


def test_first_tiles_come_at_once_and_the_rest_as_a_person_scrolls(admin: Client) -> None:
    many(150)
    late = make_room("Zzz last", teachers_online=1, planned_end_at=clock.now() - timedelta(minutes=9))
    html = get(admin)
    found = names_in(html, "live")
    assert len(found) == 60
    assert found[:2] == ["Zzz last", "Class 0000"]
    assert f'id="alert-{late.pk}"' in html
    seen = set(found)
    for asked, count in ((120, 120), (180, 151)):
        address = re.search(r'id="more-tiles".*?hx-get="([^"]+)"', html, re.DOTALL).group(1)
        assert f"tiles={asked}" in address
        html = admin.get(address.replace("&amp;", "&"), **HTMX).content.decode()
        tiles = set(re.findall(r'<h3><a [^>]*title="([^"]*)"', html))
        assert len(tiles) == count
        assert seen < tiles
        seen = tiles
    assert "hx-get" not in html


def test_numbers_search_and_alerts_cover_all_classes(admin: Client) -> None:
    many(300)
    html = get(admin)
    for name, number in (("live-number", 300), ("n-hands", 30), ("n-unrecorded", 300), ("n-ends_soon", 3)):
        assert re.search(rf'id="{name}" class="n">{number}<', html), name
    assert names_in(get(admin, q="0299"), "live") == ["Class 0299"]
    assert names_in(get(admin, ends="soon"), "live") == ["Class 0000", "Class 0100", "Class 0200"]
    assert len(names_in(get(admin, hands="up"), "live")) == 30


def test_a_thousand_live_classes_take_little_and_cost_ten_queries(admin: Client) -> None:
    many(1000)
    with CaptureQueriesContext(connection) as queries:
        answer = admin.get("/")
    assert len(gzip.compress(answer.content)) <= 60_000
    assert len(queries) <= 10


@pytest.mark.parametrize("tiles", ["0", "-1", "x", "61", "999999999999999"])
def test_an_odd_number_of_tiles_is_no_error(admin: Client, tiles: str) -> None:
    many(70)
    found = names_in(get(admin, tiles=tiles), "live")
    assert len(found) == (70 if tiles in ("61", "999999999999999") else 60)


def test_an_alert_names_who_is_expected_and_offers_what_to_do(school: School, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = "https://join.test/?room={room}&user={user}&name={name}&role={role}"
    room = make_room("Choir", students_online=3)
    room.teachers.create(user=school.teacher)
    offers = {}
    for who in ("administrator", "teacher"):
        html = school.signed_in(getattr(school, who)).get("/").content.decode()
        alert = re.search(rf'<li id="alert-{room.pk}".*?</li>', html, re.DOTALL).group(0)
        assert "Expected: <bdi>Ana</bdi>" in " ".join(alert.split())
        assert "3 students are waiting" in " ".join(alert.split())
        offers[who] = {
            name for name in ("teacher", "observer", "substitute", "snooze") if f"/{name}/" in alert
        }
    assert offers["administrator"] == {"teacher", "observer", "substitute", "snooze"}
    assert offers["teacher"] == {"teacher", "observer", "snooze"}


def test_one_press_acknowledges_for_everyone(school: School) -> None:
    room = make_room("Choir")
    client = school.signed_in(school.administrator)
    answer = client.post(reverse("live:snooze", args=[room.key]), {"at_once": "no_teacher"}, **HTMX)
    assert answer.status_code == 200
    html = " ".join(client.get("/").content.decode().split())
    assert f'id="alert-{room.pk}"' not in html
    assert "Acknowledged by Ruth" in html


# --- outage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "administrator", "teacher"),
    [
        ("poll_unreachable", "Check AGORA_BASE_URL", "The cloud can't be reached."),
        ("poll_unauthorized", "Check AGORA_APP_ID", "The cloud refuses the connection of this school."),
        ("poll_no_such_address", "AGORA_REGION", "The cloud refuses the connection of this school."),
        ("poll_rate_limited", "Too many requests", "The cloud limits our requests."),
    ],
)
def test_trouble_with_the_cloud_is_told_by_role(
    school: School, code: str, administrator: str, teacher: str
) -> None:
    Lease.objects.update(last_error=to_text(Problem(code)))
    for who, words in (("administrator", administrator), ("teacher", teacher)):
        client = school.signed_in(getattr(school, who))
        for address in ("/live/status/", "/", f"/classes/{school.room.key}/"):
            text = html_module.unescape(client.get(address).content.decode())
            assert words in text, address
            assert "AGORA" not in text or who == "administrator"
