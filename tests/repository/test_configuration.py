"""Every environment variable that the code reads is documented, with the default that the code has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLE: Final = ROOT / ".env.example"
TABLES: Final = ROOT / "docs/configuration.md"
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
    "PYTEST_XDIST_WORKER": "set by pytest-xdist",
    "TEST_KEEPS_SERVICES": "set by scripts/services",
}
READS: Final = {
    "get",
    "pop",
    "setdefault",
    "getenv",
    "str",
    "bool",
    "int",
    "list",
    "float",
    "email_url",
    "_number",
}


def _receiver(node: ast.expr) -> str:
    """Return the name before the last dot: `environ` of `os.environ.get`, `env` of `env.str`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]


def _defaults(call: ast.Call) -> ast.expr | None:
    """Return the default of a read: `default=`, else the second argument."""
    for keyword in call.keywords:
        if keyword.arg == "default":
            return keyword.value
    return call.args[1] if len(call.args) > 1 else None


def reads(path: Path) -> Iterator[tuple[str, ast.expr | None]]:
    """Find the variables that a file reads, each with the expression of its default."""
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
        default: ast.expr | None = None
        if isinstance(node, ast.Subscript) and _receiver(node.value) == "environ":
            found = node.slice
        elif isinstance(node, ast.Compare) and _receiver(node.comparators[0]) == "environ":
            found = node.left
        elif isinstance(node, ast.Call) and node.args:
            function = node.func
            if isinstance(function, ast.Name) and function.id in {"_number", "getenv"}:
                found = node.args[0]
            elif isinstance(function, ast.Attribute) and function.attr in READS:
                of_environment = _receiver(function.value) in {"env", "environ"} or function.attr == "getenv"
                found = node.args[0] if of_environment else None
            default = _defaults(node)
        if found is not None:
            for name in _names(found, constants):
                yield name, default


def _written(value: object) -> str:
    """Return a default as one writes it into an environment: `false`, `2`, `na`."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def variables(paths: list[Path]) -> dict[str, set[str]]:
    """Return every variable that the files read, with the constant defaults it has there."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for name, default in reads(path):
            values = found.setdefault(name, set())
            if isinstance(default, ast.Constant) and default.value not in ("", None):
                values.add(_written(default.value))
    return {name: values for name, values in found.items() if name not in INTERNAL}


def example() -> dict[str, tuple[str, str]]:
    """Return the variables of `.env.example`: name to (value, the comment above it)."""
    entries = re.findall(
        r"^# (.+)\n#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: (value, meaning) for meaning, name, value in entries}


def tables() -> dict[str, str]:
    """Return the tables of `docs/configuration.md`: name to the column that says what it means."""
    row = r"^\| `([A-Z][A-Z0-9_]*)` \| (?:.*?) \| (.+) \|$"
    return dict(re.findall(row, TABLES.read_text(encoding="utf-8"), re.MULTILINE))


def test_example_has_every_variable_that_the_product_reads_and_no_other() -> None:
    assert sorted(example()) == sorted(variables(PRODUCT))


def test_every_entry_of_the_example_has_a_comment_above_it() -> None:
    entries = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(entries) == sorted(example())


def test_tables_have_every_variable_of_product_and_development_tools() -> None:
    assert sorted(tables()) == sorted({**variables(PRODUCT), **variables(DEVELOPMENT)})


def test_example_and_tables_say_the_same() -> None:
    shown = tables()
    assert {name: meaning for name, (_, meaning) in example().items() if shown.get(name) != meaning} == {}


def test_example_shows_the_default_of_the_code() -> None:
    shown = {name: value for name, (value, _) in example().items()}
    wrong = {
        name: (shown[name], values)
        for name, values in variables(PRODUCT).items()
        if values and shown[name] not in values
    }
    assert wrong == {}
