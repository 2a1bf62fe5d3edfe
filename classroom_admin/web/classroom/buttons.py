"""Which buttons a class has, by its state. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from classroom_admin.rooms.models import RoomState


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of the action bar. `asks` opens a dialog first; `waiting` was pressed and waits for the
    cloud.
    """

    name: str
    words: str
    icon: str
    look: str = ""
    asks: bool = False
    waiting: bool = False


def class_buttons(*, state: int | None, gone: bool, under_way: Collection[str]) -> list[Button]:
    """Start, end and close, as far as they make sense in this state; none for a class that the cloud has
    forgotten.
    """
    if gone or state == RoomState.CLOSED:
        return []

    def button(name: str, words: str, waiting_words: str, icon: str, look: str, *, asks: bool) -> Button:
        waiting = f"class.{name}" in under_way
        return Button(
            name=name,
            words=waiting_words if waiting else words,
            icon=icon,
            look=look,
            asks=asks,
            waiting=waiting,
        )

    start = button("start", _("Start class"), _("Starting…"), "play", "primary", asks=False)
    end = button("end", _("End class"), _("Ending…"), "square", "danger", asks=True)
    close = button("close", _("Close class"), _("Closing…"), "door-closed", "danger", asks=True)
    if state == RoomState.STARTED:
        return [end, close]
    if state == RoomState.ENDED:
        return [close]
    return [start, close]


def recording_buttons(
    *, recording: bool, web: bool, paused: bool, running_class: bool, under_way: Collection[str]
) -> list[Button]:
    """Start, stop, pause, resume. Only web recordings pause; only a class that runs can begin one."""

    def button(
        name: str, words: str, waiting_words: str, icon: str, *, asks: bool = False, look: str = ""
    ) -> Button:
        waiting = f"recording.{name}" in under_way
        return Button(
            name=name,
            words=waiting_words if waiting else words,
            icon=icon,
            look=look,
            asks=asks,
            waiting=waiting,
        )

    if not recording:
        return (
            [button("start", _("Start recording"), _("Starting…"), "circle-dot", asks=True)]
            if running_class
            else []
        )
    buttons = [button("stop", _("Stop recording"), _("Stopping…"), "square", look="danger", asks=True)]
    if web:
        buttons.append(
            button("change", _("Change settings"), _("Changing…"), "sliders-horizontal", asks=True)
        )
    if web and paused:
        buttons.insert(0, button("resume", _("Resume"), _("Resuming…"), "play"))
    elif web:
        buttons.insert(0, button("pause", _("Pause"), _("Pausing…"), "pause"))
    return buttons
