"""Keys in files of the data folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.common.redaction import HIDDEN
from classroom_admin.runtime.key_files import UnusableKeyFile, read, read_or_create, replace
from tests.environment.test_variables import python

SHOW = """
from django.conf import settings
print(settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.ADDRESS_KEYS, sep="|")
"""
LONG = "rF7x-qLm2_Zt9vKc4wPs8yHbN3dGjE6a"


def keys_in_a_process(data_dir: Path, **env: str) -> tuple[str, list[str], list[str]]:
    done = python("-c", SHOW, DATA_DIR=str(data_dir), **env)
    assert done.returncode == 0, done.stderr
    secret, fallbacks, addresses = done.stdout.strip().split("|")
    return secret, eval(fallbacks), eval(addresses)


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_or_create(tmp_path / "key"), range(32)))
    assert len({tuple(keys) for keys in found}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_replaced_keys_are_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    (old,) = read_or_create(path)
    replace(path, ["new", old])
    assert read(path) == ["new", old]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\xff"])
def test_unusable_file_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UnusableKeyFile, match="key"):
        read(tmp_path / "key")


def test_new_installation_has_separate_keys(tmp_path: Path) -> None:
    secret, fallbacks, addresses = keys_in_a_process(tmp_path)
    assert fallbacks == []
    assert len(addresses) == 2
    assert addresses[0] != secret
    assert read(tmp_path / "address_key") == addresses[:1]
    assert keys_in_a_process(tmp_path) == (secret, fallbacks, addresses)


def test_upgraded_installation_keeps_the_key_of_its_addresses(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text(LONG)  # without a line break, as earlier releases wrote it
    secret, _, addresses = keys_in_a_process(tmp_path)
    assert secret == LONG
    assert addresses[0] != LONG
    assert read(tmp_path / "address_key") == [addresses[0], LONG]


def test_keys_of_the_environment_come_first(tmp_path: Path) -> None:
    other, address = f"{LONG}2", f"{LONG}3"
    found = keys_in_a_process(tmp_path, SECRET_KEY=LONG, SECRET_KEY_FALLBACKS=f"{other}")
    assert found == (LONG, [other], [LONG, other])
    assert not (tmp_path / "secret_key").exists()
    found = keys_in_a_process(tmp_path, SECRET_KEY=LONG, ADDRESS_KEY=address)
    assert found == (LONG, [], [address, LONG])


def test_installation_that_moves_its_key_to_the_environment_keeps_its_addresses(tmp_path: Path) -> None:
    secret, _, addresses = keys_in_a_process(tmp_path)
    assert keys_in_a_process(tmp_path, SECRET_KEY=secret)[2] == addresses


def test_unusable_key_file_stops_the_start_with_words(tmp_path: Any) -> None:
    (tmp_path / "secret_key").write_text("")
    done = python("manage.py", "check", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "secret_key is empty" in done.stderr


def test_key_of_the_audit_log_is_kept_like_the_others_and_hidden(tmp_path: Path) -> None:
    show = SHOW.replace("print(settings.SECRET_KEY, ", "print(hide(settings.AUDIT_KEYS[0]), ")
    show = "from classroom_admin.common.secret_values import hide\n" + show
    done = python("-c", show, DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.partition("|")[0] == HIDDEN
    (old,) = read(tmp_path / "audit_key")
    replace(tmp_path / "audit_key", ["new", old])
    done = python("-c", SHOW.replace("settings.SECRET_KEY,", "settings.AUDIT_KEYS,"), DATA_DIR=str(tmp_path))
    assert eval(done.stdout.partition("|")[0]) == ["new", old]
