"""Commands as pages show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.web.wording import PATIENCE, _status, under_way


def status(
    *kinds: str, action: str = "class.start", detail: dict[str, Any] | None = None, age_s: float = 1
) -> Any:
    at = clock.now() - timedelta(seconds=age_s)
    entry = Entry(pk=1, action=action, at=at, target_name="Ada")
    steps = [
        Step(pk=n, entry=entry, kind=kind, at=at + timedelta(seconds=n), detail=detail or {})
        for n, kind in enumerate(kinds)
    ]
    return _status(entry, steps)


@pytest.mark.parametrize(
    ("kinds", "state", "waits"),
    [
        (["requested"], "requested", True),
        (["requested", "accepted"], "accepted", True),
        (["requested", "accepted", "confirmed"], "confirmed", False),
        (["requested", "confirmed", "accepted"], "confirmed", False),
        (["requested", "failed"], "failed", False),
        (["requested", "failed", "confirmed"], "confirmed", False),
    ],
)
def test_state_of_a_command(kinds: list[str], state: str, waits: bool) -> None:
    how = status(*kinds)
    assert (how.state, how.waits) == (state, waits)


def test_command_without_event_is_final_once_accepted_and_says_that_nothing_more_comes() -> None:
    final = status("requested", "accepted", action="participant.message", detail={"final": True})
    assert (final.waits, final.late_at) == (False, None)
    words = render_to_string("classroom/_command_state.html", {"command": final})
    assert "Accepted in 1.0 s" in words
    assert "The cloud does not report whether it worked." in words
    waiting = status("requested", "accepted", action="chat.mute")
    assert "does not report" not in render_to_string("classroom/_command_state.html", {"command": waiting})


def test_failure_always_has_a_reason() -> None:
    assert status("requested", "failed").reason
    how = status(
        "requested", "failed", detail={"sentence": "No.", "http_status": 409, "code": 1, "message": "m"}
    )
    assert (how.reason, how.cloud_says) == ("No.", "409 1 m")


def test_command_is_under_way_for_a_limited_time() -> None:
    assert under_way([status("requested")], now=clock.now()) == {"class.start"}
    old = status("requested", age_s=PATIENCE.total_seconds() + 1)
    assert under_way([old], now=clock.now()) == set()


def test_only_targets_other_than_the_class_are_named() -> None:
    assert status("requested", action="recording.start").whom == ""
    assert status("requested", action="participant.remove").whom == "Ada"
