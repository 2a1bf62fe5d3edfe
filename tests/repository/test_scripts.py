"""Browsers load a script with imports only as a module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TAG: Final = re.compile(r"<script src=\"{% static '(?P<name>[^']+)' %}\"(?P<rest>[^>]*)>")
IMPORT: Final = re.compile(r"^(?:import|export)\b", re.MULTILINE)


def test_scripts_with_imports_are_loaded_as_modules() -> None:
    tags = [
        (template.name, tag["name"], tag["rest"])
        for template in (ROOT / "templates").rglob("*.html")
        for tag in TAG.finditer(template.read_text())
    ]
    assert len(tags) > 5
    wrong = [
        (template, name)
        for template, name, rest in tags
        if IMPORT.search((ROOT / "static" / name).read_text()) and 'type="module"' not in rest
    ]
    assert not wrong
