"""How a demo is started: its own environment, its cloud, and nowhere but on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from classroom_admin.core import demo_folder, ports
from classroom_admin.core.installation import CannotStart, Installation
from classroom_admin.core.supervisor import Part

# A demo is the same wherever it runs: what a school has set for its own installation does not reach it.
_NOT_FOR_A_DEMO = frozenset(
    {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PUBLIC_URL", "EMAIL_URL"}
    | {"DATABASE_URL", "CELERY_BROKER_URL", "JOIN_URL_TEMPLATE", "RELAY_SECRET"}
)


def only_own_environment(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Begin again without the settings of another installation, if there are any in the environment.

    Does not return in that case: the process is replaced, because the settings were read already.
    """
    foreign = sorted(n for n in environ if n.startswith("AGORA_") or n in _NOT_FOR_A_DEMO)
    if not foreign:
        return
    sys.stderr.write(
        f"The demo has its own cloud, database and broker and leaves aside: {', '.join(foreign)}\n"
    )
    sys.stderr.flush()
    kept = {name: value for name, value in environ.items() if name not in foreign}
    os.execve(sys.executable, [sys.executable, *argv], kept)


def refuse_beyond_loopback(host: str) -> None:
    """``CannotStart`` where others could reach the demo, whose passwords everyone knows."""
    if not ports.is_loopback(host):
        raise CannotStart(
            f"HOST is {host!r}: the demo's passwords are known to everyone, so it listens on 127.0.0.1 only. "
            "For others to reach it, use manage.py serve."
        )


def begin(data_dir: Path) -> demo_folder.DemoState:
    """Note one more start, with the last start's port for the simulator where it is free."""
    before = demo_folder.load(data_dir)
    port = ports.free_port(before.simulator_port if before else None)
    return demo_folder.begin(data_dir, simulator_port=port)


def environment(
    state: demo_folder.DemoState, *, here: Installation, base: Mapping[str, str]
) -> dict[str, str]:
    """What every part of the demo runs with."""
    cloud = f"http://127.0.0.1:{state.simulator_port}"
    return {
        **base,
        "DATA_DIR": str(here.data_dir),
        "HOST": here.host,
        "PORT": str(here.port),
        "AGORA_BASE_URL": cloud,
        "AGORA_FALLBACK_URL": "",
        "AGORA_APP_ID": state.app_id,
        "AGORA_APP_CERTIFICATE": state.app_certificate,
        "JOIN_URL_TEMPLATE": f"{cloud}/_sim/join?room={{room}}&user={{user}}&name={{name}}&role={{role}}",
    }


def simulator(state: demo_folder.DemoState, *, seed: int, here: Installation) -> Part:
    """The cloud of this demo. Known by its command only: nothing of the house imports it."""
    port = state.simulator_port
    return Part(
        name="simulator",
        argv=[
            *(sys.executable, "manage.py", "simulator"),
            *("--port", str(port), "--seed", str(state.seed(seed))),
        ],
        env=here.env,
        cwd=here.base_dir,
        foundation=True,
    )
