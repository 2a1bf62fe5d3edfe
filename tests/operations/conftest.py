"""A backup of a school, and an empty place into which it can be restored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from classroom_admin.privacy import erasure_ledger
from tests.operations.databases import empty_installation, every_table
from tests.operations.tars import UPLOAD, Original
from tests.school import furnish


@pytest.fixture(scope="module")
def original(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Original:
    """A backup of a school with an uploaded file and a list of erasures. The database is empty again."""
    ledger = erasure_ledger.ledger_path()
    path = tmp_path_factory.mktemp("original") / "made.tar"
    # Earlier tests of this process have left files in its own DATA_DIR.
    shutil.rmtree(default_storage.path(""), ignore_errors=True)
    with django_db_blocker.unblock():
        furnish()
        place = default_storage.save(UPLOAD, ContentFile(b"%PDF " * 1000))
        ledger.parent.mkdir(mode=0o700, exist_ok=True)
        ledger.write_text('{"key": "x"}\n')
        call_command("backup", str(path), verbosity=0)
        tables = every_table()
        ledger.unlink()
        default_storage.delete(place)
        call_command("flush", interactive=False, verbosity=0)
    return Original(path, tables)


@pytest.fixture
def made(original: Original, tmp_path: Path) -> Path:
    """A copy of the backup."""
    return Path(shutil.copy(original.path, tmp_path))


@pytest.fixture
def empty_place(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A new DATA_DIR and an empty database, which the settings name."""
    with empty_installation(tmp_path / "new", settings):
        yield tmp_path / "new"
