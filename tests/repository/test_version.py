"""The version is in one place, and the changelog and the upgrade notes agree with it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Final

from packaging.version import Version

from classroom_admin.common.version import version

ROOT: Final = Path(__file__).resolve().parents[2]
CHANGELOG: Final = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
UPGRADE: Final = (ROOT / "UPGRADE.md").read_text(encoding="utf-8")
RELEASE: Final = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", re.MULTILINE)
HEADING: Final = re.compile(r"^## \[?([^\]\n]+)\]?.*$", re.MULTILINE)
SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+(\.dev0)?")
NEXT: Final = "the next release"


def releases() -> list[tuple[Version, date]]:
    """Return the releases of the changelog, as they are written there."""
    return [(Version(name), date.fromisoformat(day)) for name, day in RELEASE.findall(CHANGELOG)]


def test_program_tells_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version() == project["version"]
    assert SEMANTIC.fullmatch(version())


def test_changelog_has_dated_releases_the_newest_first_after_what_is_unreleased() -> None:
    assert HEADING.findall(CHANGELOG) == ["Unreleased", *(str(name) for name, _day in releases())]
    names, days = zip(*releases(), strict=True)
    assert list(names) == sorted(set(names), reverse=True)
    assert list(days) == sorted(days, reverse=True)


def test_newest_release_is_the_version_or_precedes_it() -> None:
    newest = releases()[0][0]
    assert newest <= Version(version())
    unreleased = CHANGELOG.partition("## [Unreleased]")[2].partition("\n## ")[0].strip()
    if newest == Version(version()):
        assert not unreleased, "changes after a release need a new version that ends with .dev0"


def test_upgrade_notes_lead_from_each_release_to_the_next() -> None:
    names = [str(name) for name, _day in releases()]
    steps = re.findall(r"^## From (\S+) to (.+)$", UPGRADE, re.MULTILINE)
    expected = list(zip(names[1:], names, strict=False))
    assert steps in (expected, [(names[0], NEXT), *expected])
