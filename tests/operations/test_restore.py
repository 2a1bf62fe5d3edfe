"""`manage.py restore`: everything comes back into an empty place, and nothing is ever replaced."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from classroom_admin.operations.backups import manifest, restoring
from classroom_admin.operations.backups.problem import BackupProblem
from classroom_admin.operations.backups.restoring import Restored
from classroom_admin.runtime import data_folder, demo, key_files
from tests.operations.databases import every_table
from tests.operations.tars import UPLOAD, Original, described, manifest_of, members, write

KEY_NAMES = ("secret_key", "address_key", "audit_key")
OTHER_KIND = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
LONG = "rF7x-qLm2_Zt9vKc4wPs8yHbN3dGjE6a"


def restore(path: Path, *, ledger: Path | None = None) -> Restored:
    return restoring.restore(path, ledger=ledger)


def refuse(path: Path, words: str, *, left: set[str], ledger: Path | None = None) -> None:
    """The restore is refused with these words, and DATA_DIR has only what was there, and the lock."""
    with pytest.raises(BackupProblem, match=words):
        restore(path, ledger=ledger)
    folder = Path(django_settings.DATA_DIR)
    assert {one.name for one in folder.iterdir()} == left | {"running.lock"}
    if connection.vendor == "postgresql":
        assert every_table() == {}


def full_disk(*_values: Any) -> None:
    raise OSError(28, "No space left on device")


# --- what comes back --------------------------------------------------------------------------------------


def test_every_row_of_every_table_comes_back(original: Original, empty_place: Path) -> None:
    done = restore(original.path)
    assert every_table() == original.tables
    assert done.manifest.rows == {
        name: len(rows) for name, rows in original.tables.items() if name != "sqlite_sequence"
    }


def test_files_ledger_and_keys_come_back_for_this_account_only(made: Path, empty_place: Path) -> None:
    assert restore(made).uploads == 1
    content = members(made)
    for name in KEY_NAMES:
        assert (empty_place / name).read_bytes() == content[f"keys/{name}"]
    assert (empty_place / "files" / UPLOAD).read_bytes() == content[f"files/{UPLOAD}"]
    assert (empty_place / "erasures/ledger.jsonl").read_bytes() == content["erasures/ledger.jsonl"]
    assert [path for path in empty_place.rglob("*") if path.stat().st_mode & 0o077] == []


def test_keys_that_the_process_itself_made_are_replaced(made: Path, empty_place: Path) -> None:
    for name in KEY_NAMES:
        key_files.read_or_create(empty_place / name)
    restore(made)
    assert (empty_place / "secret_key").read_bytes() == members(made)["keys/secret_key"]


def test_migrated_database_without_rows_is_replaced(made: Path, empty_place: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a PostgreSQL database must have no tables")
    database = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_migrations (id integer)")
        cursor.execute("INSERT INTO django_migrations VALUES (1)")
        cursor.execute("CREATE TABLE rooms_room (id integer)")
    connection.close()
    assert database.stat().st_size
    restore(made)
    assert len(every_table()) > 10


def test_restored_demo_is_still_a_demo(made: Path, empty_place: Path, tmp_path: Path) -> None:
    """Everyone knows the passwords of its accounts, so `serve` must continue to refuse it."""
    restore(write(tmp_path / "demo.tar", described({demo.MARKER: b"{}"} | members(made))))
    assert demo.is_demo(empty_place)


def test_newer_ledger_is_added(made: Path, empty_place: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.jsonl"
    newer.write_text('{"key": "y"}\n{"erasure": "e"}\n')
    restore(made, ledger=newer)
    lines = (empty_place / "erasures/ledger.jsonl").read_text().split()
    assert lines == ['{"key":', '"x"}', '{"key":', '"y"}', '{"erasure":', '"e"}']


# --- keys -------------------------------------------------------------------------------------------------


@pytest.fixture
def without_keys(made: Path, tmp_path: Path) -> Path:
    content = {name: data for name, data in members(made).items() if not name.startswith("keys/")}
    return write(tmp_path / "without-keys.tar", described(content, keys=False))


def test_backup_without_keys_needs_the_keys_in_the_folder(
    made: Path, without_keys: Path, empty_place: Path
) -> None:
    refuse(without_keys, "Copy secret_key, address_key, audit_key of the old installation", left=set())
    for name in KEY_NAMES:
        (empty_place / name).write_bytes(members(made)[f"keys/{name}"])
    restore(without_keys)
    assert (empty_place / "secret_key").read_bytes() == members(made)["keys/secret_key"]


def test_other_key_in_the_folder_is_refused(without_keys: Path, empty_place: Path) -> None:
    (empty_place / "secret_key").write_text(LONG)
    refuse(without_keys, "is not the one of the backup", left={"secret_key"})


def test_keys_of_a_new_installation_are_kept_under_another_name(
    made: Path, empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_place / "secret_key").write_text(LONG)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_add_to_ledger", full_disk)
        refuse(made, "No space left on device", left={"secret_key"})
    assert (empty_place / "secret_key").read_text() == LONG
    restore(made)
    assert (empty_place / "secret_key").read_bytes() == members(made)["keys/secret_key"]
    assert (empty_place / "secret_key.before-restore").read_text() == LONG


def test_other_key_in_the_environment_is_refused(
    made: Path, empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", LONG)
    refuse(made, "Remove SECRET_KEY from the environment", left=set())


def test_key_of_the_backup_in_the_environment_is_used(
    made: Path, without_keys: Path, empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", members(made)["keys/secret_key"].decode().strip())
    restore(without_keys)
    assert not (empty_place / "secret_key").exists()


def test_manifest_does_not_tell_the_key(made: Path) -> None:
    assert django_settings.SECRET_KEY not in members(made)["manifest.json"].decode()


# --- what is refused --------------------------------------------------------------------------------------


def test_data_folder_with_anything_in_it_is_refused(made: Path, empty_place: Path) -> None:
    (empty_place / "files").mkdir()
    (empty_place / "files" / "kept.pdf").write_text("kept")
    refuse(made, "is not empty: it contains files", left={"files"})
    assert (empty_place / "files" / "kept.pdf").read_text() == "kept"


def test_folder_of_uploaded_files_elsewhere_must_be_empty(
    made: Path, empty_place: Path, settings: Any, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.pdf").write_text("kept")
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(elsewhere)},
        }
    }
    refuse(made, "FILES_DIR .* is not empty", left=set())


def test_database_with_data_is_refused(made: Path, empty_place: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id integer)")
        cursor.execute("INSERT INTO kept VALUES (1)")
    connection.close()
    with pytest.raises(BackupProblem, match=r"kept.*restore replaces nothing"):
        restore(made)
    assert every_table() == {"kept": every_table()["kept"]}


def test_restore_is_refused_while_the_dashboard_runs(made: Path, empty_place: Path) -> None:
    with (
        data_folder.hold(empty_place),
        pytest.raises(BackupProblem, match=f"Already running as process {os.getpid()}"),
    ):
        restore(made)


def test_other_kind_of_database_is_refused(made: Path, empty_place: Path, tmp_path: Path) -> None:
    content = {name: data for name, data in members(made).items() if name not in manifest.DATABASES.values()}
    content[manifest.DATABASES[OTHER_KIND]] = b"x"
    other = write(tmp_path / "other.tar", described(content, database=OTHER_KIND))
    refuse(other, "can be restored only into the same kind", left=set())


def test_backup_of_a_newer_version_is_refused(made: Path, empty_place: Path, tmp_path: Path) -> None:
    migrations = [*manifest_of(made)["migrations"], ["rooms", "9999_from_the_future"]]
    newer = write(tmp_path / "n.tar", described(members(made), migrations=migrations, version="99.0"))
    refuse(newer, r"of version 99.0, which is newer .* rooms.9999_from_the_future", left=set())


def test_records_of_earlier_squashed_migrations_are_not_newer(
    made: Path, empty_place: Path, tmp_path: Path
) -> None:
    migrations = [*manifest_of(made)["migrations"], ["rooms", "0001_squashed_0013_people_total"]]
    restore(write(tmp_path / "older.tar", described(members(made), migrations=migrations)))
    assert len(every_table()) > 10


def test_damaged_backup_leaves_nothing(made: Path, empty_place: Path, tmp_path: Path) -> None:
    content = members(made)
    content[f"files/{UPLOAD}"] = b"changed"
    refuse(write(tmp_path / "damaged.tar", content), "is not what its manifest says", left=set())


@pytest.mark.parametrize(
    "name", ["files/../../outside", "/outside", "files//outside", "files/./x", "keys/other", "files\\..\\x"]
)
def test_names_that_lead_outside_are_refused(
    made: Path, empty_place: Path, tmp_path: Path, name: str
) -> None:
    evil = write(tmp_path / "evil.tar", described({name: b"evil"} | members(made)))
    before = {path for path in tmp_path.rglob("*") if empty_place not in path.parents}
    refuse(evil, "which a backup does not contain", left=set())
    assert {path for path in tmp_path.rglob("*") if empty_place not in path.parents} == before
    assert not Path("/outside").exists()


def link(kind: bytes, target: str) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo("files/linked")
        info.type, info.linkname = kind, target
        tar.addfile(info)

    return add


@pytest.mark.parametrize(
    "add",
    [
        link(tarfile.SYMTYPE, "/etc"),
        link(tarfile.LNKTYPE, "keys/secret_key"),
        link(tarfile.DIRTYPE, ""),
        link(tarfile.FIFOTYPE, ""),
    ],
)
def test_links_folders_and_pipes_are_refused(
    made: Path, empty_place: Path, tmp_path: Path, add: Callable[[tarfile.TarFile], None]
) -> None:
    first = tmp_path / "evil.tar"
    with tarfile.open(first, "w") as tar:
        add(tar)
        for name, data in members(made).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    refuse(first, "'files/linked', which a backup does not contain", left=set())


def test_wrong_ledger_is_refused_before_anything_is_written(
    made: Path, empty_place: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("no ledger")
    with pytest.raises(BackupProblem, match=r"is not the file erasures/ledger\.jsonl"):
        restore(made, ledger=wrong)
    with pytest.raises(BackupProblem, match="No such file"):
        restore(made, ledger=tmp_path / "none.jsonl")
    assert list(empty_place.iterdir()) == []


def test_failure_while_writing_leaves_nothing(
    made: Path, empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_files.read_or_create(empty_place / "secret_key")
    monkeypatch.setattr(restoring, "_add_to_ledger", full_disk)
    refuse(made, "No space left on device", left=set())


def test_leftovers_of_a_killed_restore_do_not_count(made: Path, empty_place: Path) -> None:
    (empty_place / ".backup-copy-1234").mkdir()
    restore(made)
    assert not (empty_place / ".backup-copy-1234").exists()
