"""The page of a class and its fragments: queries, sizes, what is in them and what is not."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classroom_admin.actions.participants import schedule_removal
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ChatMessage, Participant, Recording, Room
from classroom_admin.sync.models import Lease
from classroom_admin.web.classroom.roster import FIRST_PEOPLE, PART
from classroom_admin.web.classroom.views import PANELS
from tests.school import HOSTILE, HTMX, ROOM_UUID, School, make_event, make_person


def now(school: School) -> str:
    return str(PageVersion.of(class_selectors.class_for(school.administrator, school.room.key)))


def changes(client: Client, school: School, version: str) -> Any:
    return client.get(reverse("live:class_changes", args=[school.room.key]), {"v": version}, **HTMX)


def page(client: Client, school: School) -> Any:
    return client.get(reverse("live:class", args=[school.room.key]))


def with_panels(client: Client, school: School) -> str:
    """Return the HTML of the page and of the panels that it loads when they are shown."""
    address = reverse("live:class", args=[school.room.key])
    panels = [client.get(address, {"show": name}, **HTMX).content.decode() for name in PANELS]
    return "\n".join([page(client, school).content.decode(), *panels])


def poller_version(html: str) -> str:
    found = re.search(r'id="poller"[^>]*\?v=([^"&]+)', html)
    assert found
    return found.group(1)


def a_thousand_pupils(room: Room) -> None:
    pupil = {
        "room": room,
        "role": "student",
        "online": True,
        "version": 1,
        "online_since": timezone.now(),
        "on_stage": True,
        "camera_on": True,
        "microphone_on": True,
        "rewards": 3,
    }
    Participant.objects.bulk_create(
        Participant(user_uuid=f"u{n}", name=f"Pupil {n}", **pupil) for n in range(1000)
    )


@pytest.fixture
def loaded_people() -> Iterator[list[int]]:
    """The ids of the participants that are loaded as models, once for each time."""
    found: list[int] = []

    def note(instance: Participant, **_: Any) -> None:
        if instance.pk is not None:
            found.append(instance.pk)

    post_init.connect(note, sender=Participant)
    yield found
    post_init.disconnect(note, sender=Participant)


# --- how much work ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "teacher"])
def test_unchanged_page_costs_three_queries(school: School, who: str) -> None:
    client = school.signed_in(getattr(school, who))
    version = now(school)
    with CaptureQueriesContext(connection) as queries:
        answer = changes(client, school, version)
    assert answer.status_code == 204
    assert not answer.content
    assert len(queries) <= 3, [q["sql"] for q in queries]


@pytest.mark.parametrize("people", [0, 300])
def test_the_page_costs_thirteen_queries_whatever_the_number_of_people(
    school: School, admin: Client, people: int
) -> None:
    for number in range(people):
        make_person(school.room, 100 + number)
    page(admin, school)  # once for a process, Django asks SQLite whether it knows JSON
    with CaptureQueriesContext(connection) as queries:
        assert page(admin, school).status_code == 200
    assert len(queries) <= 13, "\n" + "\n".join(
        re.sub(r"SELECT .*? FROM", "SELECT FROM", q["sql"])[:110] for q in queries
    )


def test_one_raised_hand_among_a_thousand_is_one_row_and_under_4_kb(school: School, admin: Client) -> None:
    a_thousand_pupils(school.room)
    version = now(school)
    school.change(Participant.objects.get(user_uuid="u500"), hand_raised=True)
    answer = changes(admin, school, version)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.count("<tr ") == 1
    assert "Pupil 500" in html

    assert len(gzip.compress(answer.content)) <= 4096


def test_a_class_of_a_thousand_is_a_page_of_at_most_150_kb(school: School, admin: Client) -> None:
    a_thousand_pupils(school.room)
    message = {"room": school.room, "version": 1, "name": "Eva Kowalska", "sent_at": timezone.now()}
    ChatMessage.objects.bulk_create(
        ChatMessage(sequence=n, text="What is the answer to 3b? I got seven.", **message)
        for n in range(10, 90)
    )
    for sequence in range(10, 90):
        make_event(school.room, sequence, fromUser={"userName": "Eva Kowalska"})
    answer = page(admin, school)
    assert len(answer.content) <= 150_000
    assert b"more\n" in answer.content
    whole = admin.get(reverse("live:class", args=[school.room.key]), {"people": "all"})
    assert whole.content.count(b'<tr id="p') == 1003


def test_page_of_a_thousand_loads_only_the_people_that_it_shows(
    school: School, admin: Client, loaded_people: list[int]
) -> None:
    a_thousand_pupils(school.room)
    loaded_people.clear()
    html = page(admin, school).content.decode()
    shown = re.findall(r'<tr id="p(\d+)"', html)
    assert len(shown) == FIRST_PEOPLE + 1, "those present, and one person who left"
    assert sorted(loaded_people) == sorted(map(int, shown))

    rest = re.search(r'id="people-here-rest"[^>]*hx-get="([^"]+)"', html)
    assert rest
    loaded_people.clear()
    more = admin.get(unescape(rest[1]), **HTMX).content.decode()
    shown = re.findall(r'<tr id="p(\d+)"', more)
    assert len(shown) == PART
    assert sorted(loaded_people) == sorted(map(int, shown))


def test_hand_and_scheduled_removal_beyond_the_first_rows_are_shown(school: School, admin: Client) -> None:
    a_thousand_pupils(school.room)
    Participant.objects.filter(user_uuid="u998").update(hand_raised=True, hand_raised_at=timezone.now())
    access = access_to(school.teacher, school.room)
    schedule_removal(access, participant=Participant.objects.get(user_uuid="u999"), after_s=600)
    html = page(admin, school).content.decode()
    roster = html.partition('id="people-here"')[2].partition("</tbody>")[0]
    assert "Pupil 998" not in roster
    assert "Pupil 998" in html.partition('id="hands-queue"')[2].partition("</ol>")[0]
    assert "Pupil 999" in html.partition('id="removals"')[2].partition("</ul>")[0]


@pytest.mark.parametrize("name", PANELS)
def test_panel_that_is_not_shown_is_loaded_alone(school: School, admin: Client, name: str) -> None:
    address = reverse("live:class", args=[school.room.key])
    waiting = re.search(rf'<section id="{name}"[^>]*>', page(admin, school).content.decode())
    assert waiting
    assert f'hx-get="?show={name}"' in waiting.group()
    answer = admin.get(address, {"show": name}, **HTMX)
    assert answer["HX-Reswap"] == "morph", "also if the stream has filled the panel meanwhile"
    panel = answer.content.decode()
    assert f'<section id="{name}"' in panel
    assert "<html" not in panel
    assert 'id="people"' not in panel
    assert "hx-swap-oob" not in panel
    whole = admin.get(address, {"show": name}).content.decode()
    assert f'data-show="{name}"' in whole
    assert f'hx-get="?show={name}"' not in whole


def test_chosen_panel_is_kept_and_an_unknown_one_is_ignored(school: School, admin: Client) -> None:
    admin.cookies["panel"] = "events"
    assert 'data-show="events"' in page(admin, school).content.decode()
    admin.cookies["panel"] = '"><script>'
    assert 'data-show=""' in page(admin, school).content.decode()


# --- what changed ----------------------------------------------------------------------------------------


def test_the_page_and_its_poller_agree(school: School, admin: Client) -> None:
    version = poller_version(page(admin, school).content.decode())
    assert changes(admin, school, version).status_code == 204


def test_the_answer_carries_the_next_version(school: School, admin: Client) -> None:
    before = now(school)
    school.change(Participant.objects.get(name="Ana Torres"), camera_on=True)
    html = changes(admin, school, before).content.decode()
    assert poller_version(html) == now(school) != before
    assert changes(admin, school, poller_version(html)).status_code == 204


def test_one_person_changed(school: School, admin: Client) -> None:
    before = now(school)
    school.change(Participant.objects.get(name="Ana Torres"), camera_on=True)
    html = changes(admin, school, before).content.decode()
    assert "Ana Torres" in html
    assert 'hx-swap-oob="upsert:#people-here"' in html
    for untouched in ('id="files"', 'id="commands"', 'id="questions"', "#chat-log", "#event-log"):
        assert untouched not in html


def test_person_who_leaves_moves_to_the_list_of_those_who_left(school: School, admin: Client) -> None:
    before = now(school)
    person = Participant.objects.get(name="Ana Torres")
    school.change(person, online=False)
    html = changes(admin, school, before).content.decode()
    assert 'hx-swap-oob="upsert:#people-gone"' in html
    assert f'id="p{person.pk}"' in html


def test_only_new_messages(school: School, admin: Client) -> None:
    before = now(school)
    message = ChatMessage(room=school.room, sequence=3, name="Eva", text="The newest", sent_at=timezone.now())
    school.change(message)
    html = changes(admin, school, before).content.decode()
    assert "The newest" in html
    assert html.count('class="message"') == 1


def test_only_new_events(school: School, admin: Client) -> None:
    before = now(school)
    event = make_event(school.room, 3, cmd=1, state=2)
    Room.objects.update(last_event_id=event.pk, event_count=3, version=2)
    html = changes(admin, school, before).content.decode()
    assert f'id="e{event.pk}"' in html
    assert html.count('<li id="e') == 1


def test_late_event_is_sent_alone_and_an_overtaken_one_with_the_whole_list(
    school: School, admin: Client
) -> None:
    Room.objects.update(last_sequence=9, event_count=2)
    before = now(school)
    late = make_event(school.room, 4)
    Room.objects.update(event_count=3, last_event_id=late.pk, version=2)
    html = changes(admin, school, before).content.decode()
    assert (html.count('<li id="e'), f'id="e{late.pk}"' in html) == (1, True)
    before = now(school)
    Room.objects.update(event_count=4, version=3)  # committed after one with a higher id was
    assert changes(admin, school, before).content.decode().count('<li id="e') == 3


def test_a_changed_panel_is_sent_whole_and_the_others_are_not(school: School, admin: Client) -> None:
    before = now(school)
    school.change(Recording.objects.get(), state="ended")
    html = changes(admin, school, before).content.decode()
    assert 'id="recording"' in html
    assert 'id="files"' not in html


def test_new_command_step_sends_the_commands_and_the_person(school: School, admin: Client) -> None:
    before = now(school)
    entry = record(
        actor=school.teacher,
        action="participant.remove",
        room_uuid=ROOM_UUID,
        target="ana",
        target_name="Ana",
    )
    add_step(entry, Step.Kind.REQUESTED)
    html = changes(admin, school, before).content.decode()
    assert 'id="commands"' in html
    assert "Requested" in html
    assert "Being removed" in html
    assert html.count("<tr ") == 1


def test_new_class_name_is_shown_without_an_event(school: School, admin: Client) -> None:
    before = now(school)
    Room.objects.update(name="Geometry")
    assert "Geometry" in changes(admin, school, before).content.decode()


@pytest.mark.parametrize("version", ["", "rubbish", "1-2-3", "-----", "9" * 400, "0-0-0-0-0"])
def test_page_with_an_empty_version_gets_everything(school: School, admin: Client, version: str) -> None:
    html = changes(admin, school, version).content.decode()
    for part in (
        'id="class-header"',
        'id="actions"',
        "#people-here",
        "#chat-log",
        'id="files"',
        'id="commands"',
    ):
        assert part in html


def test_every_response_has_the_age_of_the_data(school: School, admin: Client) -> None:
    assert '"age"' in changes(admin, school, now(school))["HX-Trigger"]
    assert '"age"' in changes(admin, school, "")["HX-Trigger"]


# --- what may be inside ----------------------------------------------------------------------------------


def test_fragments_are_the_same_for_everyone_with_access(school: School, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = "https://class.test/?room={room}&user={user}"
    school.teacher.time_zone = "Asia/Tokyo"
    school.teacher.save()
    answers = [
        changes(school.signed_in(user), school, "").content for user in (school.administrator, school.teacher)
    ]
    assert answers[0] == answers[1]
    assert b"csrf" not in answers[0].lower()
    assert b"class.test" not in answers[0]


def test_names_are_text_and_never_markup(school: School, admin: Client) -> None:
    for html in (page(admin, school).content.decode(), changes(admin, school, "").content.decode()):
        assert HOSTILE not in html
        assert "&lt;script&gt;" in html
        assert 'href="javascript:' not in html


def test_cloud_ids_are_neither_in_addresses_nor_dom_ids(school: School, admin: Client) -> None:
    for html in (page(admin, school).content.decode(), changes(admin, school, "").content.decode()):
        for cloud_id in (ROOM_UUID, "cloud-user-2", "cloud-file-1"):
            assert cloud_id not in html


def test_no_inline_script_or_style(school: School, admin: Client) -> None:
    html = page(admin, school).content.decode()
    # what is of type JSON is data: the browser runs none of it
    assert not re.search(r'<script(?![^>]*(\bsrc=|type="application/json"))[^>]*>', html)
    assert not re.search(r"<[^>]+\s(style|on[a-z]+|hx-on[^=]*)=", html)


def test_details_show_ids_times_and_gaps(school: School, admin: Client) -> None:
    html = admin.get(reverse("live:details", args=[school.room.key]), **HTMX).content.decode()
    assert ROOM_UUID in html
    assert "room 5 – 6" in " ".join(html.split())
    assert "Ana" in html


# --- the ways into the classroom -------------------------------------------------------------------------


def test_links_into_the_classroom_are_personal(school: School, settings: Any) -> None:
    assert "Copy student link" not in page(school.signed_in(school.administrator), school).content.decode()
    settings.JOIN_URL_TEMPLATE = "https://class.test/?r={room}&u={user}&n={name}&p={role}"
    html = page(school.signed_in(school.administrator), school).content.decode()
    assert "u=ruth%27s%20cloud%20id&amp;n=Ruth&amp;p=1" in html
    assert "u=&amp;n=&amp;p=2" in html
    html = page(school.signed_in(school.teacher), school).content.decode()
    assert "Copy student link" in html
    assert "Join class" not in html  # without a cloud user id of one's own there is no way to enter


# --- what lies further back ------------------------------------------------------------------------------


def test_earlier_messages_and_events_are_paged(school: School, admin: Client) -> None:
    message = {"room": school.room, "version": 1, "name": "Eva", "sent_at": timezone.now()}
    ChatMessage.objects.bulk_create(
        ChatMessage(sequence=n, text=f"no. {n}.", **message) for n in range(10, 210)
    )
    for sequence in range(10, 130):
        make_event(school.room, sequence)
    for name, mark in (("chat", 'class="message"'), ("events", '<li id="e')):
        link, seen = reverse(f"live:{name}", args=[school.room.key]), 0
        html = admin.get(reverse("live:class", args=[school.room.key]), {"show": name}).content.decode()
        seen += html.count(mark)
        while found := re.search(rf'href="{link}(\?before=\d+)"', html):
            html = admin.get(link + found.group(1), **HTMX).content.decode()
            seen += html.count(mark)
        assert seen == (202 if name == "chat" else 122)


@pytest.mark.parametrize("number", ["x", "-1", "1" * 40])
def test_invalid_number_in_an_address_gets_404(school: School, admin: Client, number: str) -> None:
    assert admin.get(reverse("live:chat", args=[school.room.key]), {"before": number}).status_code == 404


def test_failed_command_shows_its_reason(school: School, admin: Client) -> None:
    entry = Entry.objects.get()
    add_step(entry, Step.Kind.FAILED, {"http_status": 409, "code": 30409100, "sentence": "It runs already."})
    html = admin.get(reverse("live:class", args=[school.room.key]), {"show": "commands"}).content.decode()
    assert "It runs already." in html
    assert "409 30409100" in html


def test_cloud_error_is_sent_to_the_page(school: School, admin: Client) -> None:
    Lease.objects.update(last_error=to_text(Problem("poll_unauthorized")))
    assert (
        "The cloud rejects the sign-in of this server." in changes(admin, school, now(school))["HX-Trigger"]
    )
    assert 'title="The cloud rejects the sign-in of this server.' in page(admin, school).content.decode()
    assert 'title="The cloud rejects the sign-in of this server.' in admin.get("/").content.decode()
    assert (
        "The cloud rejects the sign-in of this server." in admin.get("/live/classes/", **HTMX)["HX-Trigger"]
    )
