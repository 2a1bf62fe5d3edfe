"""``manage.py simulator`` as a real process."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from agoraiotools.RtmTokenBuilder2 import RtmTokenBuilder

from classroom_admin.simulator.settings import DEMO_APP_CERTIFICATE, DEMO_APP_ID

ROOT = Path(__file__).parents[2]


def command(*arguments, **environment):
    # The settings of the tests would remove AGORA_* from the environment again.
    left_out = ("AGORA_", "DJANGO_SETTINGS_MODULE")
    known = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return subprocess.Popen(
        [sys.executable, "manage.py", "simulator", *arguments],
        cwd=ROOT,
        env=known | {"PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(process):
    line = process.stdout.readline()
    match = re.search(r"http://[0-9.:]+", line)
    assert match, (line, process.stderr.read() if process.poll() is not None else "")
    return match[0]


@pytest.fixture
def started():
    running = []

    def start(*arguments, **environment):
        process = command(*arguments, **environment)
        running.append(process)
        return process, first_line(process)

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_prints_one_line_when_ready_and_stops_at_once(started, ending):
    process, url = started("--port", "0")
    with requests.Session() as session:
        assert session.get(f"{url}/_sim/health", timeout=5).json()["rooms"] == 0
        process.send_signal(ending)
        began = time.monotonic()
        process.wait(20)
    assert time.monotonic() - began < 5
    rest, errors = process.communicate()
    assert rest == ""
    assert "Traceback" not in errors


def test_options_and_default_credentials_are_used(started):
    _, url = started("--port", "0", "--seed", "7", "--poll-batch", "3", "--speed", "20")
    token = RtmTokenBuilder.build_token(DEMO_APP_ID, DEMO_APP_CERTIFICATE, "me", 600)
    headers = {"x-agora-token": token, "x-agora-uid": "me"}
    answer = requests.get(
        f"{url}/ap/edu/polling/apps/{DEMO_APP_ID}/v2/rooms/sequences", headers=headers, timeout=5
    )
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 3
    health = requests.get(f"{url}/_sim/health", timeout=5).json()
    assert (health["seed"], health["clock"]["speed"], health["rooms"]) == (7, 20, 8)


def test_credentials_come_from_the_environment(started):
    _, url = started("--port", "0", AGORA_APP_ID="a" * 32, AGORA_APP_CERTIFICATE="b" * 32)
    token = RtmTokenBuilder.build_token("a" * 32, "b" * 32, "me", 600)
    headers = {"x-agora-token": token, "x-agora-uid": "me"}
    assert (
        requests.get(f"{url}/edu/apps/{'a' * 32}/v2/configs", headers=headers, timeout=5).status_code == 200
    )


def fails(*arguments, **environment):
    process = command(*arguments, **environment)
    try:
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1, errors
    return errors


def test_taken_port_is_reported_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in fails("--port", str(port))


def test_other_hosts_are_refused_without_expose():
    assert "--expose" in fails("--host", "0.0.0.0", "--port", "0")


def test_expose_is_refused_without_debug():
    assert "only for development" in fails("--host", "0.0.0.0", "--expose", "--port", "0")


def test_simulator_does_not_run_with_the_settings_of_a_school():
    said = fails("--port", "0", PUBLIC_URL="https://classes.example.org")
    assert "the simulator is only for development" in said
    assert "Traceback" not in said


def test_other_hosts_are_allowed_with_expose_in_development(started):
    _, url = started("--host", "0.0.0.0", "--expose", "--port", "0", DEBUG="true")
    assert requests.get(f"{url.replace('0.0.0.0', '127.0.0.1')}/_sim/health", timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "offered"),
    [
        (["help", "--commands"], False),
        (["simulator", "--help"], True),
        (["help", "simulator"], True),
    ],
)
@pytest.mark.parametrize("settings", [None, pytest.param("classroom_admin.settings", marks=pytest.mark.long)])
def test_simulator_is_only_installed_for_its_own_command(tmp_path, arguments, offered, settings):
    chosen = {"DJANGO_SETTINGS_MODULE": settings} if settings else {}
    known = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    found = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=known | chosen | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr
    assert ("simulator" in found.stdout) is offered


def test_invalid_credentials_are_reported():
    assert "app_id" in fails("--port", "0", AGORA_APP_ID="short")


def test_dialect_group_rooms_and_customer_are_chosen(started):
    customer = {"AGORA_CUSTOMER_ID": "school", "AGORA_CUSTOMER_SECRET": "school-secret"}
    _, url = started("--port", "0", "--dialect", "sdk", "--group-rooms", **customer)
    health = requests.get(f"{url}/_sim/health", timeout=10).json()
    assert (health["dialect"], health["groupRooms"]) == ("sdk", True)
    path = f"{url}/dev/v1/channel/{DEMO_APP_ID}"
    assert requests.get(path, auth=("school", "school-secret"), timeout=10).status_code == 200
    assert requests.get(path, auth=("demo-customer", "demo-customer-secret"), timeout=10).status_code == 401


def test_unknown_dialect_is_named(started):
    process = command("--port", "0", "--dialect", "2099")
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "2099" in error
