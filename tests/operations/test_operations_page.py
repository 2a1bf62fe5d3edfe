"""The commands of docs/operations.md: each is run, or what it names is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from classroom_admin.operations import doctor_checks
from classroom_admin.runtime import ports
from tests import quick_python
from tests.operations.test_commands import MANAGE, READY, ROOT, UNWANTED, Program
from tests.runtime.processes import marked, wait_for

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
DATA = "/var/lib/classroom-admin"
# Commands that change a server itself. They are not run.
OF_THE_SYSTEM = {
    "apt",
    "python3",
    "useradd",
    "install",
    "cp",
    "systemctl",
    "journalctl",
    "/opt/classroom-admin/bin/pip",
}
SERVED = "http://127.0.0.1:8000"

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(240),
]


def commands() -> list[str]:
    """Return the command lines of the page, without the definition of `admin`."""
    blocks = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    blocks = re.sub(r"^admin\(\) \{\n.*?^\}\n", "", blocks, flags=re.S | re.M)
    return [line for line in blocks.replace("\\\n", " ").splitlines() if line]


def of_symptoms() -> list[str]:
    """Return what stands in backticks in the table of symptoms."""
    return re.findall(r"`([^`]+)`", PAGE.split("## Symptoms\n", 1)[1].split("\n## ", 1)[0])


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Program]:
    cloud = f"http://127.0.0.1:{ports.free_port()}"
    program = Program(*MANAGE, "serve", data_dir=tmp_path / "data", AGORA_BASE_URL=cloud)
    try:
        program.wait_said(READY)
        yield program
    finally:
        program.process.kill()
        program.process.wait(timeout=30)
        wait_for(lambda: not marked(program.mark))


def test_every_command_for_a_running_dashboard_works(dashboard: Program, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env = clean | {"DATA_DIR": str(tmp_path / "data"), "PORT": str(dashboard.port)}
    named = [*commands(), *(words for words in of_symptoms() if not re.search(r"\b[A-Z_]{4,}\b", words))]
    run = [line for line in dict.fromkeys(named) if line.split()[0] in ("admin", "curl")]
    assert len(run) >= 9
    assert "admin rebuild" in run
    for line in run:
        here = line.replace(DATA, str(tmp_path / "data")).replace(
            SERVED, f"http://127.0.0.1:{dashboard.port}"
        )
        words = shlex.split(here)
        if words[0] == "admin":
            done = quick_python.run("manage.py", *words[1:], env=env)
        else:
            done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
        if words[1] == "doctor":  # this dashboard has no administrator and no cloud, and doctor says so
            assert "administrator" in done.stdout
            assert done.returncode == 1
        else:
            assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_commands_that_change_the_server_name_what_is_there() -> None:
    others = [line for line in commands() if line.split()[0] not in ("admin", "curl")]
    assert {line.split()[0] for line in others} == OF_THE_SYSTEM
    words = " ".join(others).split()
    for file in (
        word for word in words if word.startswith("deploy/") or word in ("requirements.txt", ".env.example")
    ):
        assert (ROOT / file).exists(), file
    units = {word for word in words if word.endswith((".service", ".timer"))}
    assert units
    assert [unit for unit in units if not (ROOT / "deploy/systemd" / unit).exists()] == []


def test_symptoms_name_commands_and_checks_that_exist() -> None:
    named = of_symptoms()
    commands_of = {words.split()[1] for words in named if words.startswith("admin ")}
    assert {"doctor", "room", "rebuild", "emergency_login"} <= commands_of
    assert commands_of <= set(get_commands())
    checks = {check.__name__ for check in doctor_checks.CHECKS}
    before_doctor = re.findall(r"((?:`\w+`(?: and |, )?)+) in `admin doctor`", PAGE)
    said = {name for part in before_doctor for name in re.findall(r"`(\w+)`", part)}
    assert len(said) >= 6
    assert said <= checks, said - checks
