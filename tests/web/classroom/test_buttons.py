"""The buttons of a class and its recording."""

from __future__ import annotations

import pytest

from classroom_admin.rooms.models import RoomState
from classroom_admin.web.classroom.buttons import class_buttons, recording_buttons


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (None, ["start", "close"]),
        (RoomState.NOT_STARTED, ["start", "close"]),
        (RoomState.STARTED, ["end", "close"]),
        (RoomState.ENDED, ["close"]),
        (RoomState.CLOSED, []),
    ],
)
def test_buttons_depend_on_the_state_of_the_class(state: int | None, names: list[str]) -> None:
    assert [button.name for button in class_buttons(state=state, gone=False, under_way=())] == names
    assert class_buttons(state=state, gone=True, under_way=()) == []


def test_pressed_button_waits_and_ending_a_class_asks_first() -> None:
    start, close = class_buttons(state=0, gone=False, under_way={"class.start"})
    assert (start.waiting, start.words, start.asks) == (True, "Starting…", False)
    assert (close.waiting, close.asks) == (False, True)
    assert all(button.asks for button in class_buttons(state=1, gone=False, under_way=()))


@pytest.mark.parametrize(
    ("recording", "web", "paused", "running", "names"),
    [
        (False, False, False, True, ["start"]),
        (False, False, False, False, []),
        (True, False, False, True, ["stop"]),
        (True, True, False, True, ["pause", "stop", "change"]),
        (True, True, True, True, ["resume", "stop", "change"]),
        (True, False, False, False, ["stop"]),
    ],
)
def test_buttons_depend_on_the_state_of_the_recording(
    recording: bool, web: bool, paused: bool, running: bool, names: list[str]
) -> None:
    buttons = recording_buttons(
        recording=recording, web=web, paused=paused, running_class=running, under_way=()
    )
    assert [button.name for button in buttons] == names


def test_page_can_be_reported_only_while_the_cloud_waits_for_it() -> None:
    buttons = recording_buttons(
        recording=True, web=True, paused=False, running_class=True, under_way=(), waits_for_page=True
    )
    assert [button.name for button in buttons] == ["pause", "stop", "change", "ready"]
