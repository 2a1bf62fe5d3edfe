"""The data folder of a demo: what it keeps between starts, and how to reset it.

``demo.json`` marks the folder as a demo's. Its accounts have a password that everyone knows, so a school's
installation must refuse such a folder, and a demo must refuse a school's.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "demo.json"
# The files of an installation in its data folder, without the lock and the secret key, which are in use.
_MADE = ("broker", "broker.sock", "static", "media", MARKER)
_MADE_PATTERNS = ("classroom_admin.sqlite3*", "beat-schedule*")


class NotADemo(Exception):
    """The folder holds something else; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """The content of ``demo.json``. ``starts`` counts from 1; each start has another seed."""

    app_id: str
    app_certificate: str
    simulator_port: int
    starts: int

    def seed(self, first: int) -> int:
        """Return the seed of this start.

        The simulator keeps nothing. With the same seed, its rooms would have the ids of the last start and
        number their events from 1 again, and the dashboard would ignore them as events that it has.
        """
        return first + self.starts - 1


def is_demo(data_dir: Path) -> bool:
    """Return whether a demo made this folder."""
    return (data_dir / MARKER).exists()


def load(data_dir: Path) -> DemoState | None:
    """Return the state of the last start, if any. Raise ``NotADemo`` if the file can't be read."""
    path = data_dir / MARKER
    if not path.exists():
        return None
    try:
        return DemoState(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise NotADemo(
            f"{path} can't be read ({error}). Delete the folder, or choose another DATA_DIR."
        ) from error


def begin(data_dir: Path, *, app_id: str, app_certificate: str, simulator_port: int) -> DemoState:
    """Store one more start."""
    before = load(data_dir)
    state = DemoState(
        app_id=app_id,
        app_certificate=app_certificate,
        simulator_port=simulator_port,
        starts=before.starts + 1 if before else 1,
    )
    fresh = data_dir / f"{MARKER}.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
    fresh.replace(data_dir / MARKER)
    return state


def reset(data_dir: Path) -> None:
    """Delete the files that a demo made in its folder, and no others."""
    if not is_demo(data_dir):
        return
    for path in [data_dir / name for name in _MADE] + [p for w in _MADE_PATTERNS for p in data_dir.glob(w)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
