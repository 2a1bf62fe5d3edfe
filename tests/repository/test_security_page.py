"""The page about security has each requirement of ASVS once, with its state, and the named tests exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs/security.md").read_text(encoding="utf-8")
STATES: Final = ("met", "partly", "not met", "does not apply")
# The levels of the requirements of a section, in order. A hyphen is a requirement of level 3, which the page
# omits.
# fmt: off
LEVELS: Final = {
    "1.1": "22", "1.2": "111112222", "1.3": "11222222222", "1.4": "222", "1.5": "12", "2.1": "122",
    "2.2": "112", "2.3": "1222", "2.4": "2", "3.2": "11", "3.3": "1222", "3.4": "112222", "3.5": "11122",
    "3.7": "22", "4.1": "122", "4.2": "2", "4.3": "22", "4.4": "1222", "5.1": "2", "5.2": "112",
    "5.3": "11", "5.4": "222", "6.1": "122", "6.2": "111111112222", "6.3": "1122", "6.4": "1122",
    "6.5": "22222", "6.6": "222", "6.8": "2222", "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222",
    "7.5": "22", "7.6": "22", "8.1": "12", "8.2": "112", "8.3": "1", "8.4": "2", "9.1": "111",
    "9.2": "1222", "10.1": "22", "10.2": "22", "10.3": "2222", "10.4": "11111222222", "10.5": "22222",
    "10.6": "22", "10.7": "222", "11.1": "22", "11.2": "222", "11.3": "112", "11.4": "1222", "11.5": "2",
    "11.6": "2", "12.1": "122", "12.2": "11", "12.3": "2222", "13.1": "2", "13.2": "22222", "13.3": "22",
    "13.4": "12222", "14.1": "22", "14.2": "1222", "14.3": "122", "15.1": "122", "15.2": "122",
    "15.3": "1222222", "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "222",
    "17.1": "2", "17.2": "2222", "17.3": "22",
}
# fmt: on
ROW: Final = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.*) \|$", re.MULTILINE)
TEST: Final = re.compile(r"tests/[\w./-]*")


def rows() -> list[tuple[str, list[str]]]:
    """Return the id and the other cells of each requirement: level, what it asks, state and evidence."""
    return [(row[1], row[2].split(" | ")) for row in ROW.finditer(PAGE)]


def required() -> dict[str, str]:
    """Return the level of each requirement of levels 1 and 2, by its id."""
    return {
        f"{section}.{number}": level
        for section, levels in LEVELS.items()
        for number, level in enumerate(levels, 1)
        if level != "-"
    }


def test_standard_has_70_and_183_requirements() -> None:
    assert Counter(required().values()) == {"1": 70, "2": 183}


def test_every_requirement_occurs_once_with_its_level() -> None:
    assert Counter(name for name, _cells in rows()) == Counter(list(required()))
    assert {name: cells[0] for name, cells in rows()} == required()


def test_every_row_has_a_state_and_evidence() -> None:
    wrong = [
        name
        for name, cells in rows()
        if len(cells) != 4 or cells[2] not in STATES or not all(cell.strip() for cell in cells)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted(set(TEST.findall(PAGE))))
def test_named_tests_exist(path: str) -> None:
    assert (ROOT / path).is_file()


def test_summary_and_list_at_the_end_agree_with_the_tables() -> None:
    states = Counter((cells[2], cells[0]) for _name, cells in rows())
    for state in STATES:
        first, second = states[state, "1"], states[state, "2"]
        assert f"| {state} | {first} | {second} | {first + second} |" in PAGE
    listed = re.findall(r"^- \*\*([\d.]+)\*\* \(level \d\)", PAGE.partition("## Not met")[2], re.MULTILINE)
    assert listed == [name for name, cells in rows() if cells[2] == "not met"]
