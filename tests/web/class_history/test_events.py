"""The event log of a class: filtered on the server, live for quizzes and polls, a sentence for all."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Replace
from django.test import Client
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.events import filters, sentence
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import decode_stored
from classroom_admin.web.classroom.events import EVENT_KINDS
from tests.school import HTMX, School, make_event, make_person, make_room
from tests.web.classroom.test_page import changes, now

ADA = {"userUuid": "ada", "userName": "Ada", "role": 2}


def found(client: Client, school: School, *, htmx: bool = True, **query: Any) -> str:
    answer = client.get(reverse("live:events", args=[school.room.key]), query, **(HTMX if htmx else {}))
    assert answer.status_code == 200
    return answer.content.decode()


def ids(html: str) -> set[int]:
    return set(ids_in_order(html))


def ids_in_order(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="[ef](\d+)"', html)]


def widget(school: School, sequence: int, stream: str = "popupQuiz", **data: Any) -> StoredEvent:
    raw = json.dumps({"sequence": sequence, "data": data}, separators=(",", ":"))
    return StoredEvent.objects.create(
        room=school.room, stream=stream, sequence=sequence, cmd=4, received_at=clock.now(), raw=raw
    )


def event_of_each_kind(school: School) -> dict[str, StoredEvent]:
    StoredEvent.objects.all().delete()
    rows = {
        declared.name: make_event(school.room, number, cmd=cmd)
        for number, declared in enumerate(filters(), 1)
        if (cmd := declared.kinds[0].cmd) is not None
    }
    rows["quiz"] = widget(school, 1, cause={"action": 1})
    rows["poll"] = widget(school, 1, "poll", cause={"action": 1})
    rows["other"] = make_event(school.room, 50, cmd=7001)
    rows["unreadable"] = make_event(school.room, 51, cmd=1)
    StoredEvent.objects.filter(pk=rows["unreadable"].pk).update(unreadable="why")
    return rows


@pytest.mark.parametrize("kind", dict(EVENT_KINDS))
def test_filter_finds_each_kind(school: School, admin: Client, kind: str) -> None:
    rows = event_of_each_kind(school)
    names = {"questions": ("quiz", "poll"), "class": ("class", "unreadable")}.get(kind, (kind,))
    expected = {rows[name].pk for name in names}
    assert ids(found(admin, school, kind=kind)) == expected
    assert ids(found(admin, school, kind=kind, htmx=False)) == expected


@pytest.mark.parametrize("kind", ["nonsense", "'", "peer"])
def test_unknown_kind_is_ignored(school: School, admin: Client, kind: str) -> None:
    assert len(ids(found(admin, school, kind=kind, htmx=False))) == 2


def test_events_of_a_person_are_found_by_name(school: School, admin: Client) -> None:
    StoredEvent.objects.all().delete()
    ada = make_person(school.room, 60, user_uuid="ada", name="Áda Lovelace")
    other = make_person(school.room, 61, user_uuid="ADA", name="Someone else")
    raws = {
        "wrote": {"fromUser": {"userUuid": "ada"}, "message": "hi"},
        "hand": {"addProgressUsers": [{"userUuid": "ben"}, {"userUuid": "ada"}]},
        "said the id": {"fromUser": {"userUuid": "ben"}, "message": "ada"},
        "case": {"fromUser": {"userUuid": "ADA"}, "message": "hi"},
        "longer": {"fromUser": {"userUuid": "ada2"}, "message": "hi"},
    }
    rows = {
        name: StoredEvent.objects.create(
            room=school.room, stream="room", sequence=number, cmd=3, received_at=clock.now(),
            raw=json.dumps({"data": data}, separators=(",", ":")),
        )
        for number, (name, data) in enumerate(raws.items(), 1)
    }  # fmt: skip
    assert ids(found(admin, school, who="ada love")) == {rows["wrote"].pk, rows["hand"].pk}
    assert ids(found(admin, school, who="else")) == {rows["case"].pk}
    assert ids(found(admin, school, who="nobody of this name")) == set()
    assert ids(found(admin, school, who="ada love", kind="hands")) == set()
    assert ids(found(admin, school, person=ada.pk)) == {rows["wrote"].pk, rows["hand"].pk}
    assert ids(found(admin, school, person=[ada.pk, other.pk])) == {
        rows[name].pk for name in ("wrote", "hand", "case")
    }
    html = found(admin, school, person=ada.pk, htmx=False)
    assert "Only events about <bdi>Áda Lovelace</bdi>" in html


@pytest.mark.parametrize("key", ["0", "x", "9" * 30])
def test_unknown_person_is_ignored(school: School, admin: Client, key: str) -> None:
    assert len(ids(found(admin, school, person=key, htmx=False))) == 2


def test_person_of_another_class_is_ignored(school: School, admin: Client) -> None:
    other = make_person(make_room("Other"), 9)
    assert len(ids(found(admin, school, person=other.pk, htmx=False))) == 2


def test_events_of_a_person_exclude_events_that_only_list_them(school: School, admin: Client) -> None:
    """The cloud sends all raised hands with each one, and everyone on stage with each change of it."""
    StoredEvent.objects.all().delete()
    for number, name in enumerate(("ada", "ben", "cem", "dora")):
        make_person(school.room, 70 + number, user_uuid=name, name=name.title())
    one, two, both = {"userUuid": "ada"}, {"userUuid": "ben"}, [{"userUuid": "ada"}, {"userUuid": "ben"}]
    entered = [
        {"userUuid": name, "userName": name.title(), "role": 2} for name in ("dora", "cem", "ben", "ada")
    ]
    screens = [{"streamUuid": "1", "state": 1, "fromUser": user} for user in (one, two)]
    rows = {
        name: make_event(school.room, number, cmd=cmd, **data)
        for number, (name, cmd, data) in enumerate([
            ("raised", 1502, {"progressUsers": [one], "addProgressUsers": [one]}),
            ("ben raised", 1502, {"progressUsers": both, "addProgressUsers": [two]}),
            ("lowered", 1502, {"progressUsers": [two], "removeProgressUsers": [one]}),
            ("ben on stage", 1501, {"acceptedUsers": both, "addAcceptedUsers": [two]}),
            ("fourth of several", 20, {"onlineUsers": entered}),
            ("cameras", 41, {"streams": screens}),
            ("rewards", 1101, {"rewardPoints": [{"userUuid": "ben", "points": 3}]}),
            ("of an unknown type", 7001, {"whoever": {"userUuid": "ada"}}),
        ], 1)
    }  # fmt: skip
    StoredEvent.objects.update(raw=Replace("raw", Value('": '), Value('":')))  # as compact as the cloud's
    theirs = {"raised", "lowered", "fourth of several", "cameras", "of an unknown type"}
    assert ids(found(admin, school, who="ada")) == {rows[name].pk for name in theirs}


def test_direct_messages_are_not_among_the_events(school: School, admin: Client) -> None:
    secret = StoredEvent.objects.create(
        room=school.room, stream="peer", digest="d", cmd=1, received_at=clock.now(), raw="{}"
    )
    assert secret.pk not in ids(found(admin, school, htmx=False))
    assert admin.get(reverse("live:event", args=[school.room.key, secret.pk])).status_code == 404


def test_filtered_events_are_paged_and_updated(school: School, admin: Client) -> None:
    wanted = [make_event(school.room, number, cmd=1502) for number in range(10, 130)]
    make_event(school.room, 200, cmd=3)
    html, seen = found(admin, school, kind="hands"), set()
    after = re.search(r"after=(\d+)", html)
    assert after
    while True:
        seen |= ids(html)
        before = re.search(r"before=(\d+)", html)
        if not before:
            break
        html = found(admin, school, kind="hands", before=before.group(1))
    assert seen == {row.pk for row in wanted}
    address = reverse("live:events", args=[school.room.key])
    newest = {"kind": "hands", "after": after.group(1)}
    assert admin.get(address, newest, **HTMX).status_code == 204
    make_event(school.room, 201, cmd=3)
    assert admin.get(address, newest, **HTMX).status_code == 204
    new = make_event(school.room, 202, cmd=1502)
    html = found(admin, school, **newest)
    assert ids(html) == {new.pk}
    assert f"after={new.pk}" in html


def test_burst_of_events_is_followed_without_a_gap(school: School, admin: Client) -> None:
    StoredEvent.objects.all().delete()
    first = make_event(school.room, 1, cmd=3)
    burst = {make_event(school.room, number, cmd=3).pk for number in range(2, 125)}
    after, seen, asks = str(first.pk), set[int](), 0
    while html := admin.get(
        reverse("live:events", args=[school.room.key]), {"kind": "chat", "after": after}, **HTMX
    ).content.decode():
        assert not seen & ids(html)
        assert ids_in_order(html) == sorted(ids(html), reverse=True)
        seen |= ids(html)
        asks += 1
        after = re.search(r"after=(\d+)", html)[1]
        assert ('hx-trigger="load' in html) == (seen != burst)  # what is left is asked for immediately
    assert seen == burst
    assert asks == 3


def test_without_a_filter_there_are_no_results(school: School, admin: Client) -> None:
    assert found(admin, school, kind="", who="").strip() == ""


def test_page_shows_gaps(school: School, admin: Client) -> None:
    assert "Events 5 to 6 can no longer be fetched" in found(admin, school, htmx=False)


@pytest.mark.parametrize("stream", ["popupQuiz", "poll"])
def test_events_of_quizzes_and_polls_are_sent(school: School, admin: Client, stream: str) -> None:
    before = now(school)
    event = widget(school, 1, stream, cause={"action": 1})
    Room.objects.update(question_events=1, last_event_id=event.pk, version=2)
    html = changes(admin, school, before).content.decode()
    assert ids(html) == {event.pk}
    assert "#event-log" in html
    assert Room.objects.get().event_count == 2, "what scripts count stays the room's own stream"


@pytest.mark.django_db(transaction=True)
def test_every_simulated_event_has_a_sentence(settings: Any) -> None:
    import time

    from tests.sync.conftest import config_for, sync_once

    with running_simulator(seed=5, stepped=True, start_ms=int(time.time() * 1000) - 240_000) as sim:
        settings.AGORA = config_for(sim)
        for _ in range(16):
            sim.step(15_000)
        assert sync_once() == ""
    names = dict(Participant.objects.values_list("user_uuid", "name"))
    events = StoredEvent.objects.exclude(stream="peer")
    told = {sentence(decode_stored(row), names)[1] for row in events.filter(unreadable="")}
    assert len(told) > 100
    assert not [words for words in told if "Someone" in words]
    assert {words for words in told if "of type" in words} == {"Event of type 7001"}


def test_event_that_arrives_late_is_at_its_time(admin: Client, school: School) -> None:
    StoredEvent.objects.all().delete()
    first, second, late = (make_event(school.room, number, cmd=7001) for number in (1, 2, 3))
    for event, seconds in ((first, 0), (second, 20), (late, 10)):
        StoredEvent.objects.filter(pk=event.pk).update(ts_ms=clock.to_ms(clock.now()) + 1000 * (seconds - 60))
    page = found(admin, school, htmx=False)
    assert ids_in_order(page) == [second.pk, late.pk, first.pk]
    orders = re.findall(r'data-order="([\d-]+)"', page)
    assert orders == sorted(orders, reverse=True)
