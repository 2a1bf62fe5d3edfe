"""The previous version works on the database of the next one, beside it, as during a rolling upgrade.

The file `previous` names the commit of the previous version: the newest one that is deployed. Each release
replaces it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.operations.test_commands import MANAGE, READY, ROOT, Program
from tests.runtime.processes import marked, wait_for
from tests.runtime.test_two_machines import a_class, wait_until_all_is_here
from tests.sync.conftest import config_for, sync_once
from tests.sync.test_lease import environment

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"),
    pytest.mark.timeout(300),
    pytest.mark.long,
]
PREVIOUS = (Path(__file__).parent / "previous").read_text(encoding="utf-8").strip()
WITHIN_S = 60
EMAIL, PASSWORD = "head@school.test", "a-long-enough-password"
PAGES = ("/", "/people/", "/settings/", "/settings/audit/", "/settings/sync/", "/reports/", "/plans/")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def previous_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the previous version."""
    folder = tmp_path_factory.mktemp("previous")
    archive = folder / "source.tar"
    try:
        subprocess.run(
            ["git", "archive", "--format=tar", "--output", archive, PREVIOUS],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip(f"this copy of the repository has no commit {PREVIOUS}, as in a shallow clone")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "source", filter="data")
    return folder / "source"


@pytest.fixture
def sim(settings: Any) -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        settings.AGORA = config_for(simulator)
        yield simulator


@pytest.fixture
def previous(sim: RunningSimulator, previous_version: Path, tmp_path: Path) -> Iterator[Program]:
    """All processes of the previous version, on the database that this version has migrated."""
    env = environment(sim) | {"SECRET_KEY": django_settings.SECRET_KEY}
    named = {
        name: value for name, value in env.items() if name.startswith(("AGORA_", "DATABASE_", "SECRET_"))
    }
    if broker := os.environ.get("CELERY_BROKER_URL"):
        named["CELERY_BROKER_URL"] = broker
    named["AUDIT_KEY"] = ",".join(django_settings.AUDIT_KEYS)
    program = Program(*MANAGE, "serve", data_dir=tmp_path / "previous", cwd=previous_version, **named)
    yield program
    if program.process.poll() is None:
        program.process.kill()
        program.process.wait(timeout=30)
    wait_for(lambda: not marked(program.mark))


class Browser:
    """A person's browser at the previous version."""

    def __init__(self, program: Program) -> None:
        self._address = f"http://127.0.0.1:{program.port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str) -> str:
        answer = self._session.get(self._address + path, timeout=60)
        assert (answer.status_code, answer.history) == (200, []), (path, answer.url, answer.status_code)
        return answer.text

    def submit(self, path: str, **values: str) -> requests.Response:
        token = TOKEN.search(self.get(path))
        assert token is not None
        return self._session.post(
            self._address + path, {"csrfmiddlewaretoken": token[1]} | values, timeout=60
        )


def head() -> User:
    """An administrator, whose password is stored as the product stores it."""
    user = User.objects.create_user(EMAIL, role=User.Role.ADMINISTRATOR)
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt of the test", iterations=1)
    user.save()
    return user


def test_previous_version_works_beside_this_one(
    sim: RunningSimulator, previous: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    user = head()
    for number in range(3):
        a_class(sim, f"room {number}")
    previous.wait_said(READY)
    wait_until_all_is_here(sim)  # the previous version has polled and projected

    browser = Browser(previous)
    assert browser.submit("/sign-in/", login=EMAIL, password=PASSWORD).ok
    key = Room.objects.get(room_uuid="room 0").key
    for path in (*PAGES, f"/classes/{key}/", f"/classes/{key}/events/"):
        browser.get(path)
    assert browser.submit(f"/classes/{key}/do/end/").ok
    wait_for(lambda: Room.objects.get(key=key).state == RoomState.ENDED, within_s=WITHIN_S)
    assert Entry.objects.get(action="class.end").actor == user

    # This version takes its turn at the stream, and shows pages; then the previous one continues.
    a_class(sim, "room 3")
    assert sync_once() == ""
    beside = Client()
    user.refresh_from_db()  # the sign-in has stored a new hash of the password
    beside.force_login(user)
    assert beside.get(reverse("live:class", args=[key])).status_code == 200
    a_class(sim, "room 4")
    sim.room("room 1", "leave", userUuid="p")
    wait_until_all_is_here(sim)

    code, said = previous.end(signal.SIGTERM)
    assert code == 0, said
    assert "Traceback" not in said, said
    capsys.readouterr()
    call_command("audit", "verify")
    call_command("rebuild")
    printed = capsys.readouterr().out
    assert printed.startswith("The audit log is intact")
    assert printed.endswith("\n0 rows changed\n")
