"""Run the web process on the suite's database."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import Client as Browser

from classroom_admin.accounts.models import User
from classroom_admin.runtime import installation, ports
from tests import quick_python


@dataclass(frozen=True)
class Web:
    port: int
    pid: int


@contextmanager
def dashboard(env: dict[str, str], log: Path) -> Iterator[Web]:
    """Run the web process as `serve` does; it accepts sessions of this process."""
    port = ports.free_port()
    env = env | {"SECRET_KEY": settings.SECRET_KEY}
    here = installation.Installation.of_settings(broker_socket=None)
    web = installation.web(dataclasses.replace(here, host="127.0.0.1", port=port, env=env))
    process = quick_python.start_with_log(*web.argv[1:], env=env, log=log)
    try:
        deadline = time.monotonic() + 60
        while not installation.serves_pages("127.0.0.1", port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Web(port=port, pid=process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


def signed_in_cookie() -> str:
    """Return the cookie of a signed-in administrator."""
    browser = Browser()
    browser.force_login(User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR))
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"
