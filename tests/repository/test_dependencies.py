"""Every required package is used, and `docs/dependencies.md` says what for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
SOURCES: Final = [
    ROOT / "manage.py",
    *(
        path
        for name in ("classroom_admin", "tests", "bench", "scripts")
        for path in (ROOT / name).rglob("*.py")
    ),
]
NOT_IMPORTED: Final = {
    "async-timeout": "redis imports it, on old releases of Python 3.11",
    "build": "a command of make wheel",
    "celery-types": "read by mypy",
    "codespell": "a command of make lint",
    "django-stubs": "read by mypy",
    "import-linter": "a command of make lint",
    "mypy": "a command of make lint",
    "oidc-provider-mock": "tests/sign_on_provider.py runs it as a program",
    "pip-tools": "a command of make requirements",
    "pytest-socket": "a plug-in of pytest",
    "pytest-timeout": "a plug-in of pytest",
    "pytest-xdist": "a plug-in of pytest",
    "ruff": "a command of make lint",
    "sentry-sdk": "common/logs/sentry.py imports it by name, only if SENTRY_DSN is set",
    "types-requests": "read by mypy",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: str) -> list[str]:
    """Return the packages of a requirements file, without extras, versions and comments."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [normal(found[0]) for line in lines if (found := re.match(r"[A-Za-z0-9][\w.-]*", line))]


def documented(title: str) -> list[str]:
    """Return the packages in the table below the heading that names the file."""
    section = PAGE.partition(f"(`{title}`)")[2].partition("\n## ")[0]
    return [normal(name) for name in re.findall(r"^\| ([A-Za-z][\w.-]*) \| \S.* \|$", section, re.MULTILINE)][
        1:
    ]


def imported_modules(path: Path) -> Iterator[str]:
    """Find the top-level modules that a file imports; in the settings, also those of dotted names."""
    settings = path.name == "settings.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif settings and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(".")[0]


def imported_packages() -> set[str]:
    modules = {module for path in SOURCES for module in imported_modules(path)}
    packages = packages_distributions()
    return {normal(name) for module in modules for name in packages.get(module, [])}


@pytest.mark.parametrize(
    "file",
    ["requirements.in", "requirements-dev.in", "requirements-release.in", "requirements-otel.in"],
)
def test_page_explains_every_required_package_and_no_other(file: str) -> None:
    assert sorted(documented(file)) == sorted(required(file))


def test_every_required_package_is_imported_or_the_table_says_why_not() -> None:
    packages = {*required("requirements.in"), *required("requirements-dev.in")}
    assert packages - imported_packages() == set(NOT_IMPORTED)
