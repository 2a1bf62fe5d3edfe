"""What the shared cache of rendered rows, tiles and alerts keeps in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from classroom_admin.web.render_once import KEPT, _rendered, render_once

PEOPLE: Final = 30
MOST_BYTES: Final = 12_000_000
ROW_BYTES: Final = 4_200
"""The memory of a row of the roster: its HTML, and the values in its key (measured)."""


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    _rendered.cache_clear()
    yield
    _rendered.cache_clear()


def show(class_number: int) -> None:
    for person in range(PEOPLE):
        render_once("shared/_disk.html", (class_number, person), {"disk": None})


def test_rows_of_100_ended_classes_leave_the_cache_and_those_of_a_live_class_stay() -> None:
    show(0)
    for ended in range(1, 101):
        show(ended)
        show(0)
    misses = _rendered.cache_info().misses
    show(0)
    assert _rendered.cache_info().misses == misses, "the rows of the live class are still known"
    assert _rendered.cache_info().currsize == KEPT
    assert KEPT * ROW_BYTES <= MOST_BYTES
