"""Widgets and extensions of the classroom."""

import pytest

from tests.events.lesson import say


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"widgets": {"popupQuiz": {"state": 1}}}, "Opened in the class: quiz"),
        ({"widgets.netlessBoard.state": 0}, "Closed in the class: whiteboard"),
        ({"extApps": {"io_agora_countdown": {"state": True}}}, "Opened in the class: timer"),
        ({"widgets": {"poll": {"extra": 1}}}, "Class settings changed: poll"),
        ({"widgets": {"mine": {"state": 1}}}, "Class settings changed: widgets.mine"),
        ({"widgets": {}}, "Class settings changed: widgets"),
        (
            {"widgets": {"poll": {"state": 1}, "countdown": {"state": 1}}},
            "Class settings changed: poll, timer",
        ),
    ],
)
def test_sentence(changes, words):
    assert say(4, {"changeProperties": changes}) == words
