"""Tell the version of the program. `pyproject.toml` contains it, and nothing else does."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import metadata
from typing import Final

from classroom_admin.common import program_files

DISTRIBUTION: Final = "classroom-admin"


@cache
def version() -> str:
    """Return the version, for example "0.2.0". Between two releases, it ends with ".dev0".

    In a checkout, read `pyproject.toml`. Otherwise ask the installed package.
    """
    if not program_files.IS_CHECKOUT:
        return metadata.version(DISTRIBUTION)
    text = (program_files.FOLDER / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])
