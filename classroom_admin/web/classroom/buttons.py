"""The command buttons of a class and of its recording."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

from django.utils.translation import gettext as _

from classroom_admin.rooms.models import RoomState


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of the action bar.

    If `asks` is True, it opens a dialog. If `waiting` is True, its command is running. `unoffered` is the
    reason why the cloud project does not offer the command, or "".
    """

    name: str
    words: str
    icon: str
    look: str = ""
    asks: bool = False
    waiting: bool = False
    unoffered: str = ""


def _button(
    kind: str,
    under_way: Collection[str],
    name: str,
    words: str,
    waiting_words: str,
    icon: str,
    look: str = "",
    *,
    asks: bool = True,
) -> Button:
    waiting = f"{kind}.{name}" in under_way
    words = waiting_words if waiting else words
    return Button(name=name, words=words, icon=icon, look=look, asks=asks, waiting=waiting)


def class_buttons(*, state: int | None, gone: bool, under_way: Collection[str]) -> list[Button]:
    """Return the start, end and close buttons for this state. A closed or deleted class has none."""
    if gone or state == RoomState.CLOSED:
        return []
    make = partial(_button, "class", under_way)
    close = make("close", _("Close class"), _("Closing…"), "door-closed", "danger")
    if state == RoomState.STARTED:
        return [make("end", _("End class"), _("Ending…"), "square", "danger"), close]
    if state == RoomState.ENDED:
        return [close]
    return [make("start", _("Start class"), _("Starting…"), "play", "primary", asks=False), close]


def recording_buttons(
    *,
    recording: bool,
    web: bool,
    paused: bool,
    running_class: bool,
    under_way: Collection[str],
    waits_for_page: bool = False,
) -> list[Button]:
    """Return the recording buttons. Only a web recording can be paused.

    If `waits_for_page` is True, the cloud starts the recording again unless the page is reported as loaded.
    """
    make = partial(_button, "recording", under_way)
    if not recording:
        start = make("start", _("Start with settings…"), _("Starting…"), "circle-dot")
        return [start] if running_class else []
    stop = make("stop", _("Stop recording"), _("Stopping…"), "square", "danger")
    if not web:
        return [stop]
    if paused:
        pause = make("resume", _("Resume"), _("Resuming…"), "play", asks=False)
    else:
        pause = make("pause", _("Pause"), _("Pausing…"), "pause", asks=False)
    change = make("change", _("Change settings"), _("Changing…"), "sliders-horizontal")
    ready = make("ready", _("Report the page as loaded"), _("Reporting…"), "check")
    return [pause, stop, change, *([ready] if waits_for_page else [])]


def recording_in_menu(buttons: Collection[Button]) -> list[Button]:
    """Return the buttons for the menu of the class, where their words must name the recording."""
    words = {
        "pause": _("Pause recording"),
        "resume": _("Resume recording"),
        "change": _("Change recording settings"),
    }
    return [
        button if button.waiting else replace(button, words=words.get(button.name, button.words))
        for button in buttons
    ]


def quick_recording(buttons: Collection[Button]) -> list[Button]:
    """Return the header's buttons that start or stop a recording without a dialog."""
    words = _("Start recording")
    return [
        replace(button, asks=False, words=button.words if button.waiting else words)
        if button.name == "start"
        else button
        for button in buttons
        if button.name in ("start", "stop")
    ]
