"""Hands, scheduled removals, the class list, one person and banned students, in the page and its parts."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity
from classroom_admin.actions import class_lists, participants
from classroom_admin.actions.class_lists import Person
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.class_selectors import people, removals_this_week
from classroom_admin.rooms.models import Participant, Presence, Room, RoomTeacher
from classroom_admin.web.classroom.roster import removed_this_week, times_this_week
from tests.school import HOSTILE, HTMX, ROOM_UUID, School, make_event, make_person, make_room
from tests.stepped_clock import SteppedClock, use
from tests.web.classroom.test_page import a_thousand_pupils, changes, now, page, with_panels

pytestmark = pytest.mark.django_db


def ago(**span: float) -> Any:
    return clock.now() - timedelta(**span)


def queue(html: str) -> list[str]:
    part = html.partition('id="hands-queue"')[2].partition("</ol>")[0]
    return re.findall(r'<bdi title="([^"]*)"', part)


# --- hands -----------------------------------------------------------------------------------------------


def test_raised_hands_are_sorted_by_waiting_time(school: School, admin: Client) -> None:
    for number, minutes in ((20, 3), (21, 9), (22, 6)):
        make_person(school.room, number, hand_raised=True, hand_raised_at=ago(minutes=minutes))
    make_person(school.room, 23, hand_raised=True, online=False)
    assert queue(page(admin, school).content.decode())[:3] == ["Student 21", "Student 22", "Student 20"]


def test_raised_hand_changes_one_row_of_the_queue(school: School, admin: Client) -> None:
    a_thousand_pupils(school.room)
    before = now(school)
    person = Participant.objects.get(user_uuid="u500")
    school.change(person, hand_raised=True, hand_raised_at=clock.now())
    answer = changes(admin, school, before)
    html = answer.content.decode()
    assert html.count(f'<li id="h{person.pk}"') == html.count('<li id="h') == 1
    assert 'hx-swap-oob="upsert:#hands-queue"' in html
    assert len(gzip.compress(answer.content)) <= 4096
    before = now(school)
    school.change(person, hand_raised=False, hand_raised_at=None)
    assert f'<li id="h{person.pk}" data-gone></li>' in changes(admin, school, before).content.decode()


def seen_on_stage(room: Room, user_uuid: str = "cloud-user-20") -> bool:
    return people(room).get(user_uuid=user_uuid).seen_on_stage


def test_on_stage_this_week_counts_in_the_classes_of_the_same_teachers(school: School) -> None:
    make_person(school.room, 20, hand_raised=True, hand_raised_at=clock.now())
    assert not seen_on_stage(school.room)
    elsewhere = make_room("Someone else's")
    make_person(elsewhere, 20, last_on_stage_at=ago(days=1))
    assert not seen_on_stage(school.room), "another teacher's class tells nothing here"
    given = RoomTeacher.objects.create(room=elsewhere, user=school.teacher)
    assert seen_on_stage(school.room), "given to the same teacher"
    given.delete()
    make_person(elsewhere, 21, user_uuid="ana", role="teacher", was_teacher=True)
    assert seen_on_stage(school.room), "taught by the same teacher"
    Participant.objects.filter(room=elsewhere).update(last_on_stage_at=ago(days=7, minutes=1))
    assert not seen_on_stage(school.room), "a week ago"
    Participant.objects.filter(room=school.room).update(last_on_stage_at=ago(days=2))
    assert seen_on_stage(school.room)


def test_page_marks_hands_without_time_on_stage(school: School, admin: Client) -> None:
    make_person(school.room, 20, hand_raised=True, hand_raised_at=ago(minutes=9))
    html = page(admin, school).content.decode()
    assert html.count(">not on stage this week<") == 1
    Participant.objects.filter(user_uuid="cloud-user-20").update(last_on_stage_at=ago(days=1))
    assert "not on stage this week" not in page(admin, school).content.decode()


# --- removals to come ------------------------------------------------------------------------------------


def planned(school: School, **more: Any) -> ScheduledCommand:
    person = Participant.objects.get(user_uuid="cloud-user-2")
    return participants.schedule_removal(
        access_to(school.teacher, school.room), participant=person, after_s=300, **more
    )


def test_countdown_is_visible_to_everyone_until_cancelled(school: School, admin: Client) -> None:
    before = now(school)
    removal = planned(school, reason=f"Because {HOSTILE}")
    for html in (changes(admin, school, before).content.decode(), page(admin, school).content.decode()):
        assert html.count("data-due=") == 2  # above the people, and in the row
        assert "scheduled by <bdi>Ana</bdi>" in html
        assert "&lt;script&gt;" in html
        assert HOSTILE not in html
        assert f"/removals/{removal.pk}/call-off/" in html
    before = now(school)
    participants.cancel_removal(access_to(school.administrator, removal.room), command=removal)
    html = changes(admin, school, before).content.decode()
    assert 'id="removals"' in html
    assert "data-due=" not in html
    assert html.count("<tr ") == 1


def test_removal_is_scheduled_and_cancelled_on_the_page(school: School) -> None:
    client = school.signed_in(school.teacher)
    person = Participant.objects.get(user_uuid="cloud-user-2")
    address = reverse("live:remove", args=[school.room.key, person.pk])
    said = {"when": "own", "minutes": "7", "span": "600", "reason": "Noise"}
    answer = client.post(address, said, **HTMX)
    assert "live:commanded" in answer["HX-Trigger"]
    removal = ScheduledCommand.objects.get()
    assert removal.due_at - removal.created_at == timedelta(minutes=7)
    assert removal.payload["span"] == {"duration_s": 600}
    again = client.post(address, {"when": "30", "span": "now"}, **HTMX)
    assert again.status_code == 422
    assert "is already scheduled" in again.content.decode()
    answer = client.post(reverse("live:call_off", args=[school.room.key, removal.pk]), **HTMX)
    assert "data-due=" not in answer.content.decode()
    removal.refresh_from_db()
    assert removal.state == ScheduledCommand.State.CANCELLED
    late = client.post(reverse("live:call_off", args=[school.room.key, removal.pk]), **HTMX)
    assert "It is too late" in late.content.decode()
    plain = client.post(address, {"when": "60", "span": "now"}, follow=True)
    assert "The removal is scheduled." in plain.content.decode()


@pytest.mark.parametrize(
    "said", [{"when": "own"}, {"when": "own", "minutes": "0"}, {"when": "now", "minutes": "5"}, {"when": "9"}]
)
def test_invalid_time_gets_an_error(school: School, said: dict[str, str]) -> None:
    person = Participant.objects.get(user_uuid="cloud-user-2")
    address = reverse("live:remove", args=[school.room.key, person.pk])
    answer = school.signed_in(school.teacher).post(address, {"span": "now", **said}, **HTMX)
    assert answer.status_code == 422
    assert not ScheduledCommand.objects.exists()


# --- how often -------------------------------------------------------------------------------------------


def removed(room: Room, user_uuid: str, sequence: int, **span: float) -> None:
    Participant.objects.get_or_create(room=room, user_uuid=user_uuid)
    Presence.objects.create(
        room=room,
        user_uuid=user_uuid,
        entered_sequence=sequence,
        entered_at=ago(days=30),
        left_at=ago(**span),
        kicked=True,
    )


def test_removals_this_week_count_only_visible_classes(school: School) -> None:
    other, theirs = make_room("Another of hers"), make_room("Not hers")
    RoomTeacher.objects.create(room=other, user=school.teacher)
    removed(school.room, "rudi", 1, days=1)
    removed(other, "rudi", 1, days=6)
    removed(other, "rudi", 2, days=8)
    removed(theirs, "rudi", 1, days=1)
    removed(other, "quinn", 3, days=1)
    assert removals_this_week(school.teacher, user_uuid="rudi") == 2
    assert removals_this_week(school.administrator, user_uuid="rudi") == 3
    assert removals_this_week(school.other_teacher, user_uuid="rudi") == 0
    assert removals_this_week(school.administrator, user_uuid="") == 0
    rudi = Participant.objects.get(room=school.room, user_uuid="rudi")
    client = school.signed_in(school.teacher)
    asks = client.get(reverse("live:remove", args=[school.room.key, rudi.pk]), **HTMX).content.decode()
    assert "third removal this week" in asks
    shown = client.get(reverse("live:person", args=[school.room.key, rudi.pk]), **HTMX).content.decode()
    assert "removed 2 times this week" in shown


def test_number_of_removals_in_words() -> None:
    words = [times_this_week(number) for number in (0, 1, 2, 3, 9)]
    assert words[:2] == ["", ""]
    assert words[2:] == ["second removal this week", "third removal this week", "removal number 9 this week"]
    assert [removed_this_week(number) for number in (0, 1)] == ["", "removed 1 time this week"]


# --- one person, and banned students ---------------------------------------------------------------------


def test_person_dialog_shows_stays_and_commands(school: School, admin: Client) -> None:
    person = Participant.objects.get(user_uuid="cloud-user-2")
    removed(school.room, person.user_uuid, 1, hours=1)
    Presence.objects.create(
        room=school.room, user_uuid=person.user_uuid, entered_sequence=9, entered_at=ago(minutes=9)
    )
    entry = record(
        actor=school.teacher,
        action="participant.remove",
        room_uuid=ROOM_UUID,
        target=person.user_uuid,
        target_name="Pia",
        params={"reason": "Threw paper"},
    )
    add_step(entry, Step.Kind.REQUESTED)
    with CaptureQueriesContext(connection) as queries:
        html = admin.get(reverse("live:person", args=[school.room.key, person.pk]), **HTMX).content.decode()
    assert len(queries) <= 9, [q["sql"] for q in queries]
    assert html.count("<tr>") == 3
    assert "Threw paper" in html
    assert "still present" in html
    assert HOSTILE not in html
    assert "cloud-user-2" not in html


def test_banned_students_are_listed(school: School, admin: Client) -> None:
    address = reverse("live:kept_out", args=[school.room.key])
    assert "No banned students" in admin.get(address, **HTMX).content.decode()
    gone = Participant.objects.get(name="Gone")
    for params in ({"ban_s": 600, "reason": "First"}, {"ban_s": -1, "reason": "Threw paper"}):
        entry = record(
            actor=school.teacher,
            action="participant.remove",
            room_uuid=ROOM_UUID,
            target=gone.user_uuid,
            params=params,
        )
        add_step(entry, Step.Kind.ACCEPTED)
    html = admin.get(address, **HTMX).content.decode()
    assert "Banned permanently" in html
    assert "Threw paper" in html
    assert "First" not in html
    assert "Removed by <bdi>Ana</bdi>" in html
    assert reverse("live:let_back", args=[school.room.key, gone.pk]) in html


# --- the class list --------------------------------------------------------------------------------------


@pytest.fixture
def listed(school: School) -> School:
    """The class has a list; of its two pupils one is there."""
    made = class_lists.make_list(actor=school.teacher, name="Class 7b")
    here = Person(name="Whatever the name", user_uuid="cloud-user-2", group="a")
    class_lists.set_people(
        actor=school.teacher, class_list=made, people=[here, Person(name="Missing Max")], version=1
    )
    class_lists.use_list(access_to(school.teacher, school.room), class_list=made)
    school.room.refresh_from_db()
    return school


def test_page_with_a_class_list_costs_one_more_query_for_the_stays(listed: School, admin: Client) -> None:
    page(admin, listed)  # once for a process, Django asks SQLite whether it knows JSON
    with CaptureQueriesContext(connection) as queries:
        page(admin, listed)
    assert len(queries) <= 14, [q["sql"] for q in queries]
    html = with_panels(admin, listed)
    assert "1 of 2 present" in html
    assert "1 not here yet" in html
    assert "Missing Max" in html


def test_arrival_updates_attendance_and_a_raised_hand_does_not(listed: School, admin: Client) -> None:
    before = now(listed)
    Room.objects.update(last_sequence=3, event_count=3)
    make_event(listed.room, 3, cmd=1502)
    school_room = listed.change(Participant.objects.get(user_uuid="cloud-user-2"), rewards=5)
    assert school_room.class_list_id
    assert 'id="attendance"' not in changes(admin, listed, before).content.decode()
    before = now(listed)
    Room.objects.update(last_sequence=4, event_count=4)
    make_event(listed.room, 4, cmd=20)
    max_ = make_person(listed.room, 30, name="MAX, Missing", version=0, entered_at=clock.now())
    Presence.objects.create(
        room=listed.room, user_uuid=max_.user_uuid, entered_sequence=4, entered_at=clock.now()
    )
    listed.change(max_, online=True)
    html = changes(admin, listed, before).content.decode()
    assert 'id="attendance"' in html
    assert "2 of 2 present" in html
    assert "1 late" in html
    assert "Matched by name" in html


def test_absent_listed_people_end_the_roster_without_buttons(listed: School, admin: Client) -> None:
    def absent(html: str) -> str:
        return html.split('id="people-absent"')[1].split("</tbody>")[0]

    shown = absent(page(admin, listed).content.decode())
    assert "Missing Max" in shown
    assert "Not here yet" in shown
    assert "href" not in shown
    before = now(listed)
    Room.objects.update(last_sequence=3, event_count=3)
    make_event(listed.room, 3, cmd=20)
    came = make_person(listed.room, 30, name="Missing Max", version=0, entered_at=clock.now())
    listed.change(came, online=True)
    sent = changes(admin, listed, before).content.decode()
    assert '<tbody id="people-absent" hx-swap-oob="morph">' in sent
    assert "Missing Max" not in absent(sent)


def test_arrival_with_a_long_list_is_a_small_message(listed: School, admin: Client) -> None:
    """The panel is sent to all who watch whenever somebody comes: it names the first, a page names all."""
    made = listed.room.class_list
    made.refresh_from_db()
    people = [Person(name=f"Someone With A Long Name {n:04}", user_uuid=f"listed-{n}") for n in range(1000)]
    class_lists.set_people(actor=listed.teacher, class_list=made, people=people, version=made.version)
    assert len(page(admin, listed).content) < 60_000
    before = now(listed)
    Room.objects.update(last_sequence=3, event_count=3)
    make_event(listed.room, 3, cmd=20)
    came = make_person(
        listed.room, 30, name="Someone With A Long Name 0001", version=0, entered_at=clock.now(),
    )  # fmt: skip
    listed.change(came, online=True)
    answer = changes(admin, listed, before)
    html = answer.content.decode()
    assert "1 of 1,000 present" in html or "1 of 1000 present" in html
    assert "and 987 more" in html
    assert (
        len(answer.content) < 19_000
    )  # twelve absent people in the panel and in the roster; all would be 140 KB
    address = reverse("live:attendance", args=[listed.room.key])
    assert address in html
    whole = admin.get(address).content.decode()
    assert whole.count("Someone With A Long Name") >= 999
    assert "more" not in whole.split("dialog-title")[1].split("</dl>")[0]


def test_changed_or_removed_class_list_is_sent(listed: School, admin: Client) -> None:
    made = listed.room.class_list
    made.refresh_from_db()
    before = now(listed)
    class_lists.set_people(
        actor=listed.teacher, class_list=made, people=[Person(name="New One")], version=made.version
    )
    html = changes(admin, listed, before).content.decode()
    assert "0 of 1 present" in html
    assert "New One" in html
    before = now(listed)
    class_lists.use_list(access_to(listed.teacher, listed.room), class_list=None)
    html = changes(admin, listed, before).content.decode()
    assert 'id="attendance"' in html
    assert "of 1 present" not in html


def test_person_dialog_shows_the_class_list_match(listed: School, admin: Client) -> None:
    person = Participant.objects.get(user_uuid="cloud-user-2")
    html = admin.get(reverse("live:person", args=[listed.room.key, person.pk]), **HTMX).content.decode()
    assert "Whatever the name (matched by user id), a" in html
    ana = Participant.objects.get(user_uuid="ana")
    html = admin.get(reverse("live:person", args=[listed.room.key, ana.pk]), **HTMX).content.decode()
    assert "not on the list" in html


def test_class_list_is_chosen_on_the_page(school: School) -> None:
    own = class_lists.make_list(actor=school.teacher, name="Mine")
    foreign = class_lists.make_list(actor=school.other_teacher, name="Not mine")
    client = school.signed_in(school.teacher)
    address = reverse("live:class_list", args=[school.room.key])
    asks = client.get(address, **HTMX).content.decode()
    assert "Mine" in asks
    assert "Not mine" not in asks
    assert client.post(address, {"class_list": foreign.key}, **HTMX).status_code == 422
    answer = client.post(address, {"class_list": own.key}, **HTMX)
    assert "live:commanded" in answer["HX-Trigger"]
    school.room.refresh_from_db()
    assert school.room.class_list == own
    assert client.post(address, {"class_list": ""}).status_code == 302
    school.room.refresh_from_db()
    assert school.room.class_list is None


# --- what the cloud kept quiet about ---------------------------------------------------------------------


def test_unconfirmed_command_offers_verification_after_ten_seconds(school: School, admin: Client) -> None:
    with use(SteppedClock(clock.now())) as stepped:
        entry = record(actor=school.teacher, action="class.end", room_uuid=ROOM_UUID, target_name="A")
        add_step(entry, Step.Kind.REQUESTED)
        late = re.compile(rf'id="late-{entry.pk}"[^>]*?( hidden)?>')
        assert late.search(with_panels(admin, school)).group(1) == " hidden"
        stepped.step(10)
        html = with_panels(admin, school)
        assert late.search(html).group(1) is None
        assert reverse("live:check", args=[school.room.key, entry.pk]) in html
        add_step(entry, Step.Kind.CONFIRMED, {"sequence": 3})
        html = with_panels(admin, school)
        assert not late.search(html)
        assert "requested · confirmed +10.0 s" in re.sub(r"\s+", " ", html)


def test_teacher_by_cloud_id_sees_the_same(school: School) -> None:
    """The fragments are the same for all who may see them."""
    CloudIdentity.objects.create(user=school.other_teacher, user_uuid="ana")
    planned(school)
    before = "nothing"
    told = {
        changes(school.signed_in(who), school, before).content
        for who in (school.administrator, school.teacher, school.other_teacher)
    }
    assert len(told) == 1
