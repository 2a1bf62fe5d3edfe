"""Searches in the database find the same as everywhere, also for rows from before the search keys."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.selectors import find_entries
from classroom_admin.common import clock
from classroom_admin.common.search_field import fill, matches
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.rooms.selectors import COMING, ClassFilters, classes, named_like
from classroom_admin.web.classroom.events import EventFilter, EventPage
from classroom_admin.web.people.views import assignable_rooms, find_people, unassigned_rooms
from classroom_admin.web.settings.audit_log import AuditForm
from tests import migrating
from tests.common.test_text_matching import SAMPLES

pytestmark = pytest.mark.django_db
NFD = unicodedata.normalize("NFD", "Übungen Zoë")


@pytest.mark.parametrize(("words", "text", "found"), SAMPLES)
def test_database_finds_the_samples(words: str, text: str, found: bool) -> None:
    Room.objects.create(room_uuid="r", name=text)
    assert Room.objects.filter(named_like(words)).exists() is found


@pytest.fixture
def head() -> User:
    return User.objects.create_user("head@school.test", "x", name="Head", role=User.Role.ADMINISTRATOR)


def test_classes_are_found_by_class_or_teacher(head: User) -> None:
    by_name = Room.objects.create(room_uuid="a", name=NFD)
    by_teacher = Room.objects.create(room_uuid="b", name="Other")
    Participant.objects.create(room=by_teacher, user_uuid="t", name="Frau ÜBUNGER-Zoë", was_teacher=True)
    of_student = Room.objects.create(room_uuid="c", name="Third")
    Participant.objects.create(room=of_student, user_uuid="s", name="Übungen Zoë")
    found = classes(head, when=COMING, filters=ClassFilters(q="zoe UBUNG"))
    assert set(found) == {by_name, by_teacher}


def test_accounts_are_found_by_name_or_address(head: User) -> None:
    zoe = User.objects.create_user("z.brandt@school.test", "x", name="Zoë Brandt")
    assert [list(find_people(words=q)) for q in ("BRANDT zoe", "z.Brandt@", "zoé school.test")] == [[zoe]] * 3
    zoe.name = "Émile"
    zoe.save()
    assert list(find_people(words="emile")) == [zoe]
    assert list(find_people(words="zoe")) == []


def test_unassigned_and_assignable_classes_and_the_audit_log_are_searched_alike(head: User) -> None:
    room = Room.objects.create(room_uuid="a", name=NFD)
    Room.objects.create(room_uuid="b", name="Other")
    assert list(unassigned_rooms(words="ubung zoë")) == [room]
    assert list(assignable_rooms(head, words="ÜBUNG")) == [room]
    entry = record.done(actor=head, action="class.start", room_uuid="a")
    record.done(actor=head, action="class.start", room_uuid="b")
    form = AuditForm({"room": "zoe ubungen"})
    assert form.is_valid()
    assert find_entries(form.filters()).entries == [entry]


def test_events_of_a_person_are_found_without_accents() -> None:
    from classroom_admin.sync.models import StoredEvent

    room = Room.objects.create(room_uuid="a", name="Algebra")
    Participant.objects.create(room=room, user_uuid="zoe-1", name="Zoë")
    event = StoredEvent.objects.create(
        room=room, stream="room", sequence=1, cmd=20, received_at=clock.now(), raw='{"userUuid":"zoe-1"}'
    )
    assert [row["pk"] for row in EventPage(room, event_filter=EventFilter(who="zoe")).rows] == [event.pk]
    assert not EventPage(room, event_filter=EventFilter(who="lisa")).rows


def test_saving_and_creating_in_bulk_write_the_key() -> None:
    Room.objects.bulk_create([Room(room_uuid="a", name="ÁLGEBRA")])
    room = Room.objects.get(matches("algebra", field="name_search"))
    room.name = "Геометрия"
    room.save()
    assert Room.objects.get(matches("ГЕО", field="name_search")) == room


def test_stored_rows_without_a_key_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the migrations call, on tables of this release: `TestMigration` runs them on those of before."""
    monkeypatch.setattr("classroom_admin.common.search_field.FILL_BATCH", 3)
    for number in range(10):
        room = Room.objects.create(room_uuid=f"r{number}", name=f"Álgebra {number}")
    unseen = Room.objects.create(room_uuid="unseen", name="x")
    Participant.objects.create(room=room, user_uuid="z", name="Zoë")
    User.objects.create_user("zoe@school.test", "x", name="Zoë")
    Room.objects.filter(pk=unseen.pk).update(name="\u200b")
    for model, field in ((Room, "name_search"), (Participant, "name_search"), (User, "search")):
        model.objects.update(**{field: ""})
        fill(connection, model, field)
    assert Room.objects.filter(named_like("algebra")).count() == 10
    assert Room.objects.get(pk=unseen.pk).name == ""
    assert Participant.objects.get(name_search="zoe").name == "Zoë"
    assert User.objects.get(matches("zoe", field="search")).email == "zoe@school.test"


@pytest.mark.django_db(transaction=True)
class TestMigration:
    BEFORE = (("rooms", "0006_labels"), ("accounts", "0003_calendar_feed"))

    @pytest.fixture
    def earlier(self) -> Iterator[Any]:
        executor = migrating.executor()
        executor.migrate(list(self.BEFORE))
        yield executor.loader.project_state(list(self.BEFORE)).apps
        migrating.migrate_to_newest()

    @pytest.mark.long
    def test_stored_rows_get_their_key(self, earlier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("classroom_admin.common.search_field.FILL_BATCH", 3)
        rooms, accounts = earlier.get_model("rooms", "Room"), earlier.get_model("accounts", "User")
        for number in range(10):
            room = rooms.objects.create(room_uuid=f"r{number}", name=f"Álgebra {number}")
        unseen = rooms.objects.create(room_uuid="unseen", name="\u200b")
        earlier.get_model("rooms", "Participant").objects.create(room=room, user_uuid="z", name="Zoë")
        accounts.objects.create(email="zoe@school.test", name="Zoë")
        migrating.migrate_to_newest()
        assert Room.objects.filter(named_like("algebra")).count() == 10
        assert Room.objects.get(pk=unseen.pk).name == ""
        assert Participant.objects.get(name_search="zoe").name == "Zoë"
        assert User.objects.get(matches("zoe", field="search")).email == "zoe@school.test"
