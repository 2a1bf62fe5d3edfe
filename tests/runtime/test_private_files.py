"""What an installation makes is for its own account alone, whatever the umask that it is started with."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom_admin.runtime import data_folder
from tests import migrated, quick_python
from tests.operations.test_commands import MANAGE, READY, UNWANTED, Program

UMASKS = [pytest.param(0o000, id="umask 000"), pytest.param(0o022, id="umask 022", marks=pytest.mark.long)]
# These commands only read the settings, or open the database. They neither load the pages nor migrate long.
CHECK = ("check", "--tag", "caches")
OPEN_DATABASE = ("migrate", "contenttypes", "-v0", "--skip-checks")


def manage(data_dir: Path, *arguments: str, umask: int, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return quick_python.run(
        "manage.py", *arguments, env=clean | {"DATA_DIR": str(data_dir), **env}, umask=umask
    )


def open_to_others(folder: Path) -> list[str]:
    """Every file and folder in `folder`, and itself, on which others have any right."""
    found = []
    for path in [folder, *folder.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # a running installation makes and removes some
            mode = path.lstat().st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                found.append(f"{path} {mode:o}")
    return found


@pytest.fixture(params=UMASKS)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask; programs that a test starts have it too."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("env", [{}, {"SECRET_KEY": "a-key-of-a-test-" * 3}], ids=["own key", "key is set"])
def test_first_command_makes_a_missing_folder_private(
    tmp_path: Path, umask: int, env: dict[str, str]
) -> None:
    data_dir = tmp_path / "new" / "var"
    done = manage(data_dir, *OPEN_DATABASE, umask=umask, **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "classroom_admin.sqlite3").stat().st_mode & 0o777 == 0o600
    assert open_to_others(data_dir) == []


def test_files_of_serve_are_private_while_it_runs(tmp_path: Path, umask: int) -> None:
    data_dir = tmp_path / "data"
    nowhere = {"AGORA_BASE_URL": "http://127.0.0.1:9", "AGORA_FALLBACK_URL": ""}
    server = Program(*MANAGE, "serve", data_dir=data_dir, **nowhere)
    try:
        server.wait_said(READY)
        with contextlib.closing(sqlite3.connect(data_dir / "classroom_admin.sqlite3")) as reader:
            reader.execute("select count(*) from accounts_user").fetchone()  # -wal and -shm are there now
            names = {path.name for path in data_dir.iterdir()}
            assert {"classroom_admin.sqlite3-wal", "classroom_admin.sqlite3-shm", "static"} <= names
            assert open_to_others(data_dir) == []
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)


def test_open_installation_with_keys_and_copies_becomes_private(tmp_path: Path, umask: int) -> None:
    data_dir = tmp_path / "data"
    migrated.copy_into(data_dir)
    (data_dir / migrated.NAME).chmod(0o644)
    (data_dir / "files").mkdir()
    for name in ("copy.sqlite3", "school.dump", "secret_key", "address_key"):
        (data_dir / name).touch()
        (data_dir / name).chmod(0o644)
    (data_dir / "secret_key").write_text("a key of an open folder, 32 characters")
    (data_dir / "address_key").unlink()
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    (data_dir / "link").symlink_to(outside)
    data_dir.chmod(0o755)
    assert manage(data_dir, *CHECK, umask=umask).returncode == 0
    assert open_to_others(data_dir) == []
    assert outside.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "database", ["postgres://nobody@127.0.0.1:9/none", pytest.param("", marks=pytest.mark.long)]
)
def test_open_folder_is_closed_with_any_database(tmp_path: Path, umask: int, database: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o755)
    env = {"SECRET_KEY": "a-key-of-a-test-" * 3, "DATABASE_URL": database}
    assert manage(tmp_path / "var", *CHECK, umask=umask, **env).returncode == 0
    assert open_to_others(tmp_path / "var") == []


def test_folder_that_all_accounts_share_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    done = manage(tmp_path, *CHECK, umask=0o022)
    assert done.returncode == 1
    assert "a folder that all accounts of this machine share" in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_of_files_becomes_private_except_for_its_group(tmp_path: Path) -> None:
    shared = tmp_path / "files"
    shared.mkdir()
    shared.chmod(0o775)
    assert manage(tmp_path / "var", *CHECK, umask=0o022, FILES_DIR=str(shared)).returncode == 0
    assert shared.stat().st_mode & 0o777 == 0o770


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o700])
def test_place_of_another_account_is_refused_in_words(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    other = os.getuid() + 1
    with pytest.raises(data_folder.OpenToOthers, match=r"belongs to the account .*chown -R"):
        data_folder.require_private(tmp_path, name="DATA_DIR", uid=other)
    if mode & 0o007:
        with pytest.raises(data_folder.OpenToOthers):
            data_folder.require_private(tmp_path, name="FILES_DIR", uid=other, may_be_shared=True)
    else:
        data_folder.require_private(tmp_path, name="FILES_DIR", uid=other, may_be_shared=True)
    assert tmp_path.stat().st_mode & 0o777 == mode
    data_folder.require_private(tmp_path, name="DATA_DIR")
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_database_elsewhere_becomes_private_and_its_folder_is_not_changed(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    database = tmp_path / "school.sqlite3"
    done = manage(tmp_path / "var", *OPEN_DATABASE, umask=umask, DATABASE_URL=f"sqlite:///{database}")
    assert (done.returncode, done.stderr) == (0, "")
    assert database.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_error_names_the_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = manage(tmp_path / "file" / "var", "migrate", umask=0o022)
    assert done.returncode == 1
    assert done.stderr.startswith(f"A setting is not right: DATA_DIR {tmp_path}/file/var can't be made")
