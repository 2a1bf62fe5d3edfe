"""The commands and steps of "Run it for your school" in README.md, as a new user runs them."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.accounts.codes import APP, code_of
from tests.operations.test_commands import READY, ROOT
from tests.runtime.processes import MARK, hear_hangup, marked, wait_for
from tests.runtime.test_private_files import open_to_others

WITHIN_S = 90
PARTS = ("classroom_admin", "static", "templates", "locale", "scripts")
FILES = ("manage.py", "Makefile", "pyproject.toml", "requirements.txt")
PASSWORD = "quiet-otter-lamp"

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(240),
]


def commands() -> str:
    """Return the block of shell commands of the README."""
    section = (ROOT / "README.md").read_text().split("## Run it for your school\n", 1)[1]
    return re.search(r"```sh\n(.*?)```", section, re.S)[1]


def as_nobody() -> list[str]:
    """Return the command that runs another one as `nobody`. It is empty if the tests do not run as root.

    If this Python is in a folder of root, `nobody` gets the capability to read there, but not to write.
    """
    if os.geteuid() != 0:
        return []
    entry = pwd.getpwnam("nobody")
    plain = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    reading = [*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for command in (plain, reading):
        probe = [*command, "bash", "-c", '"$0" -c "import django"', sys.executable]
        if subprocess.run(probe, cwd="/", capture_output=True, timeout=60, check=False).returncode == 0:
            return command
    pytest.skip("nobody can't run this Python")


@dataclass
class Installation:
    """A dashboard that the commands of the README started."""

    folder: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    mark: str

    def said(self) -> str:
        return self.log.read_text()

    def wait_said(self, words: str) -> None:
        """Wait for a line with the words. Fail with everything said if the program ends or is too slow."""
        deadline = time.monotonic() + WITHIN_S
        while words not in self.said():
            running = self.process.poll() is None and time.monotonic() < deadline
            assert running, f"not said: {words!r}, but:\n{self.said()}"
            time.sleep(0.05)  # between two looks; the deadline above decides


class Visitor:
    """A browser behind the proxy of the README: it sends the headers that Caddy sets.

    It sends the cookies for https over http, because between the browser and the proxy is https.
    """

    def __init__(self, here: Installation, public_url: str) -> None:
        self._base, self._public, self._cookies = (
            f"http://127.0.0.1:{here.port}",
            public_url,
            dict[str, str](),
        )
        host = urlsplit(public_url).netloc
        self._headers = {
            "Host": host,
            "X-Forwarded-Host": host,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.9",
            "Origin": public_url,
        }

    def get(self, path: str) -> tuple[str, str]:
        """Return the path of the page, after redirects, and its text."""
        return self._ask("GET", path, None)

    def send(self, path: str, **form: str | Callable[[str], str]) -> tuple[str, str]:
        """Fill in the form of a page and send it. Return the next page, as `get` does.

        If a value is a function, it gets the text of the page with the form.
        """
        page = self.get(path)[1]
        values = {name: value if isinstance(value, str) else value(page) for name, value in form.items()}
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return self._ask("POST", path, {"csrfmiddlewaretoken": token, **values})

    def _ask(self, method: str, path: str, form: dict[str, str] | None) -> tuple[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**self._headers, "Cookie": cookie, "Referer": self._public + path}
        answer = requests.request(
            method, self._base + path, data=form, headers=headers, allow_redirects=False, timeout=60
        )
        for given in answer.raw.headers.getlist("Set-Cookie"):
            assert "Secure" in given
            self._cookies |= {name: one.value for name, one in SimpleCookie(given).items()}
        if answer.is_redirect:
            return self._ask("GET", answer.headers["Location"].removeprefix(self._public), None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return path, answer.text


def code_of_app(page: str) -> str:
    """Return the code of an authenticator app that was set up with the key on the page."""
    return code_of(re.search(r'id="app-secret"[^>]* value="([A-Z2-7]+)"', page)[1])


def clone(folder: Path) -> None:
    """Copy the product into the folder, with the virtual environment in which the tests run."""
    for name in PARTS:
        shutil.copytree(ROOT / name, folder / name)  # with the compiled modules
    for name in FILES:
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name not in (".installed", ".installed-dev"):
            (folder / ".venv" / entry.name).symlink_to(entry)
    shutil.copy(ROOT / "requirements.txt", folder / ".venv/.installed")  # so `make venv` installs nothing


def variables(sim: RunningSimulator) -> dict[str, str]:
    """Return the values for the README's `NAME=…`."""
    return {"AGORA_APP_ID": sim.app_id, "AGORA_APP_CERTIFICATE": sim.app_certificate}


@pytest.fixture(scope="module")
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as running:
        yield running


@pytest.fixture(
    params=[
        pytest.param(0o002, id="umask 002"),
        pytest.param(0o077, id="umask 077", marks=pytest.mark.long),
    ]
)
def here(request: pytest.FixtureRequest, sim: RunningSimulator) -> Iterator[Installation]:
    """Run the README's commands in a fresh folder, as an unprivileged user who has set nothing else."""
    with tempfile.TemporaryDirectory(prefix="school-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        clone(folder)
        script = re.sub(r"(\w+)=…", lambda found: f"{found[1]}={variables(sim)[found[1]]}", commands())
        assert "…" not in script
        mark, port, user = secrets.token_hex(8), ports.free_port(), as_nobody()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PORT": str(port),
            MARK: mark,
            # the simulator in place of Agora's hosts
            "AGORA_BASE_URL": sim.base_url,
            "AGORA_FALLBACK_URL": "",
        }
        if user:
            entry = pwd.getpwnam("nobody")
            subprocess.run(["chown", "-Rh", f"{entry.pw_uid}:{entry.pw_gid}", name], check=True)
        log = folder.with_suffix(".log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*user, "bash", "-ec", script],
                cwd=folder, env=env, umask=request.param, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=hear_hangup,
            )  # fmt: skip
        try:
            yield Installation(folder=folder, port=port, log=log, process=process, mark=mark)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
            wait_for(lambda: not marked(mark), within_s=60)
            log.unlink()


def test_readme_leads_from_the_clone_to_an_invited_teacher(here: Installation) -> None:
    public_url = re.search(r"PUBLIC_URL=(\S+)", commands())[1]
    assert public_url.startswith("https://")
    here.wait_said(READY)
    here.wait_said("enter the code")
    assert "Installing" not in here.said()
    code = re.search(rf"Open {public_url}/first-run/ and enter the code (\S+)", here.said())[1]

    visitor = Visitor(here, public_url)
    assert visitor.get("/healthz")[1] == "ok\n"
    path, page = visitor.get("/")
    assert (path, "Create the first administrator" in page) == ("/first-run/", True)
    ada = {"name": "Ada Admin", "email": "ada@school.example", "password1": PASSWORD, "password2": PASSWORD}
    path, _ = visitor.send("/first-run/", code=code, **ada)
    assert path.startswith("/account/second-factor/")
    _, codes = visitor.send(APP, code=code_of_app)
    assert 'href="/first-run/connection/"' in codes

    assert "No problems found." in visitor.send("/first-run/connection/")[1]
    tara = {"name": "Tara Teacher", "email": "tara@school.example", "user_uuids": "teacher-1"}
    _, invited = visitor.send("/first-run/teacher/", **tara)
    link = re.search(rf'value="{public_url}(/sign-in/password/[^"]+)"', invited)[1]
    teacher = Visitor(here, public_url)
    path, page = teacher.send(link, password1="blue-teapot-moon", password2="blue-teapot-moon")
    assert (path, "tara@school.example" in page) == ("/", True)

    for path in ("/", "/people/", "/lists/", "/reports/", "/settings/", "/settings/audit/"):
        assert visitor.get(path)[0] == path
    assert Visitor(here, public_url).get("/first-run/")[0] == "/sign-in/?next=/"

    data = here.folder / "var"
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "classroom_admin.sqlite3").stat().st_mode & 0o777 == 0o600
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert open_to_others(data) == []
    owners = {path.owner() for path in [data, *data.iterdir()]}
    assert owners == {"nobody" if os.geteuid() == 0 else here.folder.owner()}
    assert "Traceback" not in here.said()
