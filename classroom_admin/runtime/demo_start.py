"""Start a demo with its own environment and a simulated cloud, reachable only from this machine."""

from __future__ import annotations

import secrets
import sys
from collections.abc import MutableMapping

from classroom_admin.environment import variables
from classroom_admin.runtime import demo_folder, ports
from classroom_admin.runtime.installation import CannotStart, Installation
from classroom_admin.runtime.supervisor import Part

ENTERED = "CLASSROOM_ADMIN_DEMO"
# A demo ignores these settings of a school's own installation.
_NOT_FOR_A_DEMO = frozenset(
    {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PUBLIC_URL", "EMAIL_URL"}
    | {"DATABASE_URL", "CELERY_BROKER_URL", "JOIN_URL_TEMPLATE", "RELAY_SECRET"}
)


def enter(environ: MutableMapping[str, str]) -> None:
    """Change ``environ`` for a demo. Call this before Django reads its settings.

    Use the App ID, certificate and port of the last start in this data folder; for a first start, choose new
    ones. Write no file. Exit with a message if the folder's ``demo.json`` can't be read.
    """
    foreign = sorted(name for name in environ if name.startswith("AGORA_") or name in _NOT_FOR_A_DEMO)
    for name in foreign:
        del environ[name]
    if foreign:
        sys.stderr.write(f"The demo has its own cloud, database and broker. Ignored: {', '.join(foreign)}\n")
    try:
        before = demo_folder.load(variables.data_dir(environ))
    except demo_folder.NotADemo as error:
        sys.exit(str(error))
    port = ports.free_port(before.simulator_port if before else None)
    cloud = f"http://127.0.0.1:{port}"
    environ.update(
        {
            ENTERED: str(port),
            "AGORA_BASE_URL": cloud,
            "AGORA_FALLBACK_URL": "",
            "AGORA_APP_ID": before.app_id if before else secrets.token_hex(16),
            "AGORA_APP_CERTIFICATE": before.app_certificate if before else secrets.token_hex(16),
            "RELAY_SECRET": secrets.token_hex(16),
            "JOIN_URL_TEMPLATE": f"{cloud}/_sim/join?room={{room}}&user={{user}}&name={{name}}&role={{role}}",
        }
    )


def refuse_beyond_loopback(host: str) -> None:
    """Raise ``CannotStart`` if other machines could reach the demo, because everyone knows its passwords."""
    if not ports.is_loopback(host):
        raise CannotStart(
            f"HOST is {host!r}: everyone knows the demo's passwords, so it listens on 127.0.0.1 only. "
            "Use manage.py serve for an installation that others can reach."
        )


def begin(here: Installation) -> demo_folder.DemoState:
    """Mark the data folder as a demo's and count this start."""
    return demo_folder.begin(
        here.data_dir,
        app_id=here.env["AGORA_APP_ID"],
        app_certificate=here.env["AGORA_APP_CERTIFICATE"],
        simulator_port=int(here.env[ENTERED]),
    )


def simulator(state: demo_folder.DemoState, *, seed: int, here: Installation) -> Part:
    """Return the simulated cloud as a part. It is a command, because product code can't import it."""
    return Part(
        name="simulator",
        argv=[
            *(sys.executable, "-m", "manage", "simulator"),
            *("--port", str(state.simulator_port), "--seed", str(state.seed(seed))),
            *("--keep-past", "50"),  # destroyed rooms: a demo may run for days
            *("--relay-to", f"{here.address}api/notifications/"),
        ],
        env=here.env,
        cwd=here.base_dir,
        foundation=True,
        may_fork=True,
    )
