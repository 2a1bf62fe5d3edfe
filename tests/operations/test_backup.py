"""`manage.py backup`: the whole installation in one file, and what is refused."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from classroom_admin.common import clock
from classroom_admin.operations.backups import series, verification
from classroom_admin.operations.backups.places import workspace
from classroom_admin.operations.backups.problem import BackupProblem
from classroom_admin.operations.backups.writing import Writer
from classroom_admin.runtime import demo
from tests.operations.tars import UPLOAD, Members, described, manifest_of, members, write
from tests.school import School, furnish
from tests.stepped_clock import SteppedClock, use
from tests.sync.test_lease import ROOT, database_url

DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}[connection.vendor]
KEYS = {"keys/secret_key", "keys/address_key", "keys/audit_key"}


@pytest.fixture
def school(transactional_db: None) -> School:
    return furnish()


def backup(path: Path, *options: str) -> Path:
    call_command("backup", str(path), *options, verbosity=0)
    return path


def run(*arguments: str, **popen: Any) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` in a process of its own, with the database and the folder of the test."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
    env |= {"DJANGO_SETTINGS_MODULE": "classroom_admin.settings", "DATABASE_URL": database_url()}
    argv = [sys.executable, "manage.py", *arguments]
    given: dict[str, Any] = {"stdout": subprocess.PIPE} | popen
    return subprocess.run(
        argv, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, timeout=100, check=False, **given
    )


# --- what a backup contains -------------------------------------------------------------------------------


def test_backup_has_database_files_keys_and_ledger(made: Path) -> None:
    assert (
        set(members(made)) == {DATABASE, f"files/{UPLOAD}", "erasures/ledger.jsonl", "manifest.json"} | KEYS
    )
    assert members(made)[f"files/{UPLOAD}"] == b"%PDF " * 1000


def test_manifest_describes_every_member(made: Path) -> None:
    content = members(made)
    listed = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest_of(made)["members"]}
    assert listed == {
        name: (len(data), hashlib.sha256(data).hexdigest())
        for name, data in content.items()
        if name != "manifest.json"
    }


def test_manifest_has_rows_migrations_version_and_time(school: School, tmp_path: Path) -> None:
    found = manifest_of(backup(tmp_path / "made.tar"))
    for model in apps.get_models():
        assert found["rows"][model._meta.db_table] == model._default_manager.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        assert sorted(map(tuple, found["migrations"])) == sorted(cursor.fetchall())
    assert found["database"] == connection.vendor
    assert found["version"]
    assert found["made_at"].endswith("Z")
    assert found["files"] == {"place": "disk", "bucket": "", "included": True}


def test_only_the_account_can_read_a_backup(school: School, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert backup(tmp_path / "made.tar").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_backup_without_keys_has_no_key(school: School, tmp_path: Path) -> None:
    path = backup(tmp_path / "made.tar", "--without-keys")
    assert not KEYS & set(members(path))
    kept = [Path(os.environ["DATA_DIR"], Path(name).name).read_text().strip() for name in KEYS]
    assert not [key for key in kept if key.encode() in path.read_bytes()]


def test_backup_of_a_demo_says_that_it_is_one(school: School, tmp_path: Path) -> None:
    marker = Path(os.environ["DATA_DIR"], demo.MARKER)
    marker.write_text("{}")
    try:
        assert demo.MARKER in members(backup(tmp_path / "made.tar"))
    finally:
        marker.unlink()


def test_files_in_a_bucket_are_named_and_not_copied(school: School, tmp_path: Path, settings: Any) -> None:
    settings.FILES_S3_BUCKET = "classroom-files"
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": "classroom-files", "region_name": "eu-west-1"},
        }
    }
    found = manifest_of(backup(tmp_path / "made.tar"))
    assert found["files"] == {"place": "s3", "bucket": "classroom-files", "included": False}


def test_what_is_no_regular_file_is_named(school: School, tmp_path: Path, capsys: Any) -> None:
    link = Path(default_storage.path("link.pdf"))
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/etc/passwd")
    try:
        path = backup(tmp_path / "made.tar")
    finally:
        link.unlink()
    assert f"{link} is no regular file" in capsys.readouterr().err
    assert "files/link.pdf" not in members(path)


def test_memory_does_not_grow_with_large_files(school: School, tmp_path: Path) -> None:
    large = Path(default_storage.path("large"))
    large.parent.mkdir(parents=True, exist_ok=True)
    with large.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    try:
        path = backup(tmp_path / "made.tar")
        verification.verify(path)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
        large.unlink()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no password")
def test_password_of_the_database_is_no_argument(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path("/usr/bin/pg_dump")
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/arguments\nexec {real} "$@"\n')
    spy.chmod(0o700)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    backup(tmp_path / "made.tar")
    arguments = (tmp_path / "arguments").read_text()
    assert "--format=custom" in arguments
    assert connection.settings_dict["PASSWORD"] not in arguments


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite needs no program")
def test_missing_or_old_program_is_named(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="no program pg_dump in PATH"):
        backup(tmp_path / "made.tar")
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o700)
    with pytest.raises(CommandError, match="is of version 9, but the server is of version"):
        backup(tmp_path / "made.tar")
    assert not (tmp_path / "made.tar").exists()


# --- what is refused, and what a failure leaves -----------------------------------------------------------


def test_existing_file_is_replaced_only_with_force(school: School, tmp_path: Path) -> None:
    path = tmp_path / "made.tar"
    path.write_text("something else")
    with pytest.raises(CommandError, match="exists"):
        backup(path)
    assert path.read_text() == "something else"
    backup(path, "--force")
    assert verification.verify(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "Name a FILE"),
        (["x.tar", "--into", "folder"], "Name a FILE"),
        (["x.tar", "--keep", "3"], "--keep needs --into"),
        (["--into", "folder", "--keep", "0"], "at least 1"),
        (["-", "--verify"], "--verify needs a FILE"),
        (["x.tar", "--verify", "--force"], "--force"),
    ],
)
def test_wrong_options_have_exit_code_2(options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        call_command("backup", *options)
    assert refused.value.returncode == 2


def test_place_that_can_not_be_used_is_named(school: School, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        backup(tmp_path / "nowhere" / "made.tar")
    with pytest.raises(CommandError, match="is a folder"):
        backup(tmp_path)
    inside = Path(default_storage.path("made.tar"))
    inside.parent.mkdir(exist_ok=True)
    with pytest.raises(CommandError, match="in the folder of uploaded files"):
        backup(inside)


def test_full_disk_leaves_the_old_backup_and_nothing_else(transactional_db: None, made: Path) -> None:
    before = made.read_bytes()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    ran = run("backup", str(made), "--force", preexec_fn=limit)
    assert ran.returncode == 1
    assert ran.stderr.startswith("CommandError: ")
    assert "Traceback" not in ran.stderr
    assert made.read_bytes() == before
    assert list(made.parent.iterdir()) == [made]


def test_process_that_is_ended_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_values: Any, **_options: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("the signal did not end the backup")

    monkeypatch.setattr(Writer, "write", end)
    with pytest.raises(SystemExit) as ended:
        backup(tmp_path / "made.tar")
    assert ended.value.code == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_standard_output_gets_the_tar_and_a_full_one_is_an_error(school: School, tmp_path: Path) -> None:
    with (tmp_path / "piped.tar").open("wb") as output:
        ran = run("backup", "-", stdout=output)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert verification.verify(tmp_path / "piped.tar").rows["accounts_user"] == 3
    with Path("/dev/full").open("wb") as output:
        ran = run("backup", "-", stdout=output)
    assert ran.returncode == 1
    assert "No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr


# --- verification -----------------------------------------------------------------------------------------


def test_good_backup_is_called_good(made: Path, capsys: Any) -> None:
    call_command("backup", str(made), "--verify")
    assert capsys.readouterr().out.startswith(f"Good: {made} ")


def test_verification_writes_nothing_beside_the_backup(made: Path) -> None:
    verification.verify(made)
    assert list(made.parent.iterdir()) == [made]


def without(name: str) -> Callable[[Members], Members]:
    return lambda content: {other: data for other, data in content.items() if other != name}


def damaged(name: str) -> Callable[[Members], Members]:
    return lambda content: content | {name: content[name][:-1] + bytes([content[name][-1] ^ 1])}


def added(name: str) -> Callable[[Members], Members]:
    return lambda content: {name: b"more"} | content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (damaged(DATABASE), "is not what its manifest says"),
        (damaged("keys/audit_key"), "is not what its manifest says"),
        (without("keys/secret_key"), "keys/secret_key is missing"),
        (without(DATABASE), f"{DATABASE} is missing"),
        (without("manifest.json"), "has no manifest.json"),
        (added("files/another.pdf"), "its manifest does not name"),
        (added("notes.txt"), "a backup does not contain"),
        (lambda content: content | {"manifest.json": b"{}"}, "can't be read"),
        (lambda content: described(content, format=2), "has format 2"),
        (lambda content: described(without(DATABASE)(content)), "has no database"),
        (lambda content: described(content | {DATABASE: b"no database"}), "damaged"),
    ],
)
def test_changed_backup_is_refused(
    made: Path, tmp_path: Path, change: Callable[[Members], Members], words: str
) -> None:
    changed = write(tmp_path / "changed.tar", change(members(made)))
    with pytest.raises(CommandError, match=words):
        call_command("backup", str(changed), "--verify")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_shorter_backup_is_refused(made: Path, share: float) -> None:
    content = made.read_bytes()
    end = content.rindex(b"manifest.json") + 5000 if share > 0.98 else int(len(content) * share)
    made.write_bytes(content[:end])
    with pytest.raises(BackupProblem, match=r"incomplete|damaged|its end is missing"):
        verification.verify(made)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="damages pages of a SQLite database")
def test_damaged_pages_of_the_database_are_found(made: Path, tmp_path: Path) -> None:
    content = members(made)
    database = tmp_path / "database"
    database.write_bytes(content[DATABASE])
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA writable_schema = ON")
        opened.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'rooms_room'")
        opened.commit()
    changed = write(tmp_path / "changed.tar", described(content | {DATABASE: database.read_bytes()}))
    with pytest.raises(BackupProblem, match="The database in the backup is damaged"):
        verification.verify(changed)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("backup", str(tmp_path / "none.tar"), "--verify")


# --- a backup each night ----------------------------------------------------------------------------------


@pytest.fixture
def hands() -> Iterator[SteppedClock]:
    with use(SteppedClock(clock.now())) as stepped:
        yield stepped


def nightly(folder: Path, keep: int = 2) -> None:
    call_command("backup", "--into", str(folder), "--keep", str(keep))


def test_only_the_newest_backups_are_kept(school: School, tmp_path: Path, hands: SteppedClock) -> None:
    folder = tmp_path / "backups"
    for _night in range(3):
        nightly(folder)
        hands.step(timedelta(days=1).total_seconds())
    (folder / "notes.tar").write_text("not ours")
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    nightly(folder)
    now = sorted(path.name for path in folder.iterdir())
    assert now[:1] == names[1:2]
    assert len(now) == 3
    assert "notes.tar" in now
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_deleted_if_the_new_backup_is_not_good(
    school: School, tmp_path: Path, hands: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    nightly(tmp_path, keep=1)
    before = sorted(tmp_path.iterdir())
    hands.step(60)

    def never_good(*_values: Any) -> None:
        raise BackupProblem("The database in the backup is damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(verification, "verify", never_good)
        with pytest.raises(CommandError, match="damaged"):
            nightly(tmp_path, keep=1)
    assert sorted(tmp_path.iterdir()) == before


def test_new_backup_stays_if_the_clock_was_set_back(
    school: School, tmp_path: Path, hands: SteppedClock
) -> None:
    nightly(tmp_path, keep=1)
    hands.set_wall(clock.now() - timedelta(hours=1))
    nightly(tmp_path, keep=1)
    assert [path.name for path in tmp_path.iterdir()] == [series.name_at(clock.now())]


def test_leftovers_of_killed_processes_are_deleted(school: School, tmp_path: Path) -> None:
    (tmp_path / ".x.tar.1234.backup-part").write_text("half a backup")
    (tmp_path / ".backup-copy-1234").mkdir()
    (tmp_path / ".backup-copy-1234" / "copy").write_text("half a database")
    with workspace(tmp_path) as in_use:
        nightly(tmp_path)
        assert in_use.exists()
    assert [path.suffix for path in tmp_path.iterdir()] == [".tar"]
    assert tarfile.is_tarfile(next(tmp_path.iterdir()))
