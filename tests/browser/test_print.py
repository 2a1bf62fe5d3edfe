"""A printed class page has the complete content, black on white, without buttons. PDF reports have a logo."""

from base64 import b64encode
from io import BytesIO

import pytest
from django.template.loader import render_to_string
from PIL import Image
from playwright.sync_api import expect

from classroom_admin.accounts import face
from classroom_admin.accounts.face import Face
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class
from tests.browser.school import ADMINISTRATOR
from tests.web.face.pictures import png

# visible elements whose scrolling cuts off content
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((e) => e.offsetParent && e.scrollHeight > e.clientHeight + 2 && e.clientHeight > 0)
  .filter((e) => ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowY))
  .filter((e) => !e.closest(".sr-only") && getComputedStyle(e).position !== "absolute")
  .map((e) => e.outerHTML.slice(0, 120))"""


def test_a_class_on_paper(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Paper 6c")
    for number in range(40):
        room.enter(f"p{number}", f"Student {number:02}")
        room.act("chat", userUuid=f"p{number}", message=f"Line {number}")
    page = window(ADMINISTRATOR, color_scheme="dark")
    open_class(page, room)
    expect(page.locator("#people-here > tr")).to_have_count(41)
    expect(page.locator("#chat-log")).to_contain_text("Line 39")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#people-here > tr").last).to_be_visible()
    for controls in (".bar", ".skip", ".head-do", "dialog", "#find-person"):
        expect(page.locator(controls).first).to_be_hidden()
    for button in page.locator("main a.button, main button").all():
        expect(button).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.evaluate(CUT) == []


def test_page_of_a_pdf_report_shows_the_logo_and_the_name(
    window: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser draws the page that WeasyPrint gets. The logo has its colour and its proportions."""
    monkeypatch.setattr(face, "current", lambda: Face(name="Colegio Sol", logo="digest"))
    red = (200, 16, 46)
    logo = f"data:image/png;base64,{b64encode(png(300, 100, colour=red)).decode()}"
    context = {"title": "Attendance", "titles": ["Student"], "rows": [["Zoë"]], "logo": logo, "zone": "UTC"}
    page = window(viewport={"width": 1000, "height": 400})
    page.set_content(render_to_string("reports/pdf.html", context))
    expect(page.get_by_text("Colegio Sol")).to_be_visible()
    box = page.locator("img").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(3 * box["height"], abs=1)
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    assert shot.getpixel((int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2))) == red
    assert b"/Subtype /Image" in page.pdf()
