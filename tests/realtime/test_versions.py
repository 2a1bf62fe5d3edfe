"""The version of a page, and which parts of it are out of date."""

from __future__ import annotations

import dataclasses

import pytest

from classroom_admin.realtime.versions import PageVersion, changed_parts

SEEN = PageVersion(version=5, step=3, details=0xABC, event=40, events=38, waiting=2)


def test_version_can_be_written_and_read() -> None:
    assert PageVersion.parse(str(SEEN)) == SEEN


@pytest.mark.parametrize("token", ["", "5", "a-b-c-d-e", "1-2-3-4-5", "1-2-3-4-5-6-7", "1-2-zz-4-5-6"])
def test_invalid_version_has_seen_nothing(token: str) -> None:
    assert PageVersion.parse(token) == PageVersion()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, set()),
        ({"version": 6}, {"header", "actions", "panels"}),
        ({"step": 4}, {"actions", "commands"}),
        ({"details": 1}, {"header", "actions", "commands"}),
        ({"event": 42, "events": 40}, {"events"}),
        ({"event": 900, "events": 88}, {"events"}),
        ({"event": 91, "events": 89}, {"all events"}),
        ({"events": 39}, {"all events"}),
        ({"waiting": 3}, {"waiting"}),
        ({"event": 45, "events": 38}, {"all events"}),
        ({"event": 45, "events": 30}, {"all events"}),
    ],
)
def test_changes_of_a_version_name_the_parts_to_render(change: dict[str, int], parts: set[str]) -> None:
    assert changed_parts(SEEN, dataclasses.replace(SEEN, **change)) == parts
