"""Start a demo with its own environment and a simulated cloud, reachable only from this machine.

``demo.json`` in the data folder stores the demo's state between starts, and marks the folder as a demo's
folder. Everyone knows the password of a demo's accounts. A school's installation must therefore refuse the
data folder of a demo, and a demo must refuse the data folder of a school.
"""

import json
import secrets
import shutil
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass
from pathlib import Path

from classroom_admin.common.addresses import is_loopback
from classroom_admin.environment import variables
from classroom_admin.runtime import ports
from classroom_admin.runtime.installation import CannotStart, Installation
from classroom_admin.runtime.part import Part

ENTERED = "CLASSROOM_ADMIN_DEMO"
# A demo ignores these settings of a school's own installation.
_NOT_FOR_A_DEMO = frozenset(
    {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PUBLIC_URL", "EMAIL_URL"}
    | {"DATABASE_URL", "CELERY_BROKER_URL", "JOIN_URL_TEMPLATE", "RELAY_SECRET"}
)
MARKER = "demo.json"
# A reset deletes these files. It keeps the lock and the secret key, because they are in use.
_MADE = ("broker", "broker.sock", "static", "media", MARKER)
_MADE_PATTERNS = ("classroom_admin.sqlite3*", "beat-schedule*")


class NotADemo(Exception):
    """Raised if the folder's ``demo.json`` can't be read. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """The content of ``demo.json``. ``starts`` counts the starts, because each start has another seed."""

    app_id: str
    app_certificate: str
    simulator_port: int
    starts: int

    def seed(self, first: int) -> int:
        """Return a seed for this start. No earlier start had the same seed.

        With the same seed, the simulator's rooms would have the same ids, and their events would be numbered
        from 1 again. The dashboard would ignore these events as duplicates.
        """
        return first + self.starts - 1


def is_demo(data_dir: Path) -> bool:
    """Return whether a demo made this folder."""
    return (data_dir / MARKER).exists()


def load(data_dir: Path) -> DemoState | None:
    """Return the state of the last start, or None. Raise ``NotADemo`` if the file is invalid."""
    path = data_dir / MARKER
    if not path.exists():
        return None
    try:
        return DemoState(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise NotADemo(
            f"{path} can't be read ({error}). Delete the folder, or choose another DATA_DIR."
        ) from error


def begin(data_dir: Path, env: Mapping[str, str]) -> DemoState:
    """Record another start in ``demo.json``, with values from ``env``. Return the new state."""
    before = load(data_dir)
    state = DemoState(
        app_id=env["AGORA_APP_ID"],
        app_certificate=env["AGORA_APP_CERTIFICATE"],
        simulator_port=int(env[ENTERED]),
        starts=before.starts + 1 if before else 1,
    )
    fresh = data_dir / f"{MARKER}.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
    fresh.replace(data_dir / MARKER)
    return state


def reset(data_dir: Path) -> None:
    """Delete the files of a demo in this folder, but no others. Do nothing in the folder of a school."""
    if not is_demo(data_dir):
        return
    for path in [data_dir / name for name in _MADE] + [p for w in _MADE_PATTERNS for p in data_dir.glob(w)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def enter(environ: MutableMapping[str, str]) -> None:
    """Set the variables of a demo in ``environ``. Call this before Django reads its settings.

    The App ID, certificate and port are those of the last start in this data folder, or new ones. Exit with a
    message if the folder's ``demo.json`` can't be read.
    """
    foreign = sorted(name for name in environ if name.startswith("AGORA_") or name in _NOT_FOR_A_DEMO)
    for name in foreign:
        del environ[name]
    if foreign:
        sys.stderr.write(f"The demo has its own cloud, database and broker. Ignored: {', '.join(foreign)}\n")
    try:
        before = load(variables.data_dir(environ))
    except NotADemo as error:
        sys.exit(str(error))
    # The log of a demo is for people: requests and commands would hide the passwords that it prints.
    for name, value in (("LOG_FORMAT", "text"), ("LOG_LEVEL", "WARNING"), ("ACCESS_LOG", "false")):
        environ.setdefault(name, value)
    # Learning platforms and receivers of webhooks to try out run on this machine.
    environ.setdefault("OUTBOUND_PRIVATE_NETWORKS", "127.0.0.0/8")
    port = ports.free_port(before.simulator_port if before else None)
    cloud = f"http://127.0.0.1:{port}"
    environ.update(
        {
            ENTERED: str(port),
            "AGORA_BASE_URL": cloud,
            "AGORA_FALLBACK_URL": "",
            "AGORA_APP_ID": before.app_id if before else secrets.token_hex(16),
            "AGORA_APP_CERTIFICATE": before.app_certificate if before else secrets.token_hex(16),
            "AGORA_CHAT_URL": f"{cloud}/chat",
            "AGORA_CHAT_SECRET": secrets.token_hex(16),
            "AGORA_CUSTOMER_ID": secrets.token_hex(16),
            "AGORA_CUSTOMER_SECRET": secrets.token_hex(16),
            "RELAY_SECRET": secrets.token_hex(16),
            "AGORA_NOTIFICATIONS_SECRET": secrets.token_hex(16),
            "JOIN_URL_TEMPLATE": (
                f"{cloud}/_sim/join?room={{room}}&user={{user}}&name={{name}}&role={{role}}&token={{token}}"
            ),
        }
    )


def refuse_beyond_loopback(host: str) -> None:
    """Raise ``CannotStart`` if other machines could reach the demo. Its passwords are public."""
    if not is_loopback(host):
        raise CannotStart(
            f"HOST is {host!r}: everyone knows the demo's passwords, so it listens on 127.0.0.1 only. "
            "Use manage.py serve for an installation that others can reach."
        )


def simulator(state: DemoState, *, seed: int, here: Installation) -> Part:
    """Return the simulator as a process for the supervisor."""
    return Part(
        name="simulator",
        argv=[
            *(sys.executable, "-m", "manage", "simulator"),
            *("--port", str(state.simulator_port), "--seed", str(state.seed(seed))),
            *("--keep-past", "50"),  # limits the destroyed rooms in memory, because a demo may run for days
            *("--relay-to", f"{here.address}api/notifications/"),
            *("--notify-to", f"{here.address}api/agora/notifications/"),
            *("--agora-chat", "some", "--chat-callback-to", f"{here.address}api/agora/chat/"),
        ],
        env=here.env,
        cwd=here.base_dir,
        foundation=True,
        may_fork=True,
    )


def past_week(here: Installation) -> Part:
    """Return the process that adds the classes of the past week. It ends when they have arrived."""
    return Part(
        name="past week",
        argv=[sys.executable, "-m", "manage", "demo_past_week"],
        env=here.env,
        cwd=here.base_dir,
        may_fork=True,
        may_end=True,
    )


def students(here: Installation) -> Part:
    """Return the process that lets students wait for classes. It runs as long as the demo."""
    return Part(
        name="students",
        argv=[sys.executable, "-m", "manage", "demo_students"],
        env=here.env,
        cwd=here.base_dir,
        may_fork=True,
        may_end=True,
    )
