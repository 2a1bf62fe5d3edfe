"""The compiled requirements pin every package by hash, on each Python and system that we support."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.wheel_metadata import required

ROOT: Final = Path(__file__).resolve().parents[2]
FILES: Final = (
    *("requirements", "requirements-saml", "requirements-otel", "requirements-sentry"),
    *("requirements-dev", "requirements-release"),
)
PIN: Final = re.compile(
    r"^([a-z0-9][\w.-]*)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS: Final = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
}


@cache
def compiled(file: str) -> str:
    return (ROOT / f"{file}.txt").read_text(encoding="utf-8")


@cache
def pins(file: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return each package of a compiled file with its version and its hashes."""
    found = PIN.findall(compiled(file))
    return {
        str(canonicalize_name(name)): (version, frozenset(re.findall("sha256:(.{64})", hashes)))
        for name, version, hashes in found
    }


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_a_pin_with_hashes_or_a_comment(file: str) -> None:
    named = {str(canonicalize_name(Requirement(line).name)) for line in required(ROOT / f"{file}.in")}
    assert named <= pins(file).keys()
    rest = PIN.sub("", compiled(file)).splitlines()
    assert [line for line in rest if line.strip() and not line.lstrip().startswith("#")] == []
    assert not re.search(r"://|find-links|index-url|trusted-host| @ ", compiled(file))


def test_files_agree_about_versions_and_hashes() -> None:
    for file in FILES[1:]:
        for other in FILES[: FILES.index(file)]:
            both = pins(file).keys() & pins(other).keys()
            assert {name: pins(file)[name] for name in both} == {name: pins(other)[name] for name in both}


def dependencies(name: str, extras: frozenset[str], environment: dict[str, str]) -> Iterator[Requirement]:
    """Find what a package requires in another environment. Yield nothing if it is not installed here."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # needed only elsewhere
        return
    for one in map(Requirement, lines):
        given = [{**environment, "extra": extra} for extra in extras or {""}]
        if one.marker is None or any(one.marker.evaluate(each) for each in given):
            yield one


def closure(file: str, environment: dict[str, str]) -> set[str]:
    """Return the names of all packages that the packages in a file need."""
    open_ = [Requirement(line) for line in required(ROOT / f"{file}.in")]
    done: set[tuple[str, frozenset[str]]] = set()
    while open_:
        one = open_.pop()
        node = (str(canonicalize_name(one.name)), frozenset(one.extras))
        if node not in done:
            done.add(node)
            open_ += dependencies(*node, environment)
    return {name for name, _extras in done}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_no_package_is_missing_on_other_pythons_and_systems(python: str, system: str) -> None:
    """With hashes, pip refuses a package that is not pinned, so a missing one would stop the installation."""
    environment = {"python_version": python, "python_full_version": f"{python}.4", **SYSTEMS[system]}
    pinned = {**pins("requirements"), **pins("requirements-dev")}
    for file in ("requirements", "requirements-dev"):
        assert closure(file, environment) - pinned.keys() == set()
    assert closure("requirements", environment) <= pins("requirements").keys()
