"""Whether a recording can be watched, decided for one recording and for a query."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import (
    Availability,
    availability,
    condition,
    ends_soon,
    file_numbers,
    file_url,
    link_ends_at,
    with_over_at,
)
from tests.school import make_room

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("days", [0, 10])
def test_query_and_function_agree(settings: Any, days: int) -> None:
    settings.RECORDING_LINK_DAYS = days
    now, room = clock.cloud_now(), make_room("7b")
    choices = itertools.product(
        Recording.State.values,
        (False, True),
        (False, True),
        ([], ["https://files.test/a.mp4"]),
        (None, now),
        (None, now - timedelta(days=9), now - timedelta(days=11)),
    )
    for number, (state, unready, missing, urls, deleted, ended) in enumerate(choices):
        Recording.objects.create(
            room=room, record_id=str(number), state=state, unready=unready, files_missing=missing,
            file_urls=urls, files_deleted_at=deleted, ended_at=ended,
            started_at=ended and ended - timedelta(hours=1),
        )  # fmt: skip
    everything = set(Recording.objects.all())
    seen: set[Recording] = set()
    for wanted in Availability:
        found = set(with_over_at(Recording.objects.all()).filter(condition(wanted, now)))
        assert {availability(one, now) for one in found} <= {wanted}
        assert not seen & found
        seen |= found
    assert seen == everything
    kinds = {availability(one, now) for one in everything}
    assert kinds == set(Availability) - (set() if days else {Availability.EXPIRED})


def test_link_ends_after_the_days_of_the_setting(settings: Any) -> None:
    now = clock.cloud_now()
    recording = Recording(state="ended", file_urls=["https://files.test/a.mp4"], ended_at=now)
    assert link_ends_at(recording) is None
    settings.RECORDING_LINK_DAYS = 30
    assert link_ends_at(recording) == now + timedelta(days=30)
    assert not ends_soon(recording, now + timedelta(days=22))
    assert ends_soon(recording, now + timedelta(days=23))
    assert availability(recording, now + timedelta(days=29, hours=23)) == Availability.READY
    assert availability(recording, now + timedelta(days=30)) == Availability.EXPIRED
    assert not ends_soon(recording, now + timedelta(days=30))
    assert link_ends_at(Recording()) is None


def test_only_web_addresses_that_the_cloud_named_are_files() -> None:
    recording = Recording(
        file_urls=["javascript:alert(1)", "https://files.test/a.mp4", None, "file:///etc/x"]
    )
    assert file_numbers(recording) == [1]
    assert file_url(recording, 1) == "https://files.test/a.mp4"
    for number in (-1, 0, 2, 3, 4):
        assert file_url(recording, number) is None
