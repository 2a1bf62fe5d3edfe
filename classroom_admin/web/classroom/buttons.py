"""The command buttons of a class, chosen by its state. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from classroom_admin.rooms.models import RoomState


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of the action bar. `asks`: it opens a dialog first. `waiting`: its command is in progress."""

    name: str
    words: str
    icon: str
    look: str = ""
    asks: bool = False
    waiting: bool = False


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
    """Return the start, end and close buttons for this state. Return none if the cloud deleted the class."""
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
    *, recording: bool, web: bool, paused: bool, running_class: bool, under_way: Collection[str]
) -> list[Button]:
    """Return the recording buttons. Only a web recording can pause. Only a running class can be recorded."""
    make = partial(_button, "recording", under_way)
    if not recording:
        start = make("start", _("Start recording"), _("Starting…"), "circle-dot")
        return [start] if running_class else []
    stop = make("stop", _("Stop recording"), _("Stopping…"), "square", "danger")
    if not web:
        return [stop]
    if paused:
        pause = make("resume", _("Resume"), _("Resuming…"), "play", asks=False)
    else:
        pause = make("pause", _("Pause"), _("Pausing…"), "pause", asks=False)
    return [pause, stop, make("change", _("Change settings"), _("Changing…"), "sliders-horizontal")]
