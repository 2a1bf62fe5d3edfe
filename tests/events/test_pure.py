"""Events are pure: they import no ORM, no clock, no logging, no network."""

import ast
from pathlib import Path

import classroom_admin.events

ALLOWED = {
    "collections", "dataclasses", "datetime", "django.utils.functional",
    "django.utils.translation", "enum", "functools", "importlib", "json", "math", "pkgutil", "re", "typing",
}  # fmt: skip

PURE = {"classroom_admin.common.names", "classroom_admin.common.text_matching"}


def test_events_import_only_what_is_pure():
    for path in Path(classroom_admin.events.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [str(node.module)]
            else:
                continue
            for module in modules:
                if module.startswith("classroom_admin"):
                    own = module.startswith("classroom_admin.events") or module == "classroom_admin"
                    assert own or module in PURE, path
                    continue
                if module == "__future__":
                    continue
                name = module if module.startswith("django") else module.split(".")[0]
                assert name in ALLOWED, f"{path.name} imports {module}"


def test_events_read_no_clock():
    for path in Path(classroom_admin.events.__path__[0]).glob("*.py"):
        text = path.read_text()
        assert ".now(" not in text, path
        assert ".today(" not in text, path
