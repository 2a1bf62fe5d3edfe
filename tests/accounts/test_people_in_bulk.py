"""Import pages, bulk deactivation, invitations and ``manage.py people``."""

from __future__ import annotations

import json
import re
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts import password_links
from classroom_admin.accounts.models import User
from classroom_admin.actions import invitations, people, people_in_bulk, scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import ClassListFile
from tests.accounts.conftest import PASSWORD, School

FILE = b"name,e-mail,role\nNew,new@school.test,\nFrau Berg,berg@school.test,coordinator\n"
NO_MAIL = "django.core.mail.backends.console.EmailBackend"


def uploaded(admin: Client, content: bytes) -> str:
    """Upload a file and return the address of its columns."""
    file = SimpleUploadedFile("staff.csv", content)
    return admin.post(reverse("people:import"), {"file": file})["Location"]


def saved(admin: Client, address: str, **more: str) -> Any:
    """Press "Save changes" on the preview."""
    page = admin.get(f"{address}preview/")
    digest = re.search(r'name="plan" value="(\w+)"', page.content.decode())
    return admin.post(f"{address}preview/", {"plan": digest[1], "role": "teacher", **more}, follow=True)


def text_of(answer: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split()))


def run_due() -> None:
    while scheduled.work([scheduled.Kind.INVITATION]):
        pass


def test_file_is_uploaded_previewed_and_saved(school, admin, settings):
    settings.EMAIL_BACKEND = NO_MAIL
    address = uploaded(admin, FILE)
    page = admin.get(address)
    assert "staff.csv" in text_of(page)
    assert 'name="column-2"' in page.content.decode()
    chosen = {"encoding": "utf-8", "header_line": "1", "preview": ""}
    chosen |= {"column-0": "name", "column-1": "email", "column-2": "role"}
    assert admin.post(address, chosen)["Location"] == f"{address}preview/"
    page = text_of(admin.get(f"{address}preview/"))
    assert "Added 1" in page
    assert "Changed 1" in page
    assert "can't send mail" in page
    assert "new@school.test · Assistant" in text_of(admin.get(f"{address}preview/?role=assistant"))
    assert admin.get(f"{address}preview/?role=king").status_code == 200
    assert User.objects.count() == 3
    answer = saved(admin, address, role="assistant")  # the plan was another one, for teachers
    assert "Accounts have changed" in text_of(answer)
    assert User.objects.count() == 3
    answer = saved(admin, address)
    assert "1 added, 1 changed, 0 deactivated, 0 reactivated" in text_of(answer)
    assert User.objects.get(email="new@school.test").role == User.Role.TEACHER
    assert not ClassListFile.objects.exists()
    assert not ScheduledCommand.objects.exists()
    assert admin.get(address).status_code == 404


def test_unreadable_files_questions_and_refused_rows_are_explained(school, admin):
    file = SimpleUploadedFile("a.csv", b"<html>no table</html>")
    answer = admin.post(reverse("people:import"), {"file": file})
    assert answer.status_code == 422
    assert "This is a web page, not a table" in text_of(answer)
    assert admin.post(reverse("people:import"), {}).status_code == 422
    address = uploaded(admin, b"name,contact\nAda,ada@s.test\n")
    assert "No column with email addresses was found" in text_of(admin.get(address))
    assert admin.get(f"{address}preview/")["Location"] == address
    chosen = {"encoding": "utf-8", "header_line": "1", "column-0": "name", "column-1": "email", "preview": ""}
    assert admin.post(address, chosen)["Location"] == f"{address}preview/"
    assert "ada@s.test" in text_of(admin.get(f"{address}preview/"))
    address = uploaded(admin, b"name,e-mail,active\nAda,admin@school.test,no\n")
    page = admin.get(f"{address}preview/")
    assert "Line 2: You can't deactivate your own account" in text_of(page)
    assert "Save changes" not in text_of(page)
    address = uploaded(admin, "name,e-mail\nZoë,zoe@s.test\n".encode("utf-16"))
    admin.post(address, {"encoding": "ascii"})
    assert admin.get(address).status_code == 200


def test_files_of_other_people_and_of_class_lists_are_not_found(school, admin, browser_of):
    second = User.objects.create_user("second@school.test", role=User.Role.ADMINISTRATOR)
    address = uploaded(admin, FILE)
    assert browser_of(second).get(address).status_code == 404
    key = ClassListFile.objects.get().key
    assert admin.get(reverse("lists:classes", args=[key])).status_code == 404
    other = SimpleUploadedFile("a.csv", b"name\nAda\n")
    admin.post(reverse("lists:upload_oneroster"), {"export": other})
    assert ClassListFile.objects.filter(of_accounts=True).count() == 1


def test_new_people_are_invited_by_mail_and_failed_mails_are_tried_again(school, admin, mailoutbox, settings):
    User.objects.filter(pk=school.administrator.pk).update(language="es")
    address = uploaded(admin, b"name,e-mail,active\nNew,new@school.test,\nOut,out@school.test,no\n")
    answer = saved(admin, address, invite="on")
    assert "1 invitación" in text_of(answer) or "1 invitation is sent" in text_of(answer)
    assert not mailoutbox
    mail = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    run_due()
    row = ScheduledCommand.objects.get()
    assert row.state == "failed"
    assert row.problem["code"] == "mail_not_sent"
    assert row.claimable_at
    settings.EMAIL_BACKEND = mail
    ScheduledCommand.objects.update(claimable_at=row.due_at)
    run_due()
    [sent] = mailoutbox
    assert sent.to == ["new@school.test"]
    assert "Hola" in sent.body
    secret = re.search(r"http\S+/([\w-]+)/", sent.body)[1]
    assert password_links.find(secret).user.email == "new@school.test"
    assert Entry.objects.get(action="account.invite").target == "new@school.test"
    assert ScheduledCommand.objects.get().state == "done"


def test_nobody_is_invited_who_has_a_password_or_was_deactivated(school, mailoutbox):
    for person in (school.teacher, User.objects.create_user("out@school.test", is_active=False)):
        invitations.schedule(person, by=school.administrator)
    run_due()
    assert not mailoutbox
    assert set(ScheduledCommand.objects.values_list("state", flat=True)) == {"cancelled"}


def test_several_people_are_deactivated_and_reactivated_after_a_confirmation(school, admin, browser_of):
    teacher = browser_of(school.teacher)
    link = password_links.create(school.other)
    chosen = {"person": [school.teacher.pk, school.other.pk], "to": "deactivate"}
    page = text_of(admin.get(reverse("people:activation"), chosen))
    assert "Frau Berg" in page
    assert "Mr Other" in page
    assert teacher.get("/").status_code == 200
    answer = admin.post(reverse("people:activation"), chosen, follow=True)
    assert "2 people were deactivated" in text_of(answer)
    assert teacher.get("/").status_code == 302
    assert password_links.find(link) is None
    assert not Client().login(username="berg@school.test", password=PASSWORD)
    assert "deactivated already" in text_of(admin.post(reverse("people:activation"), chosen, follow=True))
    chosen["to"] = "reactivate"
    page = text_of(admin.get(reverse("people:activation"), chosen | {"person": [*chosen["person"], 1]}))
    assert "1 other person stays unchanged" in page
    assert "2 people can sign in again" in text_of(
        admin.post(reverse("people:activation"), chosen, follow=True)
    )
    assert Client().login(username="berg@school.test", password=PASSWORD)
    entries = Entry.objects.exclude(action="account.sign_in_failed").order_by("pk")
    assert list(entries.values_list("action", "target")) == [
        ("account.deactivate", "berg@school.test"),
        ("account.deactivate", "other@school.test"),
        ("account.reactivate", "berg@school.test"),
        ("account.reactivate", "other@school.test"),
    ]
    for odd in ({}, {"person": "x", "to": "deactivate"}, {"person": 9999}):
        assert "Select at least one person" in text_of(
            admin.get(reverse("people:activation"), odd, follow=True)
        )


def test_bulk_deactivation_is_refused_as_a_whole(school, admin):
    second = User.objects.create_user("second@school.test", role=User.Role.ADMINISTRATOR)
    everyone = [school.teacher.pk, school.administrator.pk, second.pk]
    page = admin.get(reverse("people:activation"), {"person": everyone, "to": "deactivate"})
    assert "You can't deactivate your own account" in text_of(page)
    assert 'value="deactivate"' not in page.content.decode()
    with pytest.raises(ActionRefused, match="your own account"):
        people_in_bulk.set_active(actor=second, people=everyone, active=False)
    with pytest.raises(ActionRefused, match="no longer exists"):
        people_in_bulk.set_active(actor=second, people=[school.teacher.pk, 9999], active=False)
    with pytest.raises(PermissionDenied):
        people_in_bulk.set_active(actor=school.teacher, people=[school.other.pk], active=False)
    assert User.objects.filter(is_active=True).count() == 4
    assert not Entry.objects.exists()
    # Two administrators deactivate each other: the second finds their own account deactivated.
    people.deactivate_person(actor=second, person=school.administrator)
    with pytest.raises(PermissionDenied):
        people_in_bulk.set_active(actor=school.administrator, people=[second.pk], active=False)
    assert User.objects.filter(is_active=True, role=User.Role.ADMINISTRATOR).count() == 1


def run(file: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the JSON object that the command prints."""
    out = StringIO()
    try:
        call_command("people", str(file), "--json", *more, stdout=out)
    except SystemExit as done:
        return int(str(done.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_command_prints_what_it_does_and_asks_before_it_writes(school: School, tmp_path):
    file = tmp_path / "staff.csv"
    file.write_bytes(FILE + b"Mr Other,other@school.test,teacher\n")
    code, dry = run(file, "--dry-run", "--role", "assistant")
    assert code == 0
    assert User.objects.count() == 3
    code, printed = run(file, "--role", "assistant")
    assert (code, printed) == (0, dry)
    assert printed["mapping"] == {"name": "name", "e-mail": "email", "role": "role"}
    assert (printed["encoding"], printed["ignored"], printed["warnings"]) == ("utf-8", [], [])
    assert (printed["created"], printed["changed"], printed["unchanged"]) == (1, 1, 1)
    assert printed["people"][0] == {
        "name": "New", "email": "new@school.test", "role": "assistant",
        "user_ids": [], "active": True, "done": ["created"],
    }  # fmt: skip
    assert Entry.objects.filter(actor=school.administrator, action="account.import").count() == 1
    for content, about, says in (
        (b"name,e-mail,role\nX,x@s.test,king\n", "role", "“king” is not a role"),
        (b"name,contact\nX,x@s.test\n", "contact", "No column with email addresses"),
        (b"name,e-mail,user id\nX,x@s.test,frau-berg\n", "file", "belongs to Frau Berg"),
    ):
        file.write_bytes(content)
        more = ("--mapping", '{"contact": "ignore"}') if about == "contact" else ()
        code, printed = run(file, *more)
        assert code == 1
        assert printed["question"]["about"] == about
        assert says in printed["question"]["text"]
    file.write_bytes(FILE)
    out = StringIO()
    call_command("people", str(file), stdout=out)
    assert "2 people imported: 0 created, 0 changed" in out.getvalue()
    with pytest.raises(CommandError, match="no active administrator with the email"):
        call_command("people", str(file), "--as", "berg@school.test")
    with pytest.raises(CommandError, match="can't be read"):
        call_command("people", str(tmp_path / "missing.csv"))
