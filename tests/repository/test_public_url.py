"""PUBLIC_URL alone is enough for the pages to answer at that address."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import migrated, quick_python
from tests.operations.test_commands import UNWANTED

# Asks each host for the sign-in page and sends its form, as a browser does behind a proxy that ends TLS.
VISIT = """
import json, os, django
django.setup()
from django.test import Client
from classroom_admin.accounts.models import User
User.objects.get_or_create(email="head@school.test", role="administrator")  # else pages lead to the first run
origin = os.environ["VISIT_ORIGIN"]
answers = {}
for host in os.environ["VISIT_HOSTS"].split():
    headers = {"Host": host}
    browser = Client(enforce_csrf_checks=True, headers=headers, **{"wsgi.url_scheme": origin.split(":")[0]})
    page = browser.get("/sign-in/")
    form = {"csrfmiddlewaretoken": cookie.value for cookie in browser.cookies.values()}
    sent = browser.post("/sign-in/", form, headers={"Origin": origin, "Referer": origin + "/sign-in/"})
    answers[host] = [page.status_code, sent.status_code]
print(json.dumps(answers))
"""
SHOW = """
import json
from classroom_admin import settings
print(json.dumps([settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS]))
"""
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


def python(data_dir: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    unwanted = UNWANTED | {"PUBLIC_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"}
    clean = {name: value for name, value in os.environ.items() if name not in unwanted}
    settings = {"DJANGO_SETTINGS_MODULE": "classroom_admin.settings", "DATA_DIR": str(data_dir)}
    return quick_python.run(*arguments, env=clean | settings | env)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database that has no accounts."""
    folder = tmp_path_factory.mktemp("data")
    migrated.copy_into(folder)
    return folder


@pytest.mark.parametrize(
    ("public_url", "host", "origin"),
    [
        ("https://classes.school.example", "classes.school.example", "https://classes.school.example"),
        ("http://10.1.2.3:8000/", "10.1.2.3:8000", "http://10.1.2.3:8000"),
    ],
)
def test_public_url_alone_lets_people_sign_in(
    data_dir: Path, public_url: str, host: str, origin: str
) -> None:
    # a proxy that keeps the Host header, one that does not, and a name that nobody set
    expected = {host: [200, 200], "127.0.0.1": [200, 200], "stranger.example": [400, 400]}
    hosts = " ".join(expected)
    done = python(data_dir, "-c", VISIT, PUBLIC_URL=public_url, VISIT_HOSTS=hosts, VISIT_ORIGIN=origin)
    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == expected, done.stderr


@pytest.mark.parametrize(
    ("env", "hosts", "origins"),
    [
        ({}, ["127.0.0.1"], ["http://127.0.0.1:8000"]),
        ({"HOST": "::1"}, ["[::1]"], ["http://[::1]:8000"]),
        ({"PUBLIC_URL": "https://A.example:443/x"}, ["a.example"], ["https://a.example"]),
        ({"PUBLIC_URL": "https://a.example:8443"}, ["a.example"], ["https://a.example:8443"]),
        ({"PUBLIC_URL": "https://schüle.example"}, ["xn--schle-mva.example"], ["https://xn--schle-mva.example"]),
        ({"PUBLIC_URL": "https://a.example", "ALLOWED_HOSTS": ""}, ["a.example"], ["https://a.example"]),
    ],
)  # fmt: skip
def test_hosts_and_origins_come_from_public_url(
    tmp_path: Path, env: dict[str, str], hosts: list[str], origins: list[str]
) -> None:
    done = python(tmp_path, "-c", SHOW, **env)
    assert json.loads(done.stdout) == [LOOPBACK + hosts, origins]


def test_values_of_their_own_replace_what_public_url_gives(tmp_path: Path) -> None:
    done = python(
        tmp_path, "-c", SHOW,
        PUBLIC_URL="https://a.example", ALLOWED_HOSTS="b.example,c.example", CSRF_TRUSTED_ORIGINS="https://b.example",
    )  # fmt: skip
    assert json.loads(done.stdout) == [["b.example", "c.example"], ["https://b.example"]]


@pytest.mark.parametrize(
    "url", ["classes.school.example", "ftp://a.example", "https://", "http://[::1", "http://a:x"]
)
def test_a_public_url_that_is_none_is_named(tmp_path: Path, url: str) -> None:
    done = python(tmp_path, "manage.py", "check", PUBLIC_URL=url)
    assert done.returncode == 1
    assert done.stderr == (
        f"A setting is not right: PUBLIC_URL is {url!r}: it must be like https://classes.school.example\n"
    )
