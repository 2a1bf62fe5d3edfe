"""Students join by a link: they wait, are let in, and are led to the classroom with a short-lived token."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from classroom_admin.accounts import throttling
from classroom_admin.accounts.models import Attempts
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.integrations.joining import actions, links, selectors
from classroom_admin.integrations.joining.models import JoinPage, JoinRequest, PersonalLink
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, ListedPerson, Participant, Room, RoomState
from classroom_admin.simulator.tokens import TokenVerifier
from tests.school import ROOM_UUID, School
from tests.stepped_clock import SteppedClock, use

TEMPLATE = "https://app.test/?r={room}&u={user}&n={name}&p={role}&t={token}"
State = JoinRequest.State


@pytest.fixture
def page(school: School, settings: Any) -> JoinPage:
    """A class that runs, with a link and a waiting room, and a classroom app that wants a token."""
    settings.JOIN_URL_TEMPLATE = TEMPLATE
    settings.AGORA = replace(settings.AGORA, app_id="a" * 32, app_certificate="b" * 32)
    return actions.renew_link(access_to(school.teacher, school.room))


def join(page: JoinPage, name: str, client: Client | None = None) -> HttpResponse:
    # The client checks CSRF tokens as a real server does: students need none.
    return (client or Client(enforce_csrf_checks=True)).post(f"/join/{page.code}/", {"name": name})


def settings_of(page: JoinPage, **values: Any) -> None:
    JoinPage.objects.filter(pk=page.pk).update(**values)


def test_student_waits_is_let_in_and_enters_with_a_token(
    school: School, page: JoinPage, settings: Any
) -> None:
    student = Client(enforce_csrf_checks=True)
    welcome = student.get(f"/join/{page.code}/")
    assert "Your name" in welcome.content.decode()
    assert JoinRequest.objects.count() == 0  # a preview of the link changes nothing
    answer = join(page, "  Zoë\u200b  Brandt ", student)
    waiting = answer["Location"]
    assert "Please wait" in student.get(waiting).content.decode()
    assert student.get(f"{waiting}enter/")["Location"] == waiting  # not before a teacher decides

    access = access_to(school.teacher, school.room)
    asked = JoinRequest.objects.get()
    assert asked.name == "Zoë Brandt"
    assert actions.let_in(access, pks=[asked.pk]) == 1
    html = student.get(waiting).content.decode()
    assert f'content="1; url={waiting}enter/"' in html
    entered = student.get(f"{waiting}enter/")
    assert entered["Referrer-Policy"] == "same-origin"
    sent = parse_qs(urlsplit(entered["Location"]).query)
    assert (sent["r"], sent["n"], sent["p"]) == ([ROOM_UUID], ["Zoë Brandt"], ["2"])
    verifier = TokenVerifier(app_id=settings.AGORA.app_id, app_certificate=settings.AGORA.app_certificate)
    now_s = clock.cloud_now().timestamp()
    verifier.check_room(token=sent["t"][0], room=ROOM_UUID, user=sent["u"][0], role=2, nows=(now_s,))
    assert sent["t"][0] not in student.get(waiting).content.decode()
    assert "Enter the class again" in student.get(waiting).content.decode()


def test_pages_of_students_are_private_and_name_no_cloud_id(page: JoinPage) -> None:
    waiting = join(page, "Ada")["Location"]
    personal = links.personal_link(page.room, user_id="cloud-user-9", name="Ada")
    for path in (f"/join/{page.code}/", waiting, personal, "/join/unknown/"):
        answer = Client().get(path)
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
        html = answer.content.decode()
        assert not any(one in html for one in (ROOM_UUID, "cloud-user-9", JoinRequest.objects.get().user_id))


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u2060", "\u0301", "a\x00b", "x" * 65])
def test_name_that_nobody_can_read_is_refused(page: JoinPage, name: str) -> None:
    answer = join(page, name)
    assert answer.status_code == 422
    assert "You have not joined yet" in answer.content.decode()
    assert not JoinRequest.objects.exists()


@pytest.mark.parametrize("name", ["محمد\u202e عبد", "王小明", "<script>", "👩‍👩‍👧‍👦 Vogel", "O"])
def test_unusual_names_are_shown_as_text(page: JoinPage, name: str) -> None:
    answer = join(page, name)
    assert answer.status_code == 302
    html = Client().get(answer["Location"]).content.decode()
    assert "<script>alert" not in html
    assert "<bdi><script></bdi>" not in html


def test_same_browser_and_name_is_the_same_person(page: JoinPage) -> None:
    phone = Client()
    first = join(page, "Ada", phone)["Location"]
    assert join(page, "ada", phone)["Location"] == first
    assert join(page, "Ben", phone)["Location"] != first
    assert join(page, "Ada")["Location"] != first  # another browser is another person
    assert JoinRequest.objects.values("user_id").distinct().count() == 3


def test_without_a_waiting_room_students_come_in_at_once(page: JoinPage) -> None:
    settings_of(page, link_waits=False)
    waiting = join(page, "Ada")["Location"]
    assert Client().get(f"{waiting}enter/")["Location"].startswith("https://app.test/")


def test_class_that_has_not_started_says_when_and_lets_in_later(page: JoinPage) -> None:
    settings_of(page, link_waits=False)
    start = datetime(2031, 5, 3, 8, 15, tzinfo=UTC)
    room = Room.objects.filter(pk=page.room_id)
    room.update(state=RoomState.NOT_STARTED, started_at=None, planned_start_at=start)
    assert "2031-05-03T08:15:00" in Client().get(f"/join/{page.code}/").content.decode()
    waiting = join(page, "Ada")["Location"]
    html = Client().get(waiting).content.decode()
    assert "The class has not started yet" in html
    assert "2031-05-03T08:15:00" in html
    assert "<noscript><meta" in html
    assert Client().get(f"{waiting}enter/")["Location"] == waiting
    invitation = Client().get(f"/join/{page.code}/invitation.ics").content.decode().replace("\r\n ", "")
    assert "DTSTART:20310503T081500Z" in invitation
    assert f"/join/{page.code}/" in invitation
    assert ROOM_UUID not in invitation
    room.update(state=RoomState.STARTED, started_at=clock.now())
    assert Client().get(f"{waiting}enter/")["Location"].startswith("https://app.test/")
    room.update(state=RoomState.ENDED)
    assert "The class has ended" in Client().get(waiting).content.decode()
    room.update(state=RoomState.CLOSED)
    assert "This class is over" in Client().get(waiting).content.decode()
    assert "This class is over" in Client().get(f"/join/{page.code}/").content.decode()
    before = JoinRequest.objects.count()
    assert join(page, "Eve").status_code == 200
    assert JoinRequest.objects.count() == before


def test_only_people_on_the_list_may_join_with_their_own_id(school: School, page: JoinPage) -> None:
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    listed.people.create(name="Ada Lovelace", user_uuid="ada-1")
    listed.people.create(name="Zoë Brandt")
    Room.objects.filter(pk=page.room_id).update(class_list=listed)
    settings_of(page, who=JoinPage.Who.LISTED)
    assert "This name is not on the class list" in join(page, "Eve").content.decode()
    assert join(page, "brandt zoe").status_code == 302
    assert join(page, "Ada Lovelace").status_code == 302
    ada, zoe = JoinRequest.objects.order_by("name")
    assert (ada.user_id, ada.name) == ("ada-1", "Ada Lovelace")
    assert zoe.user_id.startswith("listed-")
    # Another person who enters the name does not see or use the decision about the first person.
    actions.let_in(access_to(school.teacher, page.room), pks=[ada.pk])
    assert "Please wait" in Client().get(join(page, "Ada Lovelace")["Location"]).content.decode()


def test_personal_link_needs_no_waiting_room_and_can_be_revoked(school: School, page: JoinPage) -> None:
    path = links.personal_link(page.room, user_id="ada-1", name="Ada")
    assert "You join as" in Client().get(path).content.decode()
    assert not JoinRequest.objects.exists()
    phone, laptop = (Client(enforce_csrf_checks=True).post(path)["Location"] for _ in range(2))
    assert phone == laptop
    sent = parse_qs(urlsplit(Client().get(f"{phone}enter/")["Location"]).query)
    assert (sent["u"], sent["n"]) == (["ada-1"], ["Ada"])
    assert actions.revoke_personal_links(access_to(school.teacher, page.room)) == 1
    assert Client().get(path).status_code == 404
    assert Client().get(f"{phone}enter/").status_code == 404


def test_banned_person_cannot_come_back_with_a_personal_link(school: School, page: JoinPage) -> None:
    path = links.personal_link(page.room, user_id="cloud-user-2", name="Ben")
    waiting = Client().post(path)["Location"]
    entry = record(
        actor=school.teacher, action="participant.remove", room_uuid=page.room.room_uuid,
        target="cloud-user-2", params={"ban_s": 600, "duration_s": 600},
    )  # fmt: skip
    add_step(entry, Step.Kind.ACCEPTED)
    Participant.objects.filter(user_uuid="cloud-user-2").update(kicked_at=clock.now(), kicked_sequence=9)
    assert "You were removed from this class" in Client().get(waiting).content.decode()
    assert Client().get(f"{waiting}enter/")["Location"] == waiting
    again = record(
        actor=school.teacher, action="participant.let_back", room_uuid=page.room.room_uuid,
        target="cloud-user-2",
    )  # fmt: skip
    add_step(again, Step.Kind.ACCEPTED)
    assert Client().get(f"{waiting}enter/")["Location"].startswith("https://app.test/")


def test_refused_person_can_ask_again_later(school: School, page: JoinPage) -> None:
    with use(SteppedClock(datetime(2026, 9, 1, 8, tzinfo=UTC))) as stepped:
        waiting = join(page, "Ada")["Location"]
        asked = JoinRequest.objects.get()
        assert actions.refuse(access_to(school.teacher, page.room), pks=[asked.pk]) == 1
        assert "You were not let in" in Client().get(waiting).content.decode()
        Client(enforce_csrf_checks=True).post(waiting)
        assert JoinRequest.objects.get().state == State.REFUSED
        stepped.step(actions.ASK_AGAIN_AFTER.total_seconds())
        assert "Ask again" in Client().get(waiting).content.decode()
        Client(enforce_csrf_checks=True).post(waiting)
        assert JoinRequest.objects.get().state == State.WAITING
        assert "Please wait" in Client().get(waiting).content.decode()


def test_wrong_links_are_counted_and_then_refused(page: JoinPage) -> None:
    assert Client().get("/join/unknown/").status_code == 404
    assert Attempts.objects.get(kind="join_link").count == 1
    known = Client()
    join(page, "Ada", known)
    Attempts.objects.update(count=throttling.GUESSES, last_at=clock.now() + timedelta(hours=1))
    for path in ("/join/unknown/", f"/join/{page.code}/", "/join/waiting/unknown/", "/join/personal/a~b/"):
        refused = Client().get(path)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) >= 1
    assert known.get(f"/join/{page.code}/").status_code == 200  # someone has joined with this browser
    assert Client(REMOTE_ADDR="198.51.100.7").get(f"/join/{page.code}/").status_code == 200


def test_known_browser_can_not_try_names_without_end(
    school: School, page: JoinPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone who once joined any class could otherwise find out who is on the list of another one."""
    monkeypatch.setattr(throttling, "GUESSES", 2)
    known, neighbour = Client(), Client()
    join(page, "Eve", known)
    join(page, "Noah", neighbour)
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    ListedPerson.objects.create(class_list=listed, name="Ada Lovelace")
    Room.objects.filter(pk=page.room.pk).update(class_list=listed)
    settings_of(page, who=JoinPage.Who.LISTED)
    with use(SteppedClock(clock.now())):  # no guess is forgotten meanwhile
        assert [join(page, name, known).status_code for name in ("Ann", "Bob")] == [422, 429]
        assert join(page, "Ada Lovelace", known).status_code == 429
        assert join(page, "Ada Lovelace", neighbour).status_code == 302


def test_class_has_a_limit_for_requests(page: JoinPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_REQUESTS", 1)
    assert join(page, "Ada").status_code == 302
    full = join(page, "Eve")
    assert full.status_code == 422
    assert "Too many people" in full.content.decode()


@pytest.mark.parametrize("waits", [True, False])
def test_flood_stops_no_personal_link_and_ends_with_a_new_link(
    school: School, page: JoinPage, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """Strangers who have the link of the class can neither keep others out for long, nor stay themselves."""
    monkeypatch.setattr(actions, "MOST_REQUESTS", 2)
    settings_of(page, link_waits=waits)
    strangers = [join(page, name)["Location"] for name in ("Eve", "Mallory")]
    assert join(page, "Ada").status_code == 422
    personal = links.path_of(links.personal_link_row(page, user_id="ada", name="Ada"))
    assert Client().post(personal).status_code == 302
    page = actions.renew_link(access_to(school.teacher, school.room))
    assert join(page, "Ada").status_code == 302
    assert [Client().get(one).status_code for one in strangers] == [404, 404]


def test_requests_are_hidden_when_the_page_is_closed_and_deleted_after_a_day(page: JoinPage) -> None:
    with use(SteppedClock(datetime(2026, 9, 1, 8, tzinfo=UTC))) as stepped:
        waiting = join(page, "Ada")["Location"]
        actions.tidy()
        assert selectors.waiting(page.room).count == 1
        revision = JoinPage.objects.get().revision
        stepped.step(actions.AWAY_AFTER.total_seconds() + 1)
        actions.tidy()
        assert selectors.waiting(page.room).count == 0
        assert JoinPage.objects.get().revision > revision
        assert "Please wait" in Client().get(waiting).content.decode()
        assert selectors.waiting(page.room).count == 1
        stepped.step(selectors.KEPT_FOR.total_seconds() + 1)
        assert Client().get(waiting).status_code == 404
        actions.tidy()
        assert not JoinRequest.objects.exists()
        assert not PersonalLink.objects.exists()


def test_school_without_a_classroom_app_says_so(page: JoinPage, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = ""
    settings_of(page, link_waits=False)
    waiting = join(page, "Ada")["Location"]
    assert "can't be opened from here" in Client().get(waiting).content.decode()
