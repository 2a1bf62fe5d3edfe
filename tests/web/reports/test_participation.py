"""The pages about participation: numbers, links to events, order, access, and the cost in queries."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.reports.not_taken_part import not_taken_part
from classroom_admin.rooms.models import Answer, ChatMessage, Participant, Room, RoomState, RoomTeacher
from tests.school import HOSTILE, HTMX, School, make_event, make_person, make_room

pytestmark = pytest.mark.django_db
MINUTE = 60_000
PERIOD = reverse("reports:participation")


def over(name: str, **columns: Any) -> ClassSummary:
    room = make_room(name, state=RoomState.CLOSED, **columns)
    return ClassSummary.objects.create(
        room=room,
        made_at=clock.now(),
        room_version=room.version,
        late_s=300,
        early_s=300,
        starts_at=clock.now() - timedelta(days=1),
    )


def took(summary: ClassSummary, number: int, **columns: Any) -> PersonSummary:
    person = make_person(summary.room, number, online=False)
    facts = {"user_uuid": person.user_uuid, "name": person.name, "present_ms": 45 * MINUTE} | columns
    return PersonSummary.objects.create(
        summary=summary, room=summary.room, person_key=f"id:{person.user_uuid}", **facts
    )


def rows(html: str) -> list[str]:
    return html.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]


def test_students_are_added_up_over_the_classes_and_sorted_by_score(school: School) -> None:
    for name in ("Monday", "Tuesday"):
        summary = over(name)
        took(summary, 7, chat=3)
        took(summary, 8, chat=5, hands=2)
        took(summary, 9, present_ms=0)
    html = school.signed_in(school.administrator).get(PERIOD).content.decode()
    found = rows(html)
    assert [f"Student {number}" in row for number, row in zip((8, 7, 9), found, strict=True)] == [True] * 3
    assert ">10</a>" in found[0]
    assert ">9.0</strong>" in found[0]
    assert "</strong>" not in found[2], "no score without presence"
    assert "not present" in found[2]
    assert "10 × 1 + 4 × 2 = 18.0" in html, "the example"


@pytest.mark.parametrize(("sort", "first"), [("chat", 7), ("-chat", 8), ("name", 7), ("-name", 8)])
def test_order_is_chosen_by_the_headings(school: School, sort: str, first: int) -> None:
    summary = over("Monday")
    took(summary, 7, chat=1)
    took(summary, 8, chat=2)
    html = school.signed_in(school.administrator).get(PERIOD, {"sort": sort}).content.decode()
    assert f"Student {first}" in rows(html)[0]
    assert f'aria-sort="{"descending" if sort.startswith("-") else "ascending"}"' in html


def test_numbers_link_to_the_timeline_of_the_student_in_the_period(school: School) -> None:
    summary = over("Monday")
    person = took(summary, 7, chat=1, answers=2)
    pk = Participant.objects.get(room=summary.room, user_uuid=person.user_uuid).pk
    client = school.signed_in(school.administrator)
    html = client.get(PERIOD, {"since": "2026-01-01", "until": "2026-12-31"}).content.decode()
    where = f"{reverse('live:student', args=[pk])}?range=own&amp;since=2026-01-01T00%3A00"
    assert f"{where}&amp;until=2026-12-31T23%3A59&amp;kind=chat" in html
    assert "kind=questions" in html
    assert "kind=hands" not in html, "nothing is behind a 0"
    everything = client.get(PERIOD, {"period": "all"}).content.decode()
    assert f"{reverse('live:student', args=[pk])}?range=all&amp;kind=chat" in everything


def test_teachers_see_only_students_of_their_classes(school: School) -> None:
    own, foreign = over("Own"), over("Foreign")
    RoomTeacher.objects.create(room=own.room, user=school.teacher)
    took(own, 7, chat=1)
    took(foreign, 8, chat=1)
    html = school.signed_in(school.teacher).get(PERIOD).content.decode()
    assert "Student 7" in html
    assert "Student 8" not in html
    where = reverse("reports:class_participation", args=[own.room.key])
    for who, status in ((school.administrator, 200), (school.teacher, 200), (school.other_teacher, 404)):
        assert school.signed_in(who).get(where).status_code == status
    assert school.signed_in(None).get(where).status_code == 302


def test_queries_do_not_depend_on_the_number_of_classes_and_students(school: School) -> None:
    client = school.signed_in(school.administrator)
    costs = []
    for classes in (2, 6):
        for number in range(classes):
            summary = over(f"Class {classes} {number}")
            for student in range(3 * classes):
                took(summary, student, chat=student)
        for where in (PERIOD, reverse("reports:class_participation", args=[summary.room.key])):
            client.get(where)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(where).status_code == 200
            costs.append(len(queries))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 14, costs


def test_a_page_has_fifty_students(school: School) -> None:
    summary = over("Large")
    for number in range(51):
        took(summary, number, chat=number)
    client = school.signed_in(school.administrator)
    assert len(rows(client.get(PERIOD).content.decode())) == 50
    assert len(rows(client.get(PERIOD, {"page": "2"}).content.decode())) == 1


def test_numbers_of_a_class_open_the_events_of_that_person(school: School) -> None:
    room = Room.objects.get(pk=school.room.pk)
    Room.objects.filter(pk=room.pk).update(state=RoomState.CLOSED)
    ada = make_person(room, 20, name="Ada", user_uuid="ada")
    eva = make_person(room, 21, name="Ada", user_uuid="eva")
    written = {}
    for sequence, who in ((10, "ada"), (11, "eva")):
        ChatMessage.objects.create(room=room, sequence=sequence, user_uuid=who, sent_at=clock.now())
        sender = {"userUuid": who, "userName": "Ada", "role": 2}
        event = make_event(room, sequence)
        event.raw = json.dumps(
            {"data": {"fromUser": sender, "message": f"from {who}"}}, separators=(",", ":")
        )
        event.save()
        written[who] = f'id="e{event.pk}"'
    client = school.signed_in(school.teacher)
    html = client.get(reverse("reports:class_participation", args=[room.key])).content.decode()
    where = f"{reverse('live:events', args=[room.key])}?kind=chat&amp;person={ada.pk}"
    assert where in html
    events = client.get(where.replace("&amp;", "&")).content.decode()
    assert written["ada"] in events
    assert written["eva"] not in events, "a person with the same name"
    assert "Only events about" in events
    both = client.get(where.replace("&amp;", "&"), {"person": [ada.pk, eva.pk]}).content.decode()
    assert written["eva"] in both


def test_class_that_runs_has_no_figures_yet(school: School) -> None:
    html = school.signed_in(school.teacher).get(
        reverse("reports:class_participation", args=[school.room.key])
    ).content.decode()  # fmt: skip
    assert "This class is not over yet" in html
    assert reverse("live:not_taken_part", args=[school.room.key]) in html


@pytest.fixture
def live(school: School) -> Room:
    """Return a live class in which everyone has been present for ten minutes."""
    room = make_room("Live")
    long_ago = clock.now() - timedelta(minutes=10)
    for number in range(40, 47):
        make_person(room, number, online_since=long_ago)
    RoomTeacher.objects.create(room=room, user=school.teacher)
    return room


def names(room: Room) -> list[str]:
    return [person.name for person in not_taken_part(room).students]


def test_students_who_did_nothing_are_named(live: Room) -> None:
    everyone = Participant.objects.filter(room=live)
    ChatMessage.objects.create(room=live, sequence=1, user_uuid="cloud-user-40", sent_at=clock.now())
    Answer.objects.create(room=live, of="poll", question_id="p", user_uuid="cloud-user-41", sequence=1)
    everyone.filter(user_uuid="cloud-user-42").update(hand_raised=True)
    everyone.filter(user_uuid="cloud-user-43").update(last_on_stage_at=clock.now())
    make_event(live, 5, cmd=1502, addProgressUsers=[{"userUuid": "cloud-user-44"}])
    everyone.filter(user_uuid="cloud-user-45").update(online_since=clock.now() - timedelta(minutes=4))
    found = not_taken_part(live)
    assert ([person.name for person in found.students], found.expected) == (["Student 46"], 6)


def test_teachers_and_people_who_left_are_not_expected(live: Room) -> None:
    everyone = Participant.objects.filter(room=live)
    everyone.filter(user_uuid="cloud-user-40").update(online=False)
    everyone.filter(user_uuid="cloud-user-41").update(role="teacher")
    assert names(live) == [f"Student {number}" for number in range(42, 47)]


def test_message_in_a_breakout_room_counts(live: Room) -> None:
    Room.objects.filter(pk=live.pk).update(groups_sequence=1)
    group = make_room("Group", parent=live)
    ChatMessage.objects.create(room=group, sequence=1, user_uuid="cloud-user-40", sent_at=clock.now())
    assert "Student 40" not in names(Room.objects.get(pk=live.pk))


def test_dialog_counts_names_and_costs_few_queries(school: School, live: Room) -> None:
    Participant.objects.filter(room=live, user_uuid="cloud-user-40").update(name=HOSTILE)
    client = school.signed_in(school.teacher)
    where = reverse("live:not_taken_part", args=[live.key])
    client.get(where, **HTMX)
    with CaptureQueriesContext(connection) as queries:
        html = client.get(where, **HTMX).content.decode()
    assert "7 students have not taken part yet." in html
    assert HOSTILE not in html
    assert len(queries) <= 8, "sign-in, access, people, messages, answers, hands"
    assert where in client.get(reverse("live:class", args=[live.key])).content.decode()
