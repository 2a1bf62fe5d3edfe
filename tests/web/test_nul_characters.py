"""NUL characters are refused before the database is asked; an invalid database address is explained."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from tests import quick_python


@pytest.mark.parametrize("address", ["/classes/a%00b/", "/nothing%00here/", "/lists/%00/"])
def test_nul_in_the_address_is_refused(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "This request could not be processed" in answer.content.decode()


def test_nul_in_a_cookie_is_refused(client: Client) -> None:
    client.cookies["sessionid"] = "a\x00bcdefghijk"
    assert client.get("/").status_code == 400


def check(tmp_path: Path, address: str) -> subprocess.CompletedProcess[str]:
    own = {
        "DATABASE_URL": address,
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
    }
    shown = "from django.conf import settings; print(settings.DATABASES['default']['NAME'])"
    return quick_python.run("manage.py", "shell", "-c", shown, env=os.environ | own)


@pytest.mark.parametrize("address", ["mysql://localhost/school", "school.sqlite3", "nonsense"])
def test_unsupported_database_is_refused(tmp_path: Path, address: str) -> None:
    done = check(tmp_path, address)
    assert done.returncode != 0
    assert "it must be sqlite:/// or postgres://" in done.stderr


def test_default_database_is_in_the_data_folder(tmp_path: Path) -> None:
    assert f"{tmp_path}/classroom_admin.sqlite3" in check(tmp_path, "").stdout
