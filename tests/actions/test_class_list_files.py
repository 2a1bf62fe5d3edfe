"""Uploaded class list files: whose they are, when they expire, and what they change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404

from classroom_admin.actions import class_list_files, class_lists
from classroom_admin.actions.class_list_files import MOST_FILES
from classroom_admin.actions.class_lists import Person, people_of
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_lists import FILES_KEPT_FOR, file_for
from classroom_admin.rooms.models import ClassList, ClassListFile
from tests.actions.conftest import School, make_school
from tests.rooms.class_list_files.test_oneroster import ADA, ALAN, EXPORT
from tests.rooms.class_list_files.workbook_files import packed

FILE = b"Wer;Nr.;E-Mail\nAda;7;ada@x.test\n"


@pytest.fixture
def plain(db: None) -> School:
    return make_school("maths")


@pytest.fixture
def made(plain: School) -> ClassList:
    return class_lists.make_list(actor=plain.teacher, name="7b")


def stored(plain: School, made: ClassList | None, content: bytes = FILE) -> ClassListFile:
    return class_list_files.store_file(actor=plain.teacher, class_list=made, name="7b.csv", content=content)


def test_file_is_only_its_owners_and_only_for_a_day(plain: School, made: ClassList) -> None:
    file = stored(plain, made)
    assert file_for(plain.teacher, file.key, list_key=made.key) == file
    for user, list_key in ((plain.administrator, made.key), (plain.teacher, "other"), (plain.teacher, "")):
        with pytest.raises(Http404):
            file_for(user, file.key, list_key=list_key)
    assert class_list_files.delete_expired() == 0
    ClassListFile.objects.update(stored_at=clock.now() - FILES_KEPT_FOR - timedelta(seconds=1))
    with pytest.raises(Http404):
        file_for(plain.teacher, file.key, list_key=made.key)
    assert class_list_files.delete_expired() == 1
    assert not ClassListFile.objects.exists()


def test_new_file_replaces_the_earlier_one_and_few_are_kept(plain: School, made: ClassList) -> None:
    first = stored(plain, made)
    assert stored(plain, made).pk != first.pk
    assert ClassListFile.objects.count() == 1
    for number in range(MOST_FILES + 2):
        stored(plain, class_lists.make_list(actor=plain.teacher, name=str(number)))
    assert ClassListFile.objects.count() == MOST_FILES


def test_file_that_can_not_be_read_or_of_another_list_is_not_stored(plain: School, made: ClassList) -> None:
    with pytest.raises(UnreadableFile):
        stored(plain, made, b"")
    with pytest.raises(NotYours):
        class_list_files.store_file(actor=plain.other_teacher, class_list=made, name="x", content=FILE)
    assert not ClassListFile.objects.exists()


def test_applied_file_is_deleted_and_its_columns_are_remembered(plain: School, made: ClassList) -> None:
    file = stored(plain, made)
    mapping = {"Wer": "name", "Nr.": "user_id", "E-Mail": "email"}
    class_list_files.choose(file, {"mapping": mapping})
    contents = class_list_files.contents_of(file)
    assert people_of(made) == []
    with pytest.raises(NotYours):
        class_list_files.apply_file(actor=plain.administrator, file=file, contents=contents, version=1)
    class_list_files.apply_file(actor=plain.teacher, file=file, contents=contents, version=1)
    assert people_of(made) == [Person(name="Ada", user_uuid="7", email="ada@x.test")]
    assert not ClassListFile.objects.exists()
    made.refresh_from_db()
    assert made.mapping == mapping
    again = class_list_files.contents_of(stored(plain, made, FILE.replace(b"Ada", b"Ada L")))
    assert [one.user_uuid for one in again.people] == ["7"]


def test_file_stays_if_the_list_changed_in_the_meantime(plain: School, made: ClassList) -> None:
    file = stored(plain, made)
    class_list_files.choose(file, {"mapping": {"Wer": "name"}})
    contents = class_list_files.contents_of(file)
    class_lists.set_people(actor=plain.teacher, class_list=made, people=[Person(name="Alan")], version=1)
    with pytest.raises(ActionRefused, match="in the meantime"):
        class_list_files.apply_file(actor=plain.teacher, file=file, contents=contents, version=1)
    assert ClassListFile.objects.get() == file
    assert people_of(made) == [Person(name="Alan")]


def test_export_makes_a_list_for_each_class_and_updates_it(plain: School) -> None:
    def imported(files: dict[str, str]) -> int:
        file = stored(plain, None, packed(files))
        contents = class_list_files.contents_of(file)
        versions = {
            key: each.version
            for key, each in class_list_files.lists_of_classes(plain.teacher, contents.classes).items()
        }
        return class_list_files.import_classes(
            actor=plain.teacher, file=file, classes=contents.classes.values(), versions=versions
        )

    assert imported(EXPORT) == 3
    first = ClassList.objects.get(sourced_id="c1")
    assert (first.name, first.owner, people_of(first)) == ("Maths (M1)", plain.teacher, [ADA, ALAN])
    assert imported(EXPORT) == 0
    assert (
        imported(EXPORT | {"enrollments.csv": EXPORT["enrollments.csv"].replace("e2,,", "e2,tobedeleted,")})
        == 1
    )
    assert people_of(first) == [ADA]
    assert ClassList.objects.count() == 3
    assert Entry.objects.filter(action="class_list.make").count() == 3


def test_export_does_not_overwrite_what_somebody_changed_meanwhile(plain: School) -> None:
    content = packed(EXPORT)
    file = stored(plain, None, content)
    classes = class_list_files.contents_of(file).classes
    class_list_files.import_classes(actor=plain.teacher, file=file, classes=classes.values(), versions={})
    file = stored(plain, None, content)
    with pytest.raises(ActionRefused, match="in the meantime"):
        class_list_files.import_classes(
            actor=plain.teacher, file=file, classes=classes.values(), versions={"c1": 1, "c2": 1, "c3": 1}
        )
    assert ClassListFile.objects.get() == file


def test_export_of_another_teacher_gets_lists_of_its_own(plain: School) -> None:
    for actor in (plain.teacher, plain.other_teacher):
        file = class_list_files.store_file(actor=actor, class_list=None, name="x.zip", content=packed(EXPORT))
        classes = class_list_files.contents_of(file).classes
        class_list_files.import_classes(actor=actor, file=file, classes=classes.values(), versions={})
    assert ClassList.objects.filter(sourced_id="c1").count() == 2
