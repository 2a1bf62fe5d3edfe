"""Stop the PostgreSQL of a running installation for some seconds, and print what its processes logged.

scripts/services python -m tests.operations.outage SECONDS

All parts of `manage.py serve` run against the simulator, and people load pages and have streams open. The
script prints one JSON object: the lines while the database was away, until all is well again (`lines`),
their counts by part, and their text.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classroom_admin.runtime import ports
from classroom_admin.simulator.settings import DEMO_APP_CERTIFICATE, DEMO_APP_ID

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("/", "/plans/", "/people/", "/settings/", "/live/classes/", "/reports/")
READERS = 4
WITHIN_S = 120.0
EMAIL = "admin@school.test"


def wait_until(condition: Any, what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


class Postgres:
    """The server that scripts/services started. It can be stopped or killed, and started with its data."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["SERVICES_LOG"]).parent / "data"
        self.pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        self.argv = Path(f"/proc/{self.pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        self.again: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGINT)  # "fast": PostgreSQL ends all connections
        wait_until(lambda: not (self.folder / "postmaster.pid").exists(), "PostgreSQL has stopped")

    def kill(self) -> None:
        """Kill the server, and wait until its processes have ended.

        scripts/services does not notice the death. The killed process therefore still has its number, and
        PostgreSQL would refuse to start beside it.
        """
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not self._has_processes(), "PostgreSQL's processes have ended")
        (self.folder / "postmaster.pid").unlink()

    def _has_processes(self) -> bool:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (folder / "cwd").readlink() == self.folder:
                    return True
        return False

    def start(self) -> None:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            them = pwd.getpwnam("postgres")
            as_user = {"user": them.pw_uid, "group": them.pw_gid, "extra_groups": []}
        with (self.folder.parent / "log").open("ab") as log:
            self.again = subprocess.Popen(
                self.argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user
            )

    def end(self) -> None:
        if self.again is not None:
            self.again.send_signal(signal.SIGINT)
            self.again.wait(30)


class Readers:
    """People who load pages all the time, and one who has a stream open. They count the answers by status."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self.answers: Counter[int] = Counter()
        self.ends = threading.Event()
        work = [*([self._load] * READERS), self._listen]
        self.threads = [threading.Thread(target=one, args=(n,)) for n, one in enumerate(work)]

    def _get(self, path: str, read: int | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", path, headers={"Cookie": self.cookie, "Accept-Language": "en"})
            answer = connection.getresponse()
            while read and answer.read(read) and not self.ends.is_set():
                pass
            answer.read() if not read else None
            return answer.status
        return 0

    def _load(self, number: int) -> None:
        while not self.ends.wait(0.2):
            number += 1
            self.answers[self._get(PAGES[number % len(PAGES)])] += 1

    def _listen(self, _: int) -> None:
        while not self.ends.wait(0.5):
            self._get("/live/classes/stream", read=1)

    def __enter__(self) -> Readers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        for thread in self.threads:
            thread.join()


def session_cookie() -> str:
    """Create an administrator and sign them in. Return the cookie."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections
    from django.test import Client

    from classroom_admin.accounts.models import User

    admin = User.objects.create_user(EMAIL, "a long password", role=User.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(admin)
    connections.close_all()
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextlib.contextmanager
def running(*argv: str, log: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *argv], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def measure(seconds: float) -> dict[str, Any]:
    """Run an installation, and stop its database for `seconds`. Return what was logged."""
    folder = Path(tempfile.mkdtemp(prefix="outage-"))
    cloud_port, port = ports.free_port(), ports.free_port()
    os.environ |= {
        "DATA_DIR": str(folder / "data"), "PORT": str(port), "SECOND_FACTOR": "nobody",
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings", "PYTHONUNBUFFERED": "1",
        "AGORA_APP_ID": DEMO_APP_ID, "AGORA_APP_CERTIFICATE": DEMO_APP_CERTIFICATE,
        "AGORA_BASE_URL": f"http://127.0.0.1:{cloud_port}", "AGORA_FALLBACK_URL": "",
    }  # fmt: skip
    env = dict(os.environ)
    simulator_env = env | {"DATA_DIR": str(folder / "simulator"), "DATABASE_URL": "", "CELERY_BROKER_URL": ""}
    simulator_env["DJANGO_SETTINGS_MODULE"] = "classroom_admin.settings_with_simulator"
    postgres, log = Postgres(), folder / "log"
    simulator = ("simulator", "--port", str(cloud_port), "--seed", "7")
    try:
        with (
            running(*simulator, log=folder / "simulator.log", env=simulator_env),
            running("serve", log=log, env=env) as serve,
        ):
            wait_until(
                lambda: b"is ready at" in log.read_bytes() or serve.poll() is not None, "serve is ready"
            )
            assert serve.poll() is None, log.read_text()
            with Readers(port, session_cookie()) as readers:
                wait_until(lambda: readers.answers[200] > 20, "pages load")
                before = log.stat().st_size
                postgres.stop()
                time.sleep(seconds)  # the length of the outage is what is measured
                during = dict(readers.answers)
                postgres.start()
                good = readers.answers[200]
                wait_until(lambda: readers.answers[200] > good + 40, "pages load again")
    finally:
        postgres.end()
    lines = log.read_bytes()[before:].decode().splitlines()
    return {"folder": str(folder), "answers": during, "lines": lines}


def summary(measured: dict[str, Any]) -> dict[str, Any]:
    """Count the lines of the outage by part and by level. Lines of the access log are counted apart."""
    records = []
    for line in measured["lines"]:
        try:
            records.append(json.loads(line))
        except ValueError:
            records.append({"part": line.split("│")[0].strip(), "logger": "", "level": "text", "event": line})
    others = [one for one in records if one["logger"] != "classroom_admin.access"]
    errors = {(o["part"], o["logger"], o["event"][:150], o.get("exception", "")[-150:]) for o in others}
    return {
        "lines": len(others),
        "access": len(records) - len(others),
        "answers": measured["answers"],
        "by_part": Counter(one["part"] for one in others),
        "by_level": Counter(one["level"] for one in others),
        "repeated": sum(one.get("repeated", 0) for one in others),
        "errors": sorted(errors),
    }


if __name__ == "__main__":
    found = measure(float(sys.argv[1]))
    Path(found["folder"], "lines").write_text("\n".join(found["lines"]), encoding="utf-8")
    print(json.dumps({"folder": found["folder"], **summary(found)}, indent=1))
