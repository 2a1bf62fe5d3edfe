"""Numbers that people and programs send, and the code that reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import classroom_admin
from classroom_admin.common.numbers import is_number, parsed

OTHERS = ("", " 1", "1 ", "+1", "-1", "1_0", "1.0", "²", "٣", "１", "\x001", "9" * 19, "9" * 5000, "\ud800")


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_number(text)
    assert parsed(text) is None


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_number_is_read(number: int) -> None:
    assert parsed(str(number)) == number


def test_a_caller_can_allow_fewer_digits() -> None:
    assert parsed("999", most_digits=3) == 999
    assert parsed("1000", most_digits=3) is None


@given(st.text())
def test_every_text_is_read_or_refused(text: str) -> None:
    found = parsed(text)
    assert found is None or found == int(text)


READS_BY_HAND = re.compile(r"\.(isdigit|isnumeric|isdecimal)\(")
ALLOWED = {
    "common/numbers.py",
    "events/values.py",  # pure, and only for keys of fewer than ten characters
    "rooms/class_list_files/columns.py",  # looks for digits in a cell, and reads no number
}


def test_no_other_code_checks_digits_by_hand() -> None:
    folder = Path(classroom_admin.__file__).parent
    modules = (path for path in folder.rglob("*.py") if "simulator" not in path.parts)
    found = {
        path.relative_to(folder).as_posix() for path in modules if READS_BY_HAND.search(path.read_text())
    }
    assert found == ALLOWED, "use classroom_admin.common.numbers.parsed"
