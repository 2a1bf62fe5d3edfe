"""The school's own face: its settings, its preview, the announcement, and the pages that show it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts import face, password_links
from classroom_admin.accounts.face_models import SchoolFace, SchoolLogo
from classroom_admin.accounts.models import User
from classroom_admin.actions import face as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from tests.school import HTMX, School
from tests.web.face.pictures import jpeg, png

VALUES: dict[str, Any] = {
    "name": "Hill School",
    "colour": "#c8102e",
    "help_url": "https://hill.example/help",
    "privacy_url": "https://hill.example/privacy",
    "accessibility_url": "",
    "banner_text": "Maintenance on Saturday",
    "banner_level": "warning",
    "banner_from": None,
    "banner_until": None,
    "banner_can_be_dismissed": True,
    "banner_for_visitors": False,
}
SETTINGS = "/appearance/"


def posted(**changed: Any) -> dict[str, Any]:
    """Return what the browser sends for the form."""
    values = VALUES | changed
    return {
        name: "on" if value is True else value for name, value in values.items() if value not in (None, False)
    }


def html_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def banner_in(answer: Any) -> str:
    found = re.search(r'class="notice school-banner (\w*)"', answer.content.decode())
    return found[1] if found else "none"


@pytest.fixture
def dressed(school: School) -> School:
    """A school with a face of its own."""
    actions.change(actor=school.administrator, values=VALUES)
    actions.change_logo(actor=school.administrator, content=png(64, 32))
    face.forget()
    return school


def test_every_kind_of_page_shows_the_name_the_colour_the_logo_and_the_links(
    dressed: School, admin: Client
) -> None:
    logo = f"/appearance/logo/{SchoolLogo.objects.get().digest}/"
    for browser, address in (
        (Client(), "/sign-in/"),
        (Client(), "/sign-in/forgotten/"),
        (Client(), "/join/unknown/"),
        (admin, "/"),
        (admin, f"/classes/{dressed.room.key}/"),
        (admin, "/settings/"),
    ):
        page = html_of(browser.get(address))
        assert "· Hill School</title>" in page
        assert "/appearance/colours/1/c8102e.css" in page
        assert f'<link rel="icon" href="{logo}">' in page
        assert f'<img class="school-logo" src="{logo}" alt="">' in page
        assert "https://hill.example/help" in page
    assert "https://hill.example/privacy" in html_of(Client().get("/sign-in/"))
    assert "Accessibility statement" not in html_of(Client().get("/sign-in/"))
    # A page for people without an account, and an error page.
    for template in ("recordings/no_link.html", "500.html"):
        page = render_to_string(template)
        assert "/appearance/colours/1/c8102e.css" in page
    assert "Hill School" in render_to_string("reports/pdf.html", {"title": "A report"})


def test_mails_name_the_school(dressed: School, mailoutbox: list[Any]) -> None:
    password_links.send(dressed.teacher, password_links.create(dressed.teacher))
    assert mailoutbox[0].subject == "Choose your password for Hill School"
    assert "your password for Hill School:" in mailoutbox[0].body


def test_the_default_face_is_that_of_the_product(school: School, admin: Client) -> None:
    page = html_of(admin.get("/"))
    assert "· Classroom Admin</title>" in page
    assert "/appearance/" not in page
    assert '<footer class="foot">' not in page
    assert banner_in(admin.get("/")) == "none"


def test_the_face_costs_no_query_and_changes_of_other_processes_are_seen(
    dressed: School, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert admin.get("/people/").status_code == 200
        return len(found)

    admin.get("/people/")
    with_face = queries()
    face.remember(face.Face())
    assert queries() == with_face
    # Another process changes the row. This one reads it again when its copy is too old.
    face.forget()
    assert "Hill School" in html_of(admin.get("/people/"))
    SchoolFace.objects.update(name="Dale School")
    assert "Hill School" in html_of(admin.get("/people/"))
    monkeypatch.setattr(face, "READ_EVERY_S", 0.0)
    assert "Dale School" in html_of(admin.get("/people/"))
    assert face.last_known().name == "Dale School"


def test_settings_are_saved_with_their_audit_entries(school: School, admin: Client) -> None:
    sent = posted(colour="C8102E", name="  Hill   School ", banner_until="2030-01-01T08:00")
    assert admin.post(SETTINGS, sent)["Location"] == SETTINGS
    row = SchoolFace.objects.get()
    assert (row.name, row.colour, row.banner_number) == ("Hill School", "#c8102e", 1)
    assert row.banner_until is not None
    entries = {
        entry.action: entry.params["changed"] for entry in Entry.objects.filter(action__startswith="face")
    }
    assert entries["face.change"]["colour"] == {"from": "", "to": "#c8102e"}
    assert entries["face.banner"]["banner_text"]["to"] == "Maintenance on Saturday"
    count = Entry.objects.count()
    admin.post(SETTINGS, sent)  # nothing changes
    assert Entry.objects.count() == count
    assert SchoolFace.objects.get().banner_number == 1
    page = html_of(admin.get(SETTINGS))
    assert 'value="#c8102e"' in page
    assert 'value="2030-01-01T08:00"' in page
    for wrong, says in (
        ({"colour": "red; } body { x: y"}, "at most 7 characters"),
        ({"colour": "#12345g"}, "Enter a colour as # and six digits"),
        ({"help_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"privacy_url": "ftp://hill.example/"}, "Enter a valid URL"),
        ({"name": "\u200b"}, "no visible characters"),
        (
            {"banner_from": "2030-01-02T08:00", "banner_until": "2030-01-01T08:00"},
            "The end is before the start",
        ),
        ({"banner_from": "0001-01-01T08:00"}, "year"),
    ):
        answer = admin.post(SETTINGS, posted(**wrong))
        assert answer.status_code == 422
        assert says in html_of(answer)
    assert SchoolFace.objects.get().help_url == VALUES["help_url"]


def test_preview_says_what_happens_to_a_colour_and_saves_nothing(school: School, admin: Client) -> None:
    def preview(**changed: Any) -> str:
        return html_of(admin.post(f"{SETTINGS}preview/", posted(**changed), headers={"HX-Request": "true"}))

    shown = preview(colour="#06c", name="New name", banner_text="Snow day", banner_level="urgent")
    assert "/appearance/colours/1/0066cc/preview.css" in shown
    assert "Texts in #0066cc are easy to read" in shown
    assert shown.count("New name") == 2
    assert shown.count('class="notice bad"') == 2
    assert "Texts in #ffff00 would be hard to read on white. Light mode uses #" in preview(colour="#ffff00")
    assert "Enter a colour" in preview(colour="#zzz")
    assert "colours of Classroom Admin" in preview(colour="")
    assert not SchoolFace.objects.exists()
    assert not Entry.objects.filter(action="face.change").exists()


def test_style_sheets_and_logo_are_public_and_kept_for_ever(dressed: School) -> None:
    sheet = Client().get("/appearance/colours/1/c8102e.css")
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in sheet["Cache-Control"]
    assert "--accent: #c8102e;" in html_of(sheet)
    assert "prefers-color-scheme: dark" in html_of(sheet)
    assert ".face-dark {" in html_of(Client().get("/appearance/colours/1/c8102e/preview.css"))
    for missing in ("2/c8102e.css", "1/C8102E.css", "1/red.css", "1/c8102e0.css"):
        assert Client().get(f"/appearance/colours/{missing}").status_code == 404
    address = f"/appearance/logo/{SchoolLogo.objects.get().digest}/"
    logo = Client().get(address)
    assert (logo["Content-Type"], logo.content) == ("image/png", png(64, 32))
    assert logo["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in logo["Cache-Control"]
    assert Client().get(f"/appearance/logo/{'0' * 32}/").status_code == 404


def test_logo_is_uploaded_replaced_and_removed(school: School, admin: Client) -> None:
    def upload(content: bytes) -> Any:
        return admin.post(f"{SETTINGS}logo/", {"logo": SimpleUploadedFile("logo.png", content)})

    assert upload(png(64, 32))["Location"] == SETTINGS
    first = SchoolFace.objects.get().logo_digest
    assert upload(jpeg(64, 32)).status_code == 302
    assert SchoolFace.objects.get().logo_digest != first
    assert SchoolLogo.objects.get().kind == "image/jpeg"
    for content, says in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is no PNG, JPEG or WebP picture"),
        (png(8, 8), "between 16 and 2000 pixels"),
        (png(64, 32)[:-9], "This picture is damaged"),
        (b"\x89PNG" + b"\0" * 200_001, "at most 200 KB"),
    ):
        answer = upload(content)
        assert answer.status_code == 422
        assert says in html_of(answer)
    assert admin.post(f"{SETTINGS}logo/", {}).status_code == 422
    assert "Remove logo" in html_of(admin.get(SETTINGS))
    admin.post(f"{SETTINGS}logo/", {"remove": ""})
    assert not SchoolLogo.objects.exists()
    assert SchoolFace.objects.get().logo_digest == ""
    admin.post(f"{SETTINGS}logo/", {"remove": ""})
    assert Entry.objects.filter(action="face.logo").count() == 3
    log = b"".join(admin.get(reverse("settings:audit_file")).streaming_content).decode()
    assert log.count("Changed the logo") == 3


def test_announcement_is_shown_in_its_time_and_to_visitors_only_if_chosen(
    school: School, admin: Client
) -> None:
    now = clock.now()
    for begin, end, shown in (
        (None, None, "warn"),
        (now - timedelta(hours=1), now + timedelta(hours=1), "warn"),
        (now + timedelta(hours=1), None, "none"),
        (None, now - timedelta(hours=1), "none"),
    ):
        actions.change(
            actor=school.administrator, values=VALUES | {"banner_from": begin, "banner_until": end}
        )
        face.forget()
        assert banner_in(admin.get("/")) == shown
        assert banner_in(Client().get("/sign-in/")) == "none"
    actions.change(actor=school.administrator, values=VALUES | {"banner_for_visitors": True})
    face.forget()
    visitor = Client().get("/sign-in/")
    assert banner_in(visitor) == "warn"
    assert "Dismiss" not in html_of(visitor)
    with pytest.raises(ActionRefused):
        actions.change(actor=school.administrator, values=VALUES | {"banner_from": now, "banner_until": now})


def test_each_person_dismisses_the_announcement_until_it_changes(dressed: School, admin: Client) -> None:
    teacher = dressed.signed_in(dressed.teacher)
    number = SchoolFace.objects.get().banner_number
    answer = teacher.post("/appearance/dismiss/", {"number": number, "next": "/reports/"})
    assert answer["Location"] == "/reports/"
    assert banner_in(teacher.get("/")) == "none"
    assert banner_in(admin.get("/")) == "warn"
    elsewhere = {"number": number, "next": "https://evil.example/"}
    assert admin.post("/appearance/dismiss/", elsewhere)["Location"] == "/"
    actions.change(actor=dressed.administrator, values=VALUES | {"banner_text": "On Sunday"})
    face.forget()
    assert banner_in(teacher.get("/")) == "warn"
    for wrong in ("", "x", number, number + 5):  # of an outdated page
        assert teacher.post("/appearance/dismiss/", {"number": wrong}, **HTMX).status_code == 200
    assert banner_in(teacher.get("/")) == "warn"
    actions.change(actor=dressed.administrator, values=VALUES | {"banner_can_be_dismissed": False})
    face.forget()
    teacher.post("/appearance/dismiss/", {"number": SchoolFace.objects.get().banner_number})
    assert banner_in(teacher.get("/")) == "warn"
    assert "school-banner" in html_of(teacher.get("/"))
    assert reverse("face:dismiss") not in html_of(teacher.get("/"))


def test_only_people_who_change_settings_may_change_the_face(school: School) -> None:
    for role in set(User.Role.values) - {"administrator"}:
        actor = User.objects.create_user(f"{role}@face.test", role=role)
        with pytest.raises(PermissionDenied):
            actions.change(actor=actor, values=VALUES)
        with pytest.raises(PermissionDenied):
            actions.change_logo(actor=actor, content=png(64, 32))
        with pytest.raises(PermissionDenied):
            actions.remove_logo(actor=actor)
    assert not SchoolFace.objects.exists()
    assert not SchoolLogo.objects.exists()
