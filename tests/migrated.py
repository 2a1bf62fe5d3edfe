"""A migrated, empty database. It is made once in each run, and tests use copies of it."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "classroom_admin.sqlite3"
"""The name that the product gives its database in DATA_DIR."""


def database() -> Path:
    """Return the path of an SQLite database of a new installation. The workers of a run share it."""
    folder = Path(os.environ["TEST_RUN_FOLDER"], "migrated")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / NAME).exists():
            _migrate(folder / "new")
            (folder / "new" / NAME).rename(folder / NAME)
    return folder / NAME


def _migrate(folder: Path) -> None:
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(
        migrate, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(folder / NAME) as made:
        # the product uses neither; see `_no_permissions_after_a_flush` in conftest.py
        made.execute("DELETE FROM auth_permission")
        made.execute("DELETE FROM django_content_type")
    made.close()


def copy_into(data_dir: Path) -> None:
    """Put a copy into the data folder of an installation, so that its first start need not migrate."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(database(), data_dir / NAME)
