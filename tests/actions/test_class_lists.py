"""Class lists: what a file changes, whose lists they are, what is on record and who hears of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Person, compare, people_of
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import ClassList
from tests.actions.conftest import School, make_school

ADA, ALAN = Person(name="Ada", user_uuid="ada"), Person(name="Alan")


@pytest.fixture
def plain(db: None) -> School:
    return make_school("maths")


def test_what_a_file_changes() -> None:
    before = [ADA, ALAN, Person(name="Grace"), Person(name="Old", user_uuid="old")]
    after = [
        Person(name="Ada Lovelace", user_uuid="ada"),
        ALAN,
        Person(name="grace", user_uuid="hopper"),
        Person(name="New"),
    ]
    changes = compare(before, after)
    assert [one.name for one in changes.added] == ["New"]
    assert [(was.name, now.name) for was, now in changes.changed] == [
        ("Ada", "Ada Lovelace"),
        ("Grace", "grace"),
    ]
    assert [one.name for one in changes.removed] == ["Old"]
    assert changes.same == 1


PEOPLE = st.lists(
    st.builds(Person, name=st.sampled_from("abcd"), user_uuid=st.sampled_from(["", "1", "2"])),
    unique_by=lambda one: one.known_by,
)


@given(PEOPLE, PEOPLE)
def test_nobody_is_lost_and_nobody_is_counted_twice(before: list[Person], after: list[Person]) -> None:
    changes = compare(before, after)
    assert len(changes.added) + len(changes.changed) + changes.same == len(after)
    assert len(changes.removed) + len(changes.changed) + changes.same == len(before)
    assert compare(before, before) == compare(before, list(reversed(before)))
    assert not compare(before, before).any


def test_a_list_from_its_making_to_its_end(plain: School) -> None:
    made = class_lists.make_list(actor=plain.teacher, name=" 7b ")
    assert (made.name, made.owner) == ("7b", plain.teacher)
    class_lists.set_people(actor=plain.teacher, class_list=made, people=[ADA, ALAN], version=1)
    assert people_of(made) == [ADA, ALAN]
    class_lists.use_list(access_to(plain.teacher, plain.room), class_list=made)
    plain.room.refresh_from_db()
    assert plain.room.class_list == made
    made.refresh_from_db()
    changes = class_lists.set_people(
        actor=plain.administrator, class_list=made, people=[ADA], version=made.version
    )
    assert [one.name for one in changes.removed] == ["Alan"]
    class_lists.delete_list(actor=plain.teacher, class_list=made)
    plain.room.refresh_from_db()
    assert plain.room.class_list is None
    told = Entry.objects.filter(room_uuid=plain.room.room_uuid).values_list("action", flat=True)
    assert list(told) == ["class_list.change", "class_list.change", "room.use_list"]  # the last first
    assert Entry.objects.filter(action="class_list.delete", params={"people": 1}).exists()


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(plain: School) -> None:
    made = class_lists.make_list(actor=plain.teacher, name="7b")
    class_lists.set_people(actor=plain.teacher, class_list=made, people=[ADA], version=1)
    with pytest.raises(ActionRefused, match="in the meantime"):
        class_lists.set_people(actor=plain.teacher, class_list=made, people=[ALAN], version=1)
    assert people_of(made) == [ADA]


def test_a_list_and_a_class_of_somebody_else(plain: School) -> None:
    mine = class_lists.make_list(actor=plain.teacher, name="7b")
    theirs = class_lists.make_list(actor=plain.other_teacher, name="8c")
    other = plain.other_teacher
    before = Entry.objects.count()
    for act in (
        lambda: class_lists.rename_list(actor=other, class_list=mine, name="x"),
        lambda: class_lists.set_people(actor=other, class_list=mine, people=[ADA], version=1),
        lambda: class_lists.delete_list(actor=other, class_list=mine),
        lambda: class_lists.use_list(access_to(other, plain.room), class_list=theirs),
        lambda: class_lists.use_list(access_to(plain.teacher, plain.room), class_list=theirs),
    ):
        with pytest.raises(NotYours):
            act()
    assert Entry.objects.count() == before
    assert ClassList.objects.filter(rooms__isnull=False).count() == 0


@pytest.mark.parametrize(
    "people",
    [
        [ADA, ADA],
        [Person(name=" ")],
        [Person(name="\u200b")],
        [Person(name="Ada", user_uuid="a/b")],
        [Person(name="Ada L"), Person(name="ADA  l")],
    ],
)
def test_a_list_that_makes_no_sense(plain: School, people: list[Person]) -> None:
    made = class_lists.make_list(actor=plain.teacher, name="7b")
    with pytest.raises(ActionRefused):
        class_lists.set_people(actor=plain.teacher, class_list=made, people=people, version=1)
    assert people_of(made) == []


@pytest.mark.parametrize("pair", [("रीना", "रानी"), ("たいき", "だいき"), ("Hùng", "Hưng"), ("🦄", "🐉")])
def test_similar_names_are_different_people(plain: School, pair: tuple[str, str]) -> None:
    made = class_lists.make_list(actor=plain.teacher, name="7b")
    people = [Person(name=name) for name in pair]
    class_lists.set_people(actor=plain.teacher, class_list=made, people=people, version=1)
    assert {one.name for one in people_of(made)} == set(pair)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "\u200b", "\u3164", " \u2060"])
def test_a_list_needs_a_name(plain: School, name: str) -> None:
    with pytest.raises(ActionRefused):
        class_lists.make_list(actor=plain.teacher, name=name)


def test_a_list_has_its_own_thresholds(plain: School) -> None:
    made = class_lists.make_list(actor=plain.teacher, name="7b")
    class_lists.use_list(access_to(plain.teacher, plain.room), class_list=made)

    def change(late: float | None, early: float | None) -> bool:
        return class_lists.set_thresholds(
            actor=plain.teacher, class_list=made, late_after_minutes=late, left_early_minutes=early
        )

    assert change(10, None)
    assert not change(10, None)
    made.refresh_from_db()
    assert (made.late_after_minutes, made.left_early_minutes, made.version) == (10, None, 1)
    in_list, in_class = Entry.objects.filter(action="list.thresholds").order_by("id")
    assert in_list.params == {"changed": {"late_after_minutes": {"from": None, "to": 10}}}
    assert in_class.room_uuid == plain.room.room_uuid
    for late, early in ((-1, None), (None, float("nan")), (1441, None)):
        with pytest.raises(ActionRefused) as refused:
            change(late, early)
        assert refused.value.field == ("left_early_minutes" if late is None else "late_after_minutes")
    with pytest.raises(NotYours):
        class_lists.set_thresholds(
            actor=plain.other_teacher, class_list=made, late_after_minutes=1, left_early_minutes=1
        )
