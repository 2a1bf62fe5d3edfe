"""No secret of the environment leaves it: not in pages, logs, tracebacks, tasks, the database or files."""

from __future__ import annotations

import base64
import json
import os
import signal
import traceback
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment.variables import Environment, read
from tests import migrated, quick_python
from tests.environment.test_variables import ROOT, python
from tests.operations.test_commands import MANAGE, Program

INSIDE = {
    "DATABASE_URL": "postgres://school:{}@127.0.0.1:9/school",
    "CELERY_BROKER_URL": "redis://:{}@127.0.0.1:9/0",
    "CACHE_URL": "rediscache://:{}@127.0.0.1:9/1",
    "EMAIL_URL": "smtp://school:{}@127.0.0.1:9",
    "AUDIT_SYSLOG": "",
    "SENTRY_DSN": "http://key:{}@127.0.0.1:9/1",
}
"""Addresses that contain the canary as their password. Nothing answers at them."""
NOT_IN_THE_FLOWS = ("DATABASE_URL", "CELERY_BROKER_URL")
"""The flows use SQLite and a broker in memory, so that there is a dump of both. Other tests use these."""


def secret_variables() -> list[str]:
    """Return the variables that are declared as secret."""
    return [name for name, field in Environment.model_fields.items() if not field.repr]


def canary(name: str) -> str:
    """Return a secret that occurs nowhere else. The certificate has 32 hexadecimal digits."""
    digits = name.encode().hex()[:20].ljust(20, "7")
    return (
        f"caca0{digits}decade0"[:32]
        if name == "AGORA_APP_CERTIFICATE"
        else f"Canary-{digits}-xYz-{name.lower()}"
    )


def environment() -> dict[str, str]:
    return {
        name: INSIDE[name].format(canary(name)) if name in INSIDE else canary(name)
        for name in secret_variables()
    }


def leaks(text: str) -> list[str]:
    """Return the variables whose canaries are in the text, as they are or in Base64."""
    found = []
    for name in secret_variables():
        secret = canary(name)
        forms = (secret, base64.b64encode(secret.encode()).decode().rstrip("="), secret.encode().hex())
        found += [name for form in forms if form in text]
    return sorted(set(found))


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """Run `canary_flows.py`. Return its data folder, all that it printed, and what it did."""
    folder = tmp_path_factory.mktemp("canary")
    migrated.copy_into(folder)
    env = {name: value for name, value in environment().items() if name not in NOT_IN_THE_FLOWS}
    env |= {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "CELERY_BROKER_URL": "memory://",
        "AGORA_APP_ID": "a" * 32,
        "AGORA_CUSTOMER_ID": "school",
        "AGORA_BASE_URL": "http://127.0.0.1:9",
        "AGORA_FALLBACK_URL": "",
        "AGORA_CHAT_URL": "http://127.0.0.1:9",
        "ALLOWED_HOSTS": "testserver",
        "LOG_LEVEL": "DEBUG",
        "SECOND_FACTOR": "nobody",
        "PYTHONPATH": str(ROOT),
    }
    clean = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    done = quick_python.run("-m", "tests.operations.canary_flows", env=clean | env)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    return folder, said, json.loads(done.stdout.rpartition("TOLD ")[2])


def test_flows_reach_pages_errors_tasks_and_messages(flows: tuple[Path, str, dict[str, Any]]) -> None:
    _, said, told = flows
    assert told["pages"] > 60
    assert told["errors"] >= 4
    assert len(told["tasks"]) > 10
    assert told["messages"] >= len(told["tasks"])
    assert "Traceback" in said
    assert "the database failed with" in said
    assert "[hidden]" in said


def test_nothing_that_is_printed_has_a_secret(flows: tuple[Path, str, dict[str, Any]]) -> None:
    _, said, _ = flows
    assert leaks(said) == []


def test_no_file_has_a_secret(flows: tuple[Path, str, dict[str, Any]]) -> None:
    folder, _, _ = flows
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite3" for path in files)
    found = {path.name: leaks(path.read_bytes().decode("latin-1")) for path in files}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ("migrate",),
        ("rotate_keys",),
        ("rebuild",),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_failing_commands_print_no_secret(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    env = environment() | {"DATA_DIR": str(tmp_path), "LOG_LEVEL": "DEBUG", "AGORA_APP_ID": "a" * 32}
    done = python("manage.py", *arguments, "--traceback", **env)
    assert done.returncode != 0
    assert done.stderr
    assert leaks(done.stdout + done.stderr) == []


def test_serve_that_waits_for_its_database_prints_no_secret(tmp_path: Path) -> None:
    env = environment() | {"LOG_LEVEL": "DEBUG", "AGORA_APP_ID": "a" * 32}
    program = Program(*MANAGE, "serve", "--traceback", data_dir=tmp_path, **env)
    try:
        program.wait_said("Waiting until it can.")
    finally:
        _, said = program.end(signal.SIGTERM)
    assert leaks(said) == []


def refusal(name: str, value: str) -> str:
    """Return what Python prints if the value is refused, or an empty text."""
    try:
        read({name: value})
    except ImproperlyConfigured as error:
        return "".join(traceback.format_exception(error))
    return ""


def test_invalid_values_are_not_printed(tmp_path: Path) -> None:
    """Each value alone, then all that are refused in one process, and all others in another."""
    values = {
        name: f"{canary(name)}://x" if name in INSIDE else canary(name)[:3] for name in secret_variables()
    }
    refused = {}
    for name, value in values.items():
        if said := refusal(name, value):
            assert name in said
            assert value not in said.replace(__file__, "")
            refused[name] = value
    assert len(refused) > 4
    others = {name: value for name, value in values.items() if name not in refused}
    for some in (refused, others):
        done = python("-c", "import django; django.setup()", DATA_DIR=str(tmp_path), **some)
        assert done.returncode or some is others
        assert [name for name in refused if some is refused and name not in done.stderr] == []
        assert [name for name, value in some.items() if value in done.stdout + done.stderr] == []
