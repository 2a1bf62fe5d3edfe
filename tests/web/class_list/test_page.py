"""The list of classes: what is where, search and filters by address, refreshing, the number of queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
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
    part = re.search(rf'<section id="section-{section}".*?</section>', html, re.DOTALL)
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
    for words in ("No teacher present", "23", "2 raised hands", "Recording", "Events missing"):
        assert words in html
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
    assert counts[0] == counts[1] <= 9


def counted(html: str) -> str:
    sum_ = re.search(r'<p id="wall-sum".*?</p>', html, re.DOTALL)
    assert sum_
    return " ".join(re.sub(r"<[^>]+>|·", " ", sum_[0]).split())


@pytest.mark.parametrize(
    "query", [{"q": "choir"}, {"when": "past"}, {"recording": "on"}, {"when": "live", "q": "x"}]
)
def test_classes_that_need_attention_are_counted_whatever_the_list_shows(
    admin: Client, query: dict[str, str]
) -> None:
    make_room("Choir", teachers_online=1)
    make_room("Art", teachers_online=0)
    assert counted(get(admin)) == "1 class needs attention"
    assert counted(get(admin, **query)) == "1 class needs attention 1 is not in this list"
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
    assert counted(html) == "1 class needs attention 1 is not in this list"


def test_live_counts_running_classes_only(admin: Client) -> None:
    make_room("Choir")
    make_room("Lingers", state=RoomState.ENDED, people_online=2)
    make_room("Waits", state=RoomState.NOT_STARTED, students_online=1, started_at=None)
    html = get(admin)
    assert set(names_in(html, "live")) == {"Waits", "Choir", "Lingers"}
    assert re.search(r'Live\s+<span class="number">1</span>', html)
    title = re.search(r'id="title-live".*?</h2>', html, re.DOTALL)
    assert title
    words = " ".join(re.sub(r"<[^>]+>", " ", title[0].partition(">")[2]).split())
    assert words == "Live now 1 and 2 classes with people present before their start or after their end"


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
        assert 'id="classes"' in html
        assert version_in(html) != seen
        seen = version_in(html)
    make_room("Another")
    assert "Another" in admin.get(CHANGES, {"v": seen}, **HTMX).content.decode()


def test_poll_keeps_filters_of_the_list(admin: Client) -> None:
    make_room("Choir")
    make_room("Art")
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
