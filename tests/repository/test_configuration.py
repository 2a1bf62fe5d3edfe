"""Every environment variable that the code reads is described, and the generated files are current."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from classroom_admin.environment.variables import Environment
from scripts import configuration

ROOT: Final = Path(__file__).resolve().parents[2]
PRODUCT: Final = [ROOT / "manage.py", *sorted((ROOT / "classroom_admin").rglob("*.py"))]
DEVELOPMENT: Final = sorted(
    path for name in ("tests", "bench", "scripts") for path in (ROOT / name).rglob("*.py")
)
# Variables that nobody sets by hand.
INTERNAL: Final = {
    "CELERY_SKIP_CHECKS": "set by celery.py for itself",
    "CLASSROOM_ADMIN_DEMO": "set by manage.py for the processes of a demo",
    "DJANGO_SETTINGS_MODULE": "set by every entry point",
    "MAKELEVEL": "set by make",
    "PATH": "the shell's",
    "PROMETHEUS_MULTIPROC_DIR": "set by metric_files.py for prometheus-client",
    "PYTEST_XDIST_WORKER": "set by pytest-xdist",
    "SERVICES_LOG": "set by scripts/services",
    "TEST_KEEPS_SERVICES": "set by scripts/services",
    "TEST_NETWORK": "set by scripts/services",
}
READS: Final = {"get", "pop", "setdefault", "getenv"}


def _receiver(node: ast.expr) -> str:
    """Return the name before the last dot: `environ` of `os.environ.get`, `env` of `env.PORT`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]


@cache
def reads(path: Path) -> frozenset[str]:
    """Find the variables that a file reads from `os.environ`."""
    return frozenset(_reads(path))


def _reads(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        found: ast.expr | None = None
        if isinstance(node, ast.Subscript) and _receiver(node.value) == "environ":
            found = node.slice
        elif isinstance(node, ast.Compare) and _receiver(node.comparators[0]) == "environ":
            found = node.left
        elif isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
            of_environment = _receiver(node.func.value) == "environ" or node.func.attr == "getenv"
            found = node.args[0] if of_environment and node.func.attr in READS else None
        if found is not None:
            yield from _names(found, constants)


def variables(paths: list[Path]) -> set[str]:
    return {name for path in paths for name in reads(path)} - set(INTERNAL)


def test_every_variable_that_the_product_reads_is_described() -> None:
    assert variables(PRODUCT) <= set(Environment.model_fields)


def test_settings_use_every_variable_that_nothing_else_reads() -> None:
    product = ROOT / "classroom_admin"
    used = {
        node.attr
        for path in (*product.glob("settings*.py"), product / "operations/management/commands/demo.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert set(Environment.model_fields) - used - variables(PRODUCT) == set()


def test_every_variable_of_tests_and_tools_is_described() -> None:
    described = {*Environment.model_fields, *configuration.DEVELOPMENT}
    assert variables(DEVELOPMENT) <= described
    assert set(configuration.DEVELOPMENT) <= variables(DEVELOPMENT)


@pytest.mark.parametrize(("path", "text"), list(configuration.files()), ids=["example", "page"])
def test_generated_file_is_current(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run scripts/configuration.py"
