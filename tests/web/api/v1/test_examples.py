"""The examples of `docs/api.md`, run against a server, and what only a server shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.asgi import get_asgi_application
from django.core.management import call_command

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import Upload
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.web.size_by_address import limited
from tests.actions.files import PDF
from tests.realtime.serving import Server, running_server

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "api.md"


@pytest.fixture
def server(settings: Any, transactional_db: None) -> Iterator[Server]:
    with running_server() as running:
        limited(running.front, get_asgi_application())
        yield running


@pytest.fixture
def token() -> str:
    User.objects.create_user("ana@school.example", "x", name="Ana")
    command = example("sh", "manage.py token").split("manage.py token ")[1].split()
    output = StringIO()
    call_command("token", *command, stdout=output, stderr=StringIO())
    return output.getvalue().strip()


def example(language: str, part: str) -> str:
    """Return the example of this language that contains `part`."""
    found = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return next(one for one in found if part in one)


def run(argv: list[str], server: Server, token: str, *, folder: Path | None = None, **more: str) -> str:
    env = {"PATH": os.environ["PATH"], "TOKEN": token, "DASHBOARD": f"http://127.0.0.1:{server.port}"}
    env |= more
    done = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"{done.stdout} {done.stderr}"
    return done.stdout


def test_examples_of_the_document_create_and_list_classes(
    sim: RunningSimulator, server: Server, token: str, tmp_path: Path
) -> None:
    shown = run(["sh", "-e", "-c", example("sh", "curl")], server, token)
    assert shown.count('"name": "Algebra 7b"') == 2
    shown = run([sys.executable, "-c", example("python", "requests")], server, token)
    assert [line.split()[1] for line in shown.splitlines()] == ["Latin", "Algebra"]
    assert {room.name for room in Room.objects.all()} == {"Algebra 7b", "Latin 8a"}
    (tmp_path / "worksheet.pdf").write_bytes(PDF)
    key = Room.objects.get(name="Algebra 7b").key
    argv = ["sh", "-e", "-c", example("sh", "uploads")]
    first, again = (run(argv, server, token, KEY=key, folder=tmp_path) for _ in range(2))
    assert json.loads(first)["command"] == "resource.put"
    assert first == again
    assert Upload.objects.get().name == "worksheet.pdf"


def test_front_of_the_server_answers_with_problems(server: Server, token: str) -> None:
    """Bodies that are too big, and a GET with a body, do not reach Django."""
    address = f"http://127.0.0.1:{server.port}/api/v1/classes"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    large = requests.post(address, data=b"x" * 3_100_000, headers=headers, timeout=60)
    bodied = requests.get(address, data=b"{}", headers=headers, timeout=60)
    for answer, status in ((large, 413), (bodied, 400)):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
    first = requests.get(address, headers=headers, timeout=60)
    assert first.headers["ETag"]
    again = requests.get(address, headers={**headers, "If-None-Match": first.headers["ETag"]}, timeout=60)
    assert again.status_code == 304  # also if the answer is compressed
