"""Read pages and send their forms as a browser without scripts does."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.test import Client

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Form:
    """A form: its attributes, and its fields as a browser would send them."""

    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Control:
    """A button or a link, its words, and the form that a button belongs to."""

    tag: str
    attributes: dict[str, str]
    form: Form | None
    around: list[str]
    words: str = ""

    @property
    def name(self) -> str:
        """Return how assistive technology names the control."""
        shown = " ".join(self.words.split())
        return self.attributes.get("aria-label") or shown or self.attributes.get("title", "")

    @property
    def needs_scripts(self) -> bool:
        """Return whether the page hides the control, or its part of the page, without scripts."""
        return any("needs-js" in one.split() for one in (*self.around, self.attributes.get("class", "")))


class Page(HTMLParser):
    """A page at an address, with its buttons and links."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.address, self.text = address, text
        self.controls: list[Control] = []
        self._forms: dict[str, Form] = {}
        self._owned_by_id: list[tuple[Control, str]] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._form: Form | None = None
        self._control: Control | None = None
        self.feed(text)
        for control, form_id in self._owned_by_id:
            control.form = self._forms.get(form_id)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(attributes)
            self._forms[attributes.get("id", "")] = self._form
        elif tag in ("button", "a"):
            around = [one.get("class", "") for _tag, one in self._open]
            self._control = Control(tag, attributes, self._form, around)
            self.controls.append(self._control)
            if "form" in attributes:
                self._owned_by_id.append((self._control, attributes["form"]))
        elif tag == "input" and self._form is not None and "name" in attributes:
            is_choice = attributes.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in attributes:
                self._form.fields[attributes["name"]] = attributes.get("value", "on" if is_choice else "")
        if tag not in VOID:
            self._open.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "form":
            self._form = None
        elif tag in ("button", "a"):
            self._control = None

    def handle_data(self, data: str) -> None:
        if self._control is not None:
            self._control.words += data

    def control(self, name: str) -> Control:
        """Return the first button or link with this name or title, or else whose name begins so."""
        found = [one for one in self.controls if name in (one.name, one.attributes.get("title"))]
        found += [one for one in self.controls if one.name.startswith(name)]
        assert found, (name, [one.name for one in self.controls])
        return found[0]


def opened(client: Client, address: str) -> Page:
    """Open an address and follow redirects, as a browser without scripts does."""
    return _shown(client.get(address, follow=True), address)


def pressed(client: Client, page: Page, name: str, **filled: str) -> Page:
    """Press a button, with these values in its form, or follow a link. Return the page that opens."""
    control = page.control(name)
    if control.tag == "a":
        return opened(client, urljoin(page.address, control.attributes["href"]))
    assert control.attributes.get("type", "submit") == "submit", f"{name} needs scripts"
    form = control.form
    assert form is not None, f"{name} has no form"
    sent = form.fields | filled
    if control.attributes.get("name"):
        sent[control.attributes["name"]] = control.attributes.get("value", "")
    action = control.attributes.get("formaction") or form.attributes.get("action") or page.address
    address = urljoin(page.address, action)
    post = (control.attributes.get("formmethod") or form.attributes.get("method", "get")).lower() == "post"
    return _shown((client.post if post else client.get)(address, sent, follow=True), address)


def _shown(answer: Any, address: str) -> Page:
    assert answer.status_code == 200, (address, answer.status_code)
    for place, _status in getattr(answer, "redirect_chain", ()):
        address = urljoin(address, place)
    return Page(address, answer.content.decode())
