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
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.accounts.codes import code_of
from tests.operations.test_commands import READY, ROOT
from tests.runtime.processes import MARK, hear_hangup, marked, wait_for
from tests.runtime.test_private_files import open_to_others

WITHIN_S = 90
PARTS = ("classroom_admin", "static", "templates", "locale", "scripts")
FILES = ("manage.py", "Makefile", "requirements.txt")
PASSWORD = "quiet-otter-lamp"

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(240),
]


def commands() -> str:
    """Return the block of shell commands of the README."""
    section = (ROOT / "README.md").read_text().split("## Run it for your school\n", 1)[1]
    return re.search(r"```sh\n(.*?)```", section, re.S)[1]


def account() -> tuple[int, int] | None:
    """Return the user and group of `nobody` if the tests run as root, and `nobody` can run this Python."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    ids = (entry.pw_uid, entry.pw_gid)
    probe = [sys.executable, "-c", "import django"]
    runs = subprocess.run(
        probe, user=ids[0], group=ids[1], extra_groups=[], cwd="/", env={}, timeout=60, check=False
    )
    return ids if runs.returncode == 0 else None


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
        def is_said() -> bool:
            assert self.process.poll() is None, self.said()
            return words in self.said()

        wait_for(is_said, within_s=WITHIN_S)


class Visitor:
    """A browser behind the proxy of the README: it sends the headers that Caddy sets."""

    def __init__(self, here: Installation, public_url: str) -> None:
        self._base, self._public = f"http://127.0.0.1:{here.port}", public_url
        self._session = requests.Session()
        self._session.trust_env = False
        # Between the browser and the proxy is https; the proxy uses http.
        self._session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._session.headers.update(
            {
                "Host": urlsplit(public_url).netloc,
                "X-Forwarded-Host": urlsplit(public_url).netloc,
                "X-Forwarded-Proto": "https",
                "X-Forwarded-For": "203.0.113.9",
            }
        )

    def get(self, path: str) -> requests.Response:
        answer = self._session.get(self._base + path, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer

    def send(self, path: str, **form: str) -> requests.Response:
        """Fill in the form of a page and send it, with the page's CSRF token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)[1]
        answer = self._session.post(
            self._base + path,
            {"csrfmiddlewaretoken": token, **form},
            headers={"Origin": self._public, "Referer": self._public + path},
            timeout=60,
        )
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer


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


@pytest.fixture(params=[0o002, 0o077], ids=["umask 002", "umask 077"])
def here(request: pytest.FixtureRequest, sim: RunningSimulator) -> Iterator[Installation]:
    """Run the README's commands in a fresh folder, as an unprivileged user who has set nothing else."""
    with tempfile.TemporaryDirectory(prefix="school-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        clone(folder)
        script = re.sub(r"(\w+)=…", lambda found: f"{found[1]}={variables(sim)[found[1]]}", commands())
        assert "…" not in script
        mark, port, ids = secrets.token_hex(8), ports.free_port(), account()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PORT": str(port),
            MARK: mark,
            # the simulator in place of Agora's hosts
            "AGORA_BASE_URL": sim.base_url,
            "AGORA_FALLBACK_URL": "",
        }
        identity = {}
        if ids:
            subprocess.run(["chown", "-R", "-h", f"{ids[0]}:{ids[1]}", name], check=True)
            identity = {"user": ids[0], "group": ids[1], "extra_groups": []}
        log = folder.with_suffix(".log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-ec", script],
                cwd=folder, env=env, umask=request.param, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=hear_hangup, **identity,
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
    code = re.search(rf"Open {public_url}/first-run/ and enter the code (\S+)", here.said())[1]

    visitor = Visitor(here, public_url)
    assert visitor.get("/healthz").text == "ok\n"
    assert "Create the first administrator" in visitor.get("/").text
    ada = {"name": "Ada Admin", "email": "ada@school.example", "password1": PASSWORD, "password2": PASSWORD}
    page = visitor.send("/first-run/", code=code, **ada)
    assert page.url.endswith("/account/second-factor/?next=/first-run/connection/")
    app = "/account/security/app/"
    key = re.search(r'id="app-secret"[^>]* value="([A-Z2-7]+)"', visitor.get(app).text)[1]
    codes = visitor.send(app, code=code_of(key)).text
    assert 'href="/first-run/connection/"' in codes

    assert "No problems found." in visitor.send("/first-run/connection/").text
    tara = {"name": "Tara Teacher", "email": "tara@school.example", "user_uuids": "teacher-1"}
    link = re.search(
        rf'value="{public_url}(/sign-in/password/\S+)"', visitor.send("/first-run/teacher/", **tara).text
    )
    teacher = Visitor(here, public_url)
    welcomed = teacher.send(link[1], password1="blue-teapot-moon", password2="blue-teapot-moon")
    assert urlsplit(welcomed.url).path == "/"
    assert "tara@school.example" in welcomed.text

    for page in ("/", "/people/", "/lists/", "/reports/", "/settings/", "/settings/audit/"):
        visitor.get(page)
    assert 'id="sign-in-title"' in Visitor(here, public_url).get("/first-run/").text

    data = here.folder / "var"
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "classroom_admin.sqlite3").stat().st_mode & 0o777 == 0o600
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert open_to_others(data) == []
    assert {path.owner() for path in data.iterdir()} == {here.folder.owner()}
    assert "Traceback" not in here.said()
