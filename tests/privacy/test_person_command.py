"""`manage.py person` exports and erases a person, and asks before it does."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from classroom_admin.accounts.models import User
from classroom_admin.privacy import erasure_ledger
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.rooms.models import ChatMessage, ClassList, ListedPerson, Participant
from tests.school import School

ID = "cloud-user-3"


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("person", *arguments, "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def test_a_dry_run_says_what_would_be_done(school: School) -> None:
    found = run("erase", "--user-id", ID, "--dry-run")
    assert found == {
        "person": [{"kind": "id", "name": "Gone", "about": ID, "classes": 1}],
        "counts": {"participants": 1},
    }
    assert not Erasure.objects.exists()
    assert not PersonJob.objects.exists()


def test_an_export_is_written_to_a_file_that_only_its_owner_reads(school: School, tmp_path: Path) -> None:
    target = tmp_path / "person.zip"
    with pytest.raises(CommandError, match="--output"):
        run("export", "--user-id", ID)
    assert run("export", "--user-id", ID, "--output", str(target))["counts"]["participants"] == 1
    assert target.stat().st_mode & 0o777 == 0o600
    with ZipFile(target) as archive:
        assert json.loads(archive.read("participants.json"))[0]["name"] == "Gone"
        assert ID in archive.read("index.html").decode()
    assert PersonJob.objects.get().file == ""


def test_an_erasure_needs_yes(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("person", "erase", "--user-id", ID, stdout=StringIO())
    assert not Erasure.objects.exists()


def test_a_person_is_erased_by_their_email_address(school: School) -> None:
    people = ClassList.objects.create(name="7b")
    ListedPerson.objects.create(class_list=people, name="Gone Person", email="gone@school.test", user_uuid=ID)
    done = run("erase", "--email", "GONE@school.test", "--yes")
    erasure = Erasure.objects.get()
    assert done["erased_as"] == f"Erased person {erasure.number}"
    assert not ListedPerson.objects.exists()
    assert Participant.objects.get(user_uuid=f"erased-{erasure.number}").name == erasure.name
    assert erasure_ledger.ledger_path().stat().st_mode & 0o777 == 0o600
    assert [entry.key for entry in erasure_ledger.entries_in_file()] == [erasure.key]
    content = erasure_ledger.ledger_path().read_text()
    assert not any(text in content for text in (ID, "gone@school.test", "Gone"))


def test_a_name_chooses_only_entries_of_class_lists(school: School) -> None:
    people = ClassList.objects.create(name="7b")
    ListedPerson.objects.create(class_list=people, name="Gone")
    run("erase", "--name", "Gone", "--yes")
    assert not ListedPerson.objects.exists()
    assert Participant.objects.filter(name="Gone").exists()


def test_unknown_people_and_the_last_administrator_are_refused(school: School) -> None:
    with pytest.raises(CommandError, match="known here"):
        run("erase", "--user-id", "nobody", "--yes")
    with pytest.raises(CommandError, match="only active administrator"):
        run("erase", "--email", school.administrator.email, "--yes")
    assert User.objects.filter(email=school.administrator.email).exists()


def test_an_id_that_only_wrote_a_message_is_known(school: School) -> None:
    ChatMessage.objects.create(
        room=school.room, sequence=60, user_uuid="only-wrote", text="x", sent_at=school.room.started_at
    )
    assert run("export", "--user-id", "only-wrote", "--dry-run")["counts"] == {"chat": 1}
