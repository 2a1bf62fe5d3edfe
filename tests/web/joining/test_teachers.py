"""Teachers manage the ways into a class, let people in from the class page, and start it with one click."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.integrations.joining import actions, identities, links, selectors
from classroom_admin.integrations.joining.models import JoinPage, JoinRequest
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.audit_sentences import describe
from tests.school import HTMX, School

State = JoinRequest.State


@pytest.fixture
def teacher(school: School) -> Client:
    return school.signed_in(school.teacher)


def url(school: School, name: str = "joining") -> str:
    return reverse(f"live:{name}", args=[school.room.key])


def asks(school: School, *names: str) -> list[JoinRequest]:
    page = links.page_of(school.room)
    return [actions.ask(page, identities.guest(name, browser=name)) for name in names]


def newest(action: str) -> Entry:
    return Entry.objects.filter(action=action).latest("pk")


def test_link_is_created_renewed_and_turned_off(school: School, teacher: Client) -> None:
    assert "no link for students yet" in teacher.get(url(school)).content.decode()
    teacher.post(url(school), {"do": "renew"})
    first = JoinPage.objects.get().code
    html = teacher.get(url(school)).content.decode()
    assert f"/join/{first}/" in html
    assert '<svg class="join-qr"' in html
    (asked,) = asks(school, "Ada")
    teacher.post(url(school), {"do": "renew"})
    assert JoinPage.objects.get().code not in (None, first)
    assert Client().get(f"/join/{first}/").status_code == 404
    assert selectors.request_with(asked.ticket) is None
    teacher.post(url(school), {"do": "off"})
    assert JoinPage.objects.get().code is None
    recorded = Entry.objects.filter(action__startswith="joining.").order_by("pk")
    said = [describe(entry).sentence for entry in recorded]
    assert said == [
        "Created the link for students", "Renewed the link for students", "Turned the link for students off",
    ]  # fmt: skip


def test_settings_are_changed_and_recorded(school: School, teacher: Client) -> None:
    wanted = {"do": "settings", "who": "listed", "personal_waits": "on"}
    refused = teacher.post(url(school), wanted)
    assert refused.status_code == 422
    assert "Choose a class list for the class first." in refused.content.decode()
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    Room.objects.filter(pk=school.room.pk).update(class_list=listed)
    assert teacher.post(url(school), wanted).status_code == 302
    page = JoinPage.objects.get()
    assert (page.who, page.link_waits, page.personal_waits) == ("listed", False, True)
    assert newest("joining.settings").params == {
        "who": "listed", "link_waits": False, "personal_waits": True,
    }  # fmt: skip
    teacher.post(url(school), wanted)
    assert Entry.objects.filter(action="joining.settings").count() == 1
    assert teacher.post(url(school), {"do": "settings", "who": "everyone"}).status_code == 422


def test_personal_links_are_made_from_the_list_and_printed(school: School, teacher: Client) -> None:
    teacher.post(url(school), {"do": "personal"})
    assert "Choose a class list with people" in teacher.get(url(school)).content.decode()
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    for name in ("Ada", "Ben", "Zoë"):
        listed.people.create(name=name)
    Room.objects.filter(pk=school.room.pk).update(class_list=listed)
    teacher.post(url(school), {"do": "personal"})
    sheet = teacher.get(url(school, "join_sheet")).content.decode()
    assert sheet.count('<svg class="join-qr"') == 3
    found = re.findall(r"/join/personal/[^/<]+/", sheet)
    assert len(set(found)) == 3
    assert all(Client().get(path).status_code == 200 for path in found)
    teacher.post(url(school), {"do": "personal"})
    assert newest("joining.make_personal_links").params == {"count": 3}
    first = links.personal_link_of(found[0].rstrip("/").rpartition("/")[2])
    assert first is not None
    teacher.post(url(school), {"revoke": first.pk})
    assert describe(newest("joining.revoke_personal_link")).sentence.startswith("Revoked the personal link")
    assert Client().get(found[0]).status_code == 404
    teacher.post(url(school), {"do": "revoke_all"})
    assert all(Client().get(path).status_code == 404 for path in found)
    assert newest("joining.revoke_personal_links").params == {"count": 2}


def test_class_page_shows_waiting_people_and_updates(school: School, teacher: Client) -> None:
    page = reverse("live:class", args=[school.room.key])
    assert 'id="waiting" class="waiting-room" aria-label="Waiting room" hidden' in (
        teacher.get(page).content.decode()
    )
    seen = str(PageVersion.of(class_selectors.as_shown().get(pk=school.room.pk)))
    asks(school, "<b>Eve</b>", "Ben")
    changes = teacher.get(reverse("live:class_changes", args=[school.room.key]), {"v": seen}, **HTMX)
    html = changes.content.decode()
    assert "2 people are waiting" in html
    assert "&lt;b&gt;Eve&lt;/b&gt;" in html
    assert "csrf" not in html.lower()
    assert 'id="class-header"' not in html  # only what changed is sent
    assert "2 people are waiting" in teacher.get(page).content.decode()


def test_people_are_let_in_and_refused_and_it_is_recorded(school: School, teacher: Client) -> None:
    ada, ben, eve, zoe = asks(school, "Ada", "Ben", "Eve", "Zoë")
    people = url(school, "join_requests")
    answer = teacher.post(people, {"let_in": ada.pk}, **HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"live:commanded": {"target": "body"}}
    assert describe(newest("joining.let_in")).sentence == "Let \u2068Ada\u2069 into the class"
    teacher.post(people, {"refuse": eve.pk})
    assert describe(newest("joining.refuse")).sentence.startswith("Refused \u2068Eve\u2069")
    html = teacher.get(people).content.decode()
    assert "Ada" not in html
    assert html.index("Ben") < html.index("Eve")  # refused people can still be let in
    teacher.post(people, {"all": ben.pk})  # Zoë came after the page was shown
    teacher.post(people, {"all": "x"})
    states = dict(JoinRequest.objects.values_list("name", "state"))
    assert states == {
        "Ada": State.ADMITTED, "Ben": State.ADMITTED, "Eve": State.REFUSED, "Zoë": State.WAITING,
    }  # fmt: skip
    asks(school, "Kim")
    teacher.post(people, {"all": JoinRequest.objects.latest("pk").pk})
    entry = newest("joining.let_in")
    assert [one["name"] for one in entry.params["people"]] == ["Zoë", "Kim"]
    assert describe(entry).more == ["\u2068Zoë\u2069", "\u2068Kim\u2069"]
    assert zoe.pk
    revision = JoinPage.objects.get().revision
    teacher.post(people, {"let_in": "99999"})
    assert JoinPage.objects.get().revision == revision


def test_other_teachers_and_observers_let_nobody_in(school: School) -> None:
    (ada,) = asks(school, "Ada")
    other = school.signed_in(school.other_teacher)
    assert other.post(url(school, "join_requests"), {"let_in": ada.pk}).status_code == 404
    assert JoinRequest.objects.get().state == State.WAITING
    # The ids of another class have no effect either.
    foreign = Room.objects.create(name="Foreign", room_uuid="foreign")
    access = access_to(school.administrator, foreign)
    assert actions.let_in(access, pks=[ada.pk]) == actions.let_all_in(access, until=ada.pk) == 0


def test_class_page_links_to_the_join_page_and_starts_the_class(school: School, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = "https://class.test/?r={room}&u={user}&t={token}"
    settings.AGORA = replace(settings.AGORA, app_id="a" * 32, app_certificate="b" * 32)
    admin = school.signed_in(school.administrator)
    page = reverse("live:class", args=[school.room.key])
    html = admin.get(page).content.decode()
    assert "class.test" not in html  # a token is made only when a person enters
    assert "Link for students" not in html
    enter = reverse("live:enter", args=[school.room.key, "teacher"])
    assert f'href="{enter}"' in html
    assert re.search(r"&t=007\S{50,}", admin.get(enter)["Location"])
    code = actions.renew_link(access_to(school.administrator, school.room)).code
    assert f"/join/{code}/" in admin.get(page).content.decode()
    Room.objects.filter(pk=school.room.pk).update(state=0, started_at=None)
    start = reverse("live:start_and_join", args=[school.room.key])
    assert f'action="{start}"' in admin.get(page).content.decode()


def test_manifest_names_icons_that_exist(school: School, admin: Client) -> None:
    html = admin.get("/").content.decode()
    address = re.search(r'<link rel="manifest" href="([^"]+)"', html)
    assert address
    answer = Client().get(address[1])
    assert answer["Content-Type"] == "application/manifest+json"
    found = answer.json()
    assert found["start_url"] == "/"
    sizes = {"192x192", "512x512", "any"}
    assert {icon["sizes"] for icon in found["icons"]} == sizes
    for icon in found["icons"]:
        file = Client().get(icon["src"])
        assert file.status_code == 200
        file.close()
