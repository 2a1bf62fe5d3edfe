"""What a person sees, for each state of the class and of the request."""

from __future__ import annotations

import pytest

from classroom_admin.integrations.joining.stages import ClassFacts, Stage, stage_of
from classroom_admin.rooms.models import RoomState


@pytest.mark.parametrize(
    ("state", "room", "stage"),
    [
        ("waiting", None, Stage.WAITING),
        ("waiting", RoomState.STARTED, Stage.WAITING),
        ("admitted", None, Stage.EARLY),
        ("admitted", RoomState.NOT_STARTED, Stage.EARLY),
        ("admitted", RoomState.STARTED, Stage.READY),
        ("admitted", RoomState.ENDED, Stage.ENDED),
        ("admitted", RoomState.CLOSED, Stage.OVER),
        ("refused", RoomState.STARTED, Stage.REFUSED),
        ("refused", RoomState.CLOSED, Stage.OVER),
    ],
)
def test_stage(state: str, room: int | None, stage: Stage) -> None:
    assert stage_of(state, ClassFacts(state=room, is_gone=False)) is stage
    assert stage_of(state, ClassFacts(state=room, is_gone=True)) is Stage.OVER


def test_ban_comes_first_and_a_missing_app_last() -> None:
    live = ClassFacts(state=RoomState.STARTED, is_gone=False)
    assert stage_of("admitted", live, ban="forever") is Stage.BANNED
    assert stage_of("waiting", live, ban="forever", has_app=False) is Stage.BANNED
    assert stage_of("admitted", live, has_app=False) is Stage.NO_APP
    assert stage_of("waiting", live, has_app=False) is Stage.WAITING
