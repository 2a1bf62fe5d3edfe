"""The wheel (`make wheel`) contains the whole product, and runs without the checkout."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from classroom_admin.common.version import version
from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from scripts.wheel_metadata import EXTRAS, required
from tests.operations.test_commands import READY, WITHIN_S, Program
from tests.runtime.processes import marked, wait_for

pytestmark = pytest.mark.timeout(700)
ROOT: Final = Path(__file__).resolve().parents[2]
NOT_IN_THE_WHEEL: Final = re.compile(r"simulator|demo_school|past_week|commands/demo|^tests/|\.pyc$")
IMPORT_ALL: Final = """
import importlib, pkgutil, django, classroom_admin
of_extras = ["classroom_admin.common.trace_export"]  # it needs the packages of the extra otel
assert classroom_admin.__file__.startswith({folder!r}), classroom_admin.__file__
django.setup()
for module in pkgutil.walk_packages(classroom_admin.__path__, "classroom_admin."):
    if module.name not in of_extras:
        importlib.import_module(module.name)
"""


def without_checkout(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an empty folder and with no variables but these."""
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)


def test_wheel_contains_the_product_and_nothing_of_the_simulator(wheel: Path) -> None:
    assert wheel.name == f"classroom_admin-{version()}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    assert [name for name in names if NOT_IN_THE_WHEEL.search(name)] == []
    for kind in ("templates", "static", "locale"):
        kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / kind).rglob("*") if path.is_file()}
        assert kept
        assert {f"classroom_admin/{name}" for name in kept} <= set(names)
    assert "classroom_admin/locale/es/LC_MESSAGES/django.mo" in names
    told = [Requirement(line) for line in Parser().parsestr(metadata).get_all("Requires-Dist", [])]
    assert {str(one) for one in told if one.marker is None} == as_written("requirements.in")
    optional = {one.name for one in told if one.marker is not None}
    assert optional == {Requirement(line).name for file in EXTRAS.values() for line in as_written(file)}


def as_written(file: str) -> set[str]:
    """Return the requirements of a file with names in lower case, as hatchling writes them."""
    return {str(Requirement(line.lower())) for line in required(ROOT / file)}


def test_installed_command_says_what_is_missing(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "classroom-admin")
    assert without_checkout(tmp_path, command, "--version").stdout == f"{version()}\n"
    for name in ("demo", "simulator"):
        refused = without_checkout(tmp_path, command, name, DATA_DIR=str(tmp_path))
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"The installed package has no simulator, which “{name}” needs.")
    refused = without_checkout(tmp_path, command, "migrate")
    assert refused.returncode == 1
    assert refused.stderr.startswith("A setting is not right: DATA_DIR is not set.")
    assert list(tmp_path.iterdir()) == []
    port = str(ports.free_port())
    told = without_checkout(tmp_path, command, "doctor", DATA_DIR=str(tmp_path / "data"), PORT=port)
    assert told.returncode == 1
    assert "→ Start the dashboard with `classroom-admin serve`." in told.stdout
    assert "manage.py" not in told.stdout


def test_all_modules_can_be_imported_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = IMPORT_ALL.format(folder=str(installed.parent))
    env = {"DATA_DIR": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    done = without_checkout(tmp_path, str(installed / "python"), "-c", code, **env)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def cloud() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as sim:
        yield sim


def test_installed_dashboard_serves_pages_and_fetches_events(
    installed: Path, cloud: RunningSimulator, tmp_path: Path
) -> None:
    cloud.make_room("algebra", roomName="Algebra", state=1)
    server = Program(
        *(str(installed / "classroom-admin"), "serve"),
        very_first=True,
        data_dir=Path("data"),  # below the folder in which the command runs
        cwd=tmp_path,
        AGORA_BASE_URL=cloud.base_url,
        AGORA_FALLBACK_URL="",
        AGORA_APP_ID=cloud.app_id,
        AGORA_APP_CERTIFICATE=cloud.app_certificate,
    )
    try:
        server.wait_said(READY, within_s=300)  # the first start also compiles, migrates and compresses
        assert server.get("/healthz") == (200, "ok\n")
        page = fetch(server, "/sign-in/")
        assert "Email address" in page
        styles = re.findall(r'href="(/static/css/[\w.]+\.css)"', page)
        assert len(styles) > 1
        assert all("{" in fetch(server, style) for style in styles)
        assert "Correo electrónico" in fetch(server, "/sign-in/", language="es")
        wait_for(lambda: rooms(tmp_path / "data") == {"algebra"}, within_s=WITHIN_S)
        code, said = server.end(signal.SIGTERM)
    finally:
        server.process.kill()
        server.process.wait(timeout=30)
    assert code == 0, said
    wait_for(lambda: not marked(server.mark))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def fetch(server: Program, path: str, *, language: str = "en") -> str:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Accept-Language": language}
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return str(answer.read().decode())


def rooms(data_dir: Path) -> set[str]:
    with sqlite3.connect(data_dir / "classroom_admin.sqlite3") as database:
        return {uuid for (uuid,) in database.execute("select room_uuid from rooms_room")}
