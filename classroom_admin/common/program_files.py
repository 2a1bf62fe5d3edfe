"""Find the files of the program that are not Python modules: templates, static files and translations.

In a checkout, they are beside the package. The wheel contains them inside the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[1]
IS_CHECKOUT: Final = not (PACKAGE / "templates").is_dir()
FOLDER: Final = PACKAGE.parent if IS_CHECKOUT else PACKAGE
"""The folder with `templates/`, `static/` and `locale/`."""


def with_our_command(text: str) -> str:
    """Return a text that names `manage.py` with the command that this installation has instead."""
    return text if IS_CHECKOUT else text.replace("manage.py", "classroom-admin")
