"""Widgets and extensions of the classroom."""

import pytest

from tests.events.lesson import say


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"widgets": {"popupQuiz": {"state": 1}}}, "Opened in the class: quiz"),
        ({"widgets.netlessBoard.state": 0}, "Put away in the class: whiteboard"),
        ({"extApps": {"io_agora_countdown": {"state": True}}}, "Opened in the class: countdown clock"),
        ({"widgets": {"poll": {"extra": 1}}}, "Settings of the class changed: poll"),
        ({"widgets": {"mine": {"state": 1}}}, "Settings of the class changed: widgets.mine"),
        ({"widgets": {}}, "Settings of the class changed: widgets"),
        (
            {"widgets": {"poll": {"state": 1}, "countdown": {"state": 1}}},
            "Settings of the class changed: poll, countdown clock",
        ),
    ],
)
def test_sentence(changes, words):
    assert say(4, {"changeProperties": changes}) == words
