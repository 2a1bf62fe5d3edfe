"""A disk that fills up, with a real small file system. Administrators are told before it is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from classroom_admin.common import database_outage, disk_space
from classroom_admin.operations import doctor_machine
from tests.school import School

pytestmark = pytest.mark.django_db(transaction=True)
NO_DISK_HAS = 2**62
MB = 1_000_000


def test_administrators_are_told_of_a_disk_that_is_almost_full(school: School, settings: Any) -> None:
    words = "disk is almost full"
    for reserve, users in ((NO_DISK_HAS, {school.administrator}), (0, set())):
        settings.DISK_RESERVE_BYTES = reserve
        for user in (school.administrator, school.teacher):
            assert (words in school.signed_in(user).get("/").content.decode()) is (user in users)
    settings.DISK_RESERVE_BYTES = NO_DISK_HAS
    assert doctor_machine.disk().status == "failed"
    settings.DISK_RESERVE_BYTES = 0
    assert doctor_machine.disk().status != "failed"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write to a file until the disk is full. Raise ``OSError`` then."""
    with path.open("wb") as file:
        while True:
            file.write(b"x" * MB)
            file.flush()


def test_free_space_of_a_real_disk_is_measured(small_disk: Path, settings: Any) -> None:
    settings.DATA_DIR = small_disk
    settings.DISK_RESERVE_BYTES = 2 * MB
    assert not disk_space.is_low()
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space") as raised:
        fill(filler)
    assert disk_space.is_full(raised.value)
    assert disk_space.is_low()
    assert disk_space.free_bytes([small_disk / "not" / "there" / "yet"]) == 0
    filler.unlink()
    assert not disk_space.is_low()


def test_sqlite_on_a_full_disk_is_an_outage_that_ends_with_space(small_disk: Path) -> None:
    from django.db.backends.sqlite3.base import DatabaseWrapper

    facts = connection.settings_dict | {"NAME": str(small_disk / "a.sqlite3"), "OPTIONS": {}}
    with closing(DatabaseWrapper(facts, "small")) as small:
        with small.cursor() as cursor:
            cursor.execute("CREATE TABLE t (x)")
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="space"):
            fill(filler)
        with pytest.raises(OperationalError) as raised, small.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (zeroblob(1000000))")
        assert database_outage.is_outage(raised.value)
        assert database_outage.is_full(raised.value)
        filler.unlink()
        with small.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (zeroblob(1000000))")
