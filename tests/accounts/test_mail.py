"""Mails show the school's name, logo, colour and links, in HTML and in text."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from classroom_admin.accounts import face, mail
from classroom_admin.accounts.face_models import ONLY, SchoolFace
from classroom_admin.accounts.models import User
from classroom_admin.actions import face as actions
from classroom_admin.common.palette import contrast
from tests.web.face.pictures import png, webp

LINKS = {
    "help_url": "https://help.school.test/", "privacy_url": "https://school.test/privacy?a=1&b=2",
    "accessibility_url": "https://school.test/a11y",
}  # fmt: skip
COLOUR = re.compile(r"(?<![-\w])(color|background):\s*(#[0-9a-f]{6})")
CONTEXTS: dict[str, dict[str, Any]] = {
    "test": {"sender": "classes@school.test"},
    "password_link": {"address": "https://classes.test/x", "days": 3},
    "alert": {"room": "Algebra", "address": "https://classes.test/c", "alerts": [], "zone": "UTC"},
}


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ana@school.test", "x", name="Ana", role=User.Role.ADMINISTRATOR)


def set_face(**values: str) -> None:
    SchoolFace.objects.update_or_create(pk=ONLY, defaults=values)
    face.forget()


def parts_of(sent: Any) -> dict[str, Message]:
    """Return the parts of a mail, as a mail program reads them, by their media types."""
    read = message_from_bytes(sent.message().as_bytes())
    return {part.get_content_type(): part for part in read.walk()}


def text_of(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


@pytest.mark.parametrize("template", CONTEXTS)
def test_every_mail_has_the_face_of_the_school(person: User, template: str) -> None:
    set_face(name="Colegio <Sol> & Mar", colour="#c8102e", **LINKS)
    actions.change_logo(actor=person, content=png(400, 100))
    parts = parts_of(mail.message(person, template, CONTEXTS[template], unsubscribe="/mail/x/"))
    html, text = text_of(parts["text/html"]), text_of(parts["text/plain"])
    assert "Colegio &lt;Sol&gt; &amp; Mar" in html
    assert text.count("\nColegio <Sol> & Mar\n") == 1
    for address in LINKS.values():
        assert f'href="{address.replace("&", "&amp;")}"' in html
        assert f" {address}\n" in text
    logo = parts["image/png"]
    assert logo["Content-ID"] == "<school-logo>"
    assert logo.get_content_disposition() == "inline"
    assert 'src="cid:school-logo" alt="" width="160" height="40"' in html
    assert set(re.findall(r'src="([a-z]+):', html)) == {"cid"}  # nothing is loaded from the web
    assert "multipart/related" in parts


@pytest.mark.parametrize("colour", ["", "#c8102e", "#ffe600", "#000000", "#ffffff"])
def test_links_and_buttons_can_be_read_in_every_colour(person: User, colour: str) -> None:
    set_face(name="Sol", colour=colour, **LINKS)
    sent = mail.message(person, "alert", CONTEXTS["alert"], unsubscribe="/mail/x/")
    html = text_of(parts_of(sent)["text/html"])
    button = re.search(r'<a href="https://classes.test/c" style="([^"]+)"', html)
    assert button is not None
    of_button = dict(COLOUR.findall(button[1]))
    assert contrast(of_button["color"], of_button["background"]) >= 4.5
    links = re.findall(r'class="m-link" href="[^"]+" style="[^"]*color:(#[0-9a-f]{6});"', html)
    assert len(links) == 4
    for ground in ("#ffffff", "#f2f4f7"):
        assert all(contrast(link, ground) >= 4.5 for link in links)
    dark = dict(re.findall(r"\.(m-\w+) \{ (?:background|color): (#[0-9a-f]{6})", html))
    for ground in (dark["m-page"], dark["m-card"]):
        assert contrast(dark["m-link"], ground) >= 4.5
        assert contrast(dark["m-quiet"], ground) >= 4.5


def test_mail_of_a_school_without_a_face_names_the_product(person: User) -> None:
    parts = parts_of(mail.message(person, "test", CONTEXTS["test"]))
    assert "Classroom Admin</bdi>" in text_of(parts["text/html"])
    assert text_of(parts["text/plain"]).endswith("\n-- \nClassroom Admin\n")
    assert "multipart/related" not in parts


def test_logo_that_mail_programs_may_not_show_is_left_out(person: User) -> None:
    set_face(name="Sol")
    actions.change_logo(actor=person, content=webp(64, 64))
    parts = parts_of(mail.message(person, "test", CONTEXTS["test"]))
    assert "<img" not in text_of(parts["text/html"])
    assert not any(kind.startswith("image/") for kind in parts)


def test_links_are_in_the_language_of_the_person(person: User) -> None:
    set_face(name="Sol", **LINKS)
    for language, words in (("es", "Ayuda"), ("zh-hans", "帮助"), ("ar", "مساعدة")):
        person.language = language
        parts = parts_of(mail.message(person, "test", CONTEXTS["test"]))
        assert words in text_of(parts["text/html"])
